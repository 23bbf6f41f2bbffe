//! Faults of any member of an answer: undocumented names, and nulls.

use serde_json::Value as Json;

use super::Finding;
use crate::okta::reply::ReceivedAnswer;

/// The members that Okta documents.
const DOCUMENTED: [&str; 3] = ["commands", "error", "debugContext"];

/// Adds a fault for each undocumented member of an answer, and for each null.
pub(super) fn find_in_members(answer: &ReceivedAnswer, findings: &mut Vec<Finding>) {
    for (name, value) in answer.members() {
        let place = format!("/{}", pointer_part(name));
        if !DOCUMENTED.contains(&name.as_str()) {
            findings.push(unknown_member(name, &place));
        }
        // Okta only logs `debugContext`.
        if name != "debugContext" {
            find_nulls(value, &place, findings);
        }
    }
}

fn unknown_member(name: &str, place: &str) -> Finding {
    let known = DOCUMENTED.into_iter().find(|known| known.eq_ignore_ascii_case(name));
    match known {
        Some("error") => Finding::new(
            "error-misspelt",
            place,
            "`error` in another case, as in Okta's API description",
            "Okta reads `error`, so the request presumably is not denied",
            "write `error`",
        ),
        Some(known) => Finding::new(
            "unknown-member",
            place,
            format!("`{known}` in another case"),
            "Okta presumably ignores it",
            format!("write `{known}`"),
        ),
        None => Finding::new(
            "unknown-member",
            place,
            "a member that Okta does not document",
            "Okta presumably ignores it",
            "remove it, or move it into `debugContext`",
        ),
    }
}

/// Adds a fault for each null in a value, at any depth.
fn find_nulls(value: &Json, place: &str, findings: &mut Vec<Finding>) {
    match value {
        Json::Null => findings.push(Finding::new(
            "null",
            place,
            "the value is null",
            "Okta does not document its reaction to null",
            "leave out the member",
        )),
        Json::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                find_nulls(item, &format!("{place}/{index}"), findings);
            }
        }
        Json::Object(members) => {
            for (name, member) in members {
                find_nulls(member, &format!("{place}/{}", pointer_part(name)), findings);
            }
        }
        Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

/// A name as a part of a JSON pointer (RFC 6901).
fn pointer_part(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
