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
/// The start of a location in the form of a progressive profile. Okta's examples name `data.userProfile` instead.
const UPDATE_LOCATION: &str = "data.userProfileUpdate.";
/// The effect of markup in the text of `error`.
const MARKUP_OF_ERROR: &str = "by its API description, Okta does not show this text; if it does, a widget \
    may insert it as HTML";
/// The effect of markup in the text of a cause.
const MARKUP_OF_CAUSE: &str =
    "at a field, a widget shows the markup as typed; in a box, Gen2 and Gen3 may insert it as HTML";
/// The effect, on Identity Engine, of a location that leads to no field.
const UNKNOWN_PLACE: &str =
    "Okta does not document the place of the text; the end user may read a general text instead";
/// The effect, on Classic Engine, of a location outside the profile.
const BELOW_NAMED_FIELD: &str = "Classic Engine's widget shows the text only below a field whose name is \
    the location; in the box, it shows a general text";

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
        findings.push(Finding {
            id: "malformed-error",
            place: "/error".into(),
            problem: "`error` is not an object with a list of `errorCauses`".into(),
            effect: "Okta denies the request, and presumably shows a general text",
            fix: "write an object with `errorSummary` and `errorCauses`".into(),
        });
        return;
    }
    find_markup(error, "/error", MARKUP_OF_ERROR, findings);
    let causes = match error.get("errorCauses") {
        Some(Json::Array(causes)) => causes.as_slice(),
        _ => &[],
    };
    if causes.is_empty() {
        findings.push(no_cause_finding());
    }
    let mut seen = HashSet::new();
    for (index, cause) in causes.iter().enumerate() {
        let place = format!("/error/errorCauses/{index}");
        find_malformed_members(cause, &place, findings);
        find_markup(cause, &place, MARKUP_OF_CAUSE, findings);
        let reason = text_member(cause, "reason").unwrap_or_default();
        if reason == UNHANDLED_REQUEST_TYPE {
            findings.push(unhandled_request_type_finding(&place));
            continue;
        }
        if !WHOLE_REQUEST_REASONS.contains(&reason) {
            find_misplaced_location(cause, &place, flow, fields, findings);
        }
        let text = text_member(cause, "errorSummary").unwrap_or_default();
        let is_first = seen.insert((text, text_member(cause, "location")));
        if !is_first && !text.is_empty() {
            findings.push(Finding {
                id: "repeated-text",
                place: format!("{place}/errorSummary"),
                problem: "another cause has the same text at the same place".into(),
                effect: "the end user reads the text twice",
                fix: "remove one of the two causes".into(),
            });
        }
    }
}

/// A member of `error` or of a cause, if it is a string.
fn text_member<'a>(parent: &'a Json, name: &str) -> Option<&'a str> {
    parent.get(name).and_then(Json::as_str)
}

fn no_cause_finding() -> Finding {
    Finding {
        id: "no-cause",
        place: "/error".into(),
        problem: "an error without `errorCauses`".into(),
        effect: "by its API description, Okta shows a general text instead of the `errorSummary` \
            of `error`",
        fix: "add a cause at `data.userProfile.<attribute>`, with an attribute on the form".into(),
    }
}

fn unhandled_request_type_finding(place: &str) -> Finding {
    Finding {
        id: "unhandled-request-type",
        place: format!("{place}/reason"),
        problem: "the hook does not handle this request type".into(),
        effect: "Okta denies the request",
        fix: "narrow Okta's setting \"Run this hook\", or add a section for this type to the \
            hook's rules"
            .into(),
    }
}

/// Adds a fault for each member of a cause that is not a string, for its missing members, and for an empty text.
fn find_malformed_members(cause: &Json, place: &str, findings: &mut FindingList) {
    let mut missing = Vec::new();
    for key in CAUSE_KEYS {
        match cause.get(key) {
            None => missing.push(format!("`{key}`")),
            Some(Json::String(_)) => {}
            Some(_) => findings.push(Finding {
                id: "malformed-cause",
                place: format!("{place}/{key}"),
                problem: format!("`{key}` of a cause is not a string"),
                effect: "Okta documents a string; it does not document its reaction to another type",
                fix: "write a string".into(),
            }),
        }
    }
    if !missing.is_empty() {
        findings.push(Finding {
            id: "missing-cause-key",
            place: place.into(),
            problem: format!("the cause lacks {}", missing.join(", ")),
            effect: "Okta requires these members; it does not document its reaction to a cause \
                without them",
            fix: "add a string for each".into(),
        });
    }
    if text_member(cause, "errorSummary") == Some("") {
        findings.push(Finding {
            id: "empty-text",
            place: format!("{place}/errorSummary"),
            problem: "an empty text for the end user".into(),
            effect: "a widget marks the field without words, or shows an empty box",
            fix: "write how to correct the input".into(),
        });
    }
}

/// Adds a fault for markup in the `errorSummary` of `error` or of a cause.
fn find_markup(parent: &Json, place: &str, effect: &'static str, findings: &mut FindingList) {
    if has_markup(text_member(parent, "errorSummary").unwrap_or_default()) {
        findings.push(Finding {
            id: "markup",
            place: format!("{place}/errorSummary"),
            problem: "markup in a text for the end user".into(),
            effect,
            fix: "write plain text".into(),
        });
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
    // If the location of the first cause starts with `data.userProfile`, Classic Engine shows the text in the box at
    // the top, whichever attribute follows.
    if flow == Flow::Classic && location.starts_with(ATTRIBUTE_LOCATION) {
        return;
    }
    let place = format!("{place}/location");
    let has_update_form = flow.spec().form == FormMember::UserProfileUpdate;
    match name_in_profile(location) {
        Some(attribute) if fields.contains(&attribute) => {}
        Some(attribute) if is_attribute_name(attribute) => findings.push(Finding {
            id: "location-not-on-form",
            place,
            problem: format!("the form presumably has no field `{attribute}`"),
            effect: UNKNOWN_PLACE,
            fix: WRITE_LOCATION.into(),
        }),
        None if has_update_form && location.starts_with(UPDATE_LOCATION) => findings.push(Finding {
            id: "location-in-update",
            place,
            problem: "a location in the update instead of the profile".into(),
            effect: "Okta does not document whether the text reaches its field; its examples name \
                the profile",
            fix: WRITE_LOCATION.into(),
        }),
        _ => findings.push(Finding {
            id: "location-not-an-attribute",
            place,
            problem: "the location does not name an attribute of the profile".into(),
            effect: if flow == Flow::Classic { BELOW_NAMED_FIELD } else { UNKNOWN_PLACE },
            fix: WRITE_LOCATION.into(),
        }),
    }
}

/// The name in a location below the profile: `email` in `data.userProfile.email`.
fn name_in_profile(location: &str) -> Option<&str> {
    location.strip_prefix(ATTRIBUTE_LOCATION)?.strip_prefix('.')
}

/// Whether this can be the name of an attribute at Okta.
fn is_attribute_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}
