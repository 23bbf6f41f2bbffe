//! Faults of `error`.

use std::collections::HashSet;

use serde_json::Value as Json;

use super::{Finding, FindingList};
use crate::okta::{
    ATTRIBUTE_LOCATION, Flow, FormMember,
    reply::ReceivedAnswer,
    response::{ANSWER_TOO_LARGE, MISSING_EVENT_ID, REQUEST_TOO_COSTLY, UNHANDLED_REQUEST_TYPE},
};

/// The members that a cause must have.
const CAUSE_KEYS: [&str; 5] = ["errorSummary", "reason", "locationType", "location", "domain"];
/// The reasons of our own denials of a whole request. Their location is fixed, so no author of rules can correct it.
const WHOLE_REQUEST_REASONS: [&str; 3] = [ANSWER_TOO_LARGE, MISSING_EVENT_ID, REQUEST_TOO_COSTLY];
/// How to write a location that leads to a field.
const WRITE_LOCATION: &str = "write `data.userProfile.<attribute>`, with an attribute on the form";
/// The location of an attribute in a progressive profile's own form.
const UPDATE_LOCATION: &str = "data.userProfileUpdate.";
/// The effect of markup in the text of `error`.
const MARKUP_OF_ERROR: &str = "by its API description, Okta does not show this text; if it does, a widget may insert it as HTML";
/// The effect of markup in the text of a cause.
const MARKUP_OF_CAUSE: &str =
    "at a field, a widget shows the markup as typed; in a box, Gen2 and Gen3 may insert it as HTML";
const UNKNOWN_PLACE: &str =
    "Okta does not document the place of the text; the end user may read a general text instead";
/// The effect of a location outside the profile on Classic Engine.
const BELOW_NAMED_FIELD: &str = "Classic Engine's widget shows the text only below a field whose name is the location; in the box, it shows a general text";

/// Adds the faults of an answer's `error`.
pub(super) fn find_in_error(
    answer: &ReceivedAnswer,
    flow: Flow,
    fields: &[&str],
    findings: &mut FindingList,
) {
    let Some(error) = answer.error() else {
        return;
    };
    if answer.has_malformed_error() {
        findings.push(Finding::new(
            "malformed-error",
            "/error",
            "`error` is not an object with a list of `errorCauses`",
            "Okta denies the request, and presumably shows a general text",
            "write an object with `errorSummary` and `errorCauses`",
        ));
        return;
    }
    find_markup(error, "/error", MARKUP_OF_ERROR, findings);
    let causes = match error.get("errorCauses") {
        Some(Json::Array(causes)) => causes.as_slice(),
        _ => &[],
    };
    if causes.is_empty() {
        findings.push(Finding::new(
            "no-cause",
            "/error",
            "an error without `errorCauses`",
            "by its API description, Okta shows a general text instead of the `errorSummary` of `error`",
            "add a cause whose `location` is `data.userProfile.<attribute>`, with an attribute on the form",
        ));
    }
    let mut seen = HashSet::new();
    for (index, cause) in causes.iter().enumerate() {
        let place = format!("/error/errorCauses/{index}");
        find_in_cause(cause, &place, findings);
        find_markup(cause, &place, MARKUP_OF_CAUSE, findings);
        let reason = text_member(cause, "reason").unwrap_or_default();
        if reason == UNHANDLED_REQUEST_TYPE {
            findings.push(Finding::new(
                "unhandled-request-type",
                format!("{place}/reason"),
                "the hook does not handle this request type",
                "Okta denies the request",
                "narrow Okta's setting \"Run this hook\", or add a section for this type to the hook's rules",
            ));
            continue;
        }
        if !WHOLE_REQUEST_REASONS.contains(&reason) {
            find_misplaced_location(cause, &place, flow, fields, findings);
        }
        let text = text_member(cause, "errorSummary").unwrap_or_default();
        if !text.is_empty() && !seen.insert((text, text_member(cause, "location"))) {
            findings.push(Finding::new(
                "repeated-text",
                format!("{place}/errorSummary"),
                "another cause has the same text at the same place",
                "the end user reads the text twice",
                "remove one of the two causes",
            ));
        }
    }
}

/// A member of `error` or of a cause, if it is a string.
fn text_member<'a>(parent: &'a Json, name: &str) -> Option<&'a str> {
    parent.get(name).and_then(Json::as_str)
}

