//! Faults of `error`.

use serde_json::Value as Json;

use super::Finding;
use crate::okta::{
    ATTRIBUTE_LOCATION, Flow, FormMember, reply::ReceivedAnswer, response::UNHANDLED_REQUEST_TYPE,
};

/// The members that a cause must have.
const CAUSE_KEYS: [&str; 5] = ["errorSummary", "reason", "locationType", "location", "domain"];
/// The location of an attribute in a progressive profile's own form.
const UPDATE_LOCATION: &str = "data.userProfileUpdate.";

pub(super) fn find(
    answer: &ReceivedAnswer,
    flow: Flow,
    fields: &[&str],
    findings: &mut Vec<Finding>,
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
    find_markup(error, "/error", findings);
    let causes = match error.get("errorCauses") {
        Some(Json::Array(causes)) => causes.as_slice(),
        _ => &[],
    };
    if causes.is_empty() {
        findings.push(Finding::new(
            "no-cause",
            "/error",
            "an error without `errorCauses`",
            "Okta shows a general text, and by its API description not the `errorSummary` of `error`",
            format!("add a cause whose `location` is {ATTRIBUTE_LOCATION} and an attribute on the form"),
        ));
    }
    for (index, cause) in causes.iter().enumerate() {
        let place = format!("/error/errorCauses/{index}");
        find_missing_keys(cause, &place, findings);
        find_markup(cause, &place, findings);
        if cause.get("reason").and_then(Json::as_str) == Some(UNHANDLED_REQUEST_TYPE) {
            findings.push(Finding::new(
                "unhandled-request-type",
                format!("{place}/reason"),
                "the hook does not handle this request type",
                "Okta denies the request",
                "choose the other cases in \"Run this hook\" at Okta, or add a section to the hook's rules",
            ));
            continue;
        }
        find_misplaced_location(cause, &place, flow, fields, findings);
        let text = cause.get("errorSummary").and_then(Json::as_str).unwrap_or_default();
        let mut earlier = causes.iter().take(index);
        if !text.is_empty() && earlier.any(|other| has_same_text_and_location(other, cause)) {
            findings.push(Finding::new(
                "repeated-text",
                format!("{place}/errorSummary"),
                "another cause has the same text at the same place",
                "the end user reads it twice",
                "remove one of them",
            ));
        }
    }
}

fn has_same_text_and_location(one: &Json, other: &Json) -> bool {
    one.get("errorSummary") == other.get("errorSummary")
        && one.get("location") == other.get("location")
}

fn find_missing_keys(cause: &Json, place: &str, findings: &mut Vec<Finding>) {
    let mut missing = Vec::new();
    for key in CAUSE_KEYS {
        if cause.get(key).and_then(Json::as_str).is_none() {
            missing.push(format!("`{key}`"));
        }
    }
    if !missing.is_empty() {
        findings.push(Finding::new(
            "missing-cause-key",
            place,
            format!("the cause lacks {}", missing.join(", ")),
            "Okta documents that a cause must have it, and not its reaction",
            "add a text for each",
        ));
    }
    if cause.get("errorSummary").and_then(Json::as_str) == Some("") {
        findings.push(Finding::new(
            "empty-text",
            format!("{place}/errorSummary"),
            "an empty text for the end user",
            "a widget marks the field without words, or shows an empty box",
            "say how to correct the input",
        ));
    }
}

/// Finds markup in the `errorSummary` of `error` or of a cause.
fn find_markup(parent: &Json, place: &str, findings: &mut Vec<Finding>) {
    let text = parent.get("errorSummary").and_then(Json::as_str).unwrap_or_default();
    if has_markup(text) {
        findings.push(Finding::new(
            "markup",
            format!("{place}/errorSummary"),
            "markup in a text for the end user",
            "Okta passes it on; at a field a widget shows it as typed, and in a box Gen2 and Gen3 may insert it as HTML",
            "write plain text",
        ));
    }
}

/// Whether a text has a tag or a character reference of HTML.
fn has_markup(text: &str) -> bool {
    let starts_tag = |letter: char| letter.is_ascii_alphabetic() || matches!(letter, '/' | '!');
    let has_tag = text.split('<').skip(1).any(|rest| rest.starts_with(starts_tag));
    has_tag || text.split('&').skip(1).any(starts_reference)
}

/// Whether the text after a `&` completes a character reference: `amp;`, `#39;`.
fn starts_reference(rest: &str) -> bool {
    match rest.split_once(';') {
        Some((name, _)) => {
            let name = name.strip_prefix('#').unwrap_or(name);
            !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric())
        }
        None => false,
    }
}

/// Finds a location that does not lead to a field of the form.
fn find_misplaced_location(
    cause: &Json,
    place: &str,
    flow: Flow,
    fields: &[&str],
    findings: &mut Vec<Finding>,
) {
    let Some(location) = cause.get("location").and_then(Json::as_str) else {
        return;
    };
    let place = format!("{place}/location");
    let fix = format!("write {ATTRIBUTE_LOCATION} and an attribute on the form");
    let attribute =
        location.strip_prefix(ATTRIBUTE_LOCATION).and_then(|rest| rest.strip_prefix('.'));
    match attribute {
        Some(attribute) if fields.contains(&attribute) => {}
        Some(attribute) if is_attribute(attribute) => findings.push(Finding::new(
            "location-not-on-form",
            place,
            format!("the form presumably has no field `{attribute}`"),
            "Okta does not document the place of the text; the end user may read a general one",
            fix,
        )),
        _ if location.starts_with(UPDATE_LOCATION)
            && flow.spec().form == FormMember::UserProfileUpdate =>
        {
            findings.push(Finding::new(
                "location-in-update",
                place,
                "a location in the update instead of the profile",
                "Okta's examples have the profile; whether the text reaches its field is not documented",
                fix,
            ));
        }
        _ => findings.push(Finding::new(
            "location-not-an-attribute",
            place,
            "the location does not name an attribute of the profile",
            "Okta does not document the place of the text; the end user may read a general one",
            fix,
        )),
    }
}

fn is_attribute(name: &str) -> bool {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    !name.is_empty() && name.chars().all(is_part)
}
