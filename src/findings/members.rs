//! Faults of any member of an answer: undocumented names, and nulls.

use serde_json::Value as Json;

use super::{Finding, FindingList};
use crate::okta::{
    Flow,
    reply::{MEMBERS, ReceivedAnswer, ReceivedCommand},
};

/// The longest name in a place, in characters. The hook chooses the names of members.
const LONGEST_NAME: usize = 100;

/// Adds a fault for each undocumented member of an answer, and for each null.
pub(super) fn find_in_members(answer: &ReceivedAnswer, flow: Flow, findings: &mut FindingList) {
    let has_deny = answer.commands(flow).contains(&ReceivedCommand::Deny);
    for (name, value) in answer.members() {
        let mut place = format!("/{}", pointer_part(name));
        if !MEMBERS.contains(&name.as_str()) {
            findings.push(unknown_member(name, &place, has_deny));
        }
        // Okta only logs `debugContext`, so a null in it does no harm.
        if name != "debugContext" {
            find_nulls(value, &mut place, findings);
        }
    }
}

fn unknown_member(name: &str, place: &str, has_deny: bool) -> Finding {
    const MAYBE_IGNORED: &str =
        "Okta does not document whether it ignores the member or treats the answer as failed";
    const MISSPELT: &str = "Okta reads `error`; it does not document whether it ignores this member or \
        treats the answer as failed";
    const MISSPELT_BESIDE_DENY: &str =
        "Okta denies the request by the command DENY, and presumably ignores these texts";
    let known_in_another_case = MEMBERS.into_iter().find(|known| known.eq_ignore_ascii_case(name));
    match known_in_another_case {
        Some("error") => Finding {
            id: "error-misspelt",
            place: place.into(),
            problem: "`error` in another case, as in Okta's API description".into(),
            effect: if has_deny { MISSPELT_BESIDE_DENY } else { MISSPELT },
            fix: "write `error`".into(),
        },
        Some(known) => Finding {
            id: "unknown-member",
            place: place.into(),
            problem: format!("`{known}` in another case"),
            effect: MAYBE_IGNORED,
            fix: format!("write `{known}`"),
        },
        None => Finding {
            id: "unknown-member",
            place: place.into(),
            problem: "a member that Okta does not document".into(),
            effect: MAYBE_IGNORED,
            fix: "remove it, or move it into `debugContext`".into(),
        },
    }
}

/// Adds a fault for each null in a value, at any depth. `place` is that of the value. It is extended for each member
/// and element, and shortened again afterwards.
fn find_nulls(value: &Json, place: &mut String, findings: &mut FindingList) {
    let length = place.len();
    match value {
        Json::Null => findings.push(Finding {
            id: "null",
            place: place.as_str().into(),
            problem: "the value is null".into(),
            effect: "Okta does not document its reaction to null",
            fix: "leave out the member".into(),
        }),
        Json::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                place.push_str(&format!("/{index}"));
                find_nulls(item, place, findings);
                place.truncate(length);
            }
        }
        Json::Object(members) => {
            for (name, member) in members {
                place.push('/');
                place.push_str(&pointer_part(name));
                find_nulls(member, place, findings);
                place.truncate(length);
            }
        }
        Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

/// A name as a part of a JSON pointer (RFC 6901). A long one is cut.
pub(super) fn pointer_part(name: &str) -> String {
    let mut part = String::new();
    for (index, letter) in name.chars().enumerate() {
        if index == LONGEST_NAME {
            return part + "…";
        }
        match letter {
            '~' => part.push_str("~0"),
            '/' => part.push_str("~1"),
            letter => part.push(letter),
        }
    }
    part
}