/// Adds a fault if a cause lacks members, has one of another type than string, or has an empty text.
fn find_in_cause(cause: &Json, place: &str, findings: &mut FindingList) {
    let mut missing = Vec::new();
    for key in CAUSE_KEYS {
        match cause.get(key) {
            None => missing.push(format!("`{key}`")),
            Some(Json::String(_)) => {}
            Some(_) => findings.push(Finding::new(
                "malformed-cause",
                format!("{place}/{key}"),
                format!("`{key}` of a cause is not a string"),
                "Okta documents a string; it does not document its reaction to another type",
                "write a string",
            )),
        }
    }
    if !missing.is_empty() {
        findings.push(Finding::new(
            "missing-cause-key",
            place,
            format!("the cause lacks {}", missing.join(", ")),
            "Okta requires these members; it does not document its reaction to a cause without them",
            "add a string for each",
        ));
    }
    if text_member(cause, "errorSummary") == Some("") {
        findings.push(Finding::new(
            "empty-text",
            format!("{place}/errorSummary"),
            "an empty text for the end user",
            "a widget marks the field without words, or shows an empty box",
            "write how to correct the input",
        ));
    }
}

/// Adds a fault for markup in the `errorSummary` of `error` or of a cause.
fn find_markup(parent: &Json, place: &str, effect: &'static str, findings: &mut FindingList) {
    if has_markup(text_member(parent, "errorSummary").unwrap_or_default()) {
        findings.push(Finding::new(
            "markup",
            format!("{place}/errorSummary"),
            "markup in a text for the end user",
            effect,
            "write plain text",
        ));
    }
}

/// Whether a text has a tag or a character reference of HTML.
fn has_markup(text: &str) -> bool {
    // The first piece of a split precedes the first separator.
    let mut after_brackets = text.split('<').skip(1);
    let mut after_ampersands = text.split('&').skip(1);
    after_brackets.any(completes_tag) || after_ampersands.any(completes_reference)
}

/// Whether the text after a `<` makes it a tag or a comment: `b>`, `/b>`, `!--`.
fn completes_tag(rest: &str) -> bool {
    rest.starts_with(|first: char| first.is_ascii_alphabetic() || matches!(first, '/' | '!'))
}

/// Whether the text after a `&` makes it a character reference: `amp;`, `#39;`.
fn completes_reference(rest: &str) -> bool {
    match rest.split_once(';') {
        Some((name, _)) => {
            let name = name.strip_prefix('#').unwrap_or(name);
            !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric())
        }
        None => false,
    }
}

/// Adds a fault if a location does not lead to a field of the form.
fn find_misplaced_location(
    cause: &Json,
    place: &str,
    flow: Flow,
    fields: &[&str],
    findings: &mut FindingList,
) {
    let Some(location) = text_member(cause, "location") else {
        return;
    };
    let place = format!("{place}/location");
    if flow == Flow::Classic && location.starts_with(ATTRIBUTE_LOCATION) {
        // Classic Engine has no place at a field for it: it shows the text of the first cause in the box.
        return;
    }
    if let Some(attribute) = name_in_profile(location) {
        if fields.contains(&attribute) {
            return;
        }
        if is_attribute_name(attribute) {
            findings.push(Finding::new(
                "location-not-on-form",
                place,
                format!("the form presumably has no field `{attribute}`"),
                UNKNOWN_PLACE,
                WRITE_LOCATION,
            ));
            return;
        }
    }
    let has_update_form = flow.spec().form == FormMember::UserProfileUpdate;
    if has_update_form && location.starts_with(UPDATE_LOCATION) {
        findings.push(Finding::new(
            "location-in-update",
            place,
            "a location in the update instead of the profile",
            "Okta does not document whether the text reaches its field; its examples name the profile",
            WRITE_LOCATION,
        ));
        return;
    }
    findings.push(Finding::new(
        "location-not-an-attribute",
        place,
        "the location does not name an attribute of the profile",
        if flow == Flow::Classic { BELOW_NAMED_FIELD } else { UNKNOWN_PLACE },
        WRITE_LOCATION,
    ));
}

/// The name in a location below the profile: `email` in `data.userProfile.email`.
fn name_in_profile(location: &str) -> Option<&str> {
    location.strip_prefix(ATTRIBUTE_LOCATION)?.strip_prefix('.')
}

/// Whether this can be the name of an attribute at Okta.
fn is_attribute_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}
