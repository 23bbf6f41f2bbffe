//! Faults of `commands`.

use serde_json::Value as Json;

use super::{Finding, FindingList, WHOLE_REPLY, members::pointer_part};
use crate::okta::{
    ACTION_COMMAND, Flow,
    reply::{PASSWORD, ReceivedAnswer, ReceivedCommand, is_attribute_value, read_command},
};

/// The misspelt name of [`ACTION_COMMAND`] in an example of Okta's API description.
const MISSPELT_ACTION: &str = "com.action.update";
const FAILS_OR_IGNORES: &str =
    "Okta does not document whether it ignores the command or treats the answer as failed";
const PRESUMABLY_FAILS: &str = "Okta presumably treats the answer as failed";

/// Adds the faults of an answer's commands.
pub(super) fn find_in_commands(answer: &ReceivedAnswer, flow: Flow, findings: &mut FindingList) {
    let commands = match answer.members().get("commands") {
        None | Some(Json::Null) => &[],
        Some(Json::Array(commands)) => commands.as_slice(),
        Some(_) => {
            findings.push(Finding {
                id: "malformed-commands",
                place: "/commands".into(),
                problem: "`commands` is not a list".into(),
                effect: PRESUMABLY_FAILS,
                fix: "write a list of commands".into(),
            });
            return;
        }
    };
    let has_error = answer.error().is_some();
    for (index, command) in commands.iter().enumerate() {
        let place = format!("/commands/{index}");
        let kind = read_command(command, flow);
        if has_error && (kind == ReceivedCommand::Allow || kind.is_update()) {
            findings.push(Finding {
                id: "ignored-beside-error",
                place: place.clone(),
                problem: "ALLOW or an update beside `error`".into(),
                effect: "Okta ignores commands beside `error`, and denies the request",
                fix: "to deny, remove the command; to allow, remove `error`".into(),
            });
        }
        if let Some(finding) = fault_of_type(command, kind, &place, flow) {
            findings.push(finding);
        }
        find_unsettable_values(command, &place, findings);
    }
    if answer.has_allow_after_deny(flow) && !has_error {
        findings.push(Finding {
            id: "allow-after-deny",
            place: "/commands".into(),
            problem: "ALLOW after DENY".into(),
            effect: "Okta applies commands in their order; it does not document whether ALLOW revokes \
                DENY",
            fix: "write one of the two".into(),
        });
    }
    if commands.is_empty() && !has_error {
        findings.push(Finding {
            id: "decides-nothing",
            place: WHOLE_REPLY.into(),
            problem: "neither a command nor `error`".into(),
            effect: "ALLOW is Okta's default, so the request presumably goes on",
            fix: format!("write `{ACTION_COMMAND}` with ALLOW, or `error` with a cause"),
        });
    }
}

/// The fault of a command's type, or of a value that does not suit the type.
fn fault_of_type(
    command: &Json,
    kind: ReceivedCommand,
    place: &str,
    flow: Flow,
) -> Option<Finding> {
    let update = flow.spec().update_command;
    match kind {
        // `find_unsettable_values` and `find_in_members` report the values of updates.
        ReceivedCommand::Allow
        | ReceivedCommand::Deny
        | ReceivedCommand::Update
        | ReceivedCommand::UpdateWithNull
        | ReceivedCommand::UnsettableUpdate => None,
        ReceivedCommand::UpdateOfOtherFlow => Some(Finding {
            id: "update-of-other-flow",
            place: format!("{place}/type"),
            problem: format!("this update is not valid in an answer to {}", flow.spec().name),
            effect: FAILS_OR_IGNORES,
            fix: format!("write `{update}`"),
        }),
        ReceivedCommand::UnknownType if type_of(command) == Some(MISSPELT_ACTION) => {
            Some(Finding {
                id: "misspelt-action",
                place: format!("{place}/type"),
                problem: format!("`{MISSPELT_ACTION}`, a misprint in Okta's API description"),
                effect: FAILS_OR_IGNORES,
                fix: format!("write `{ACTION_COMMAND}`"),
            })
        }
        ReceivedCommand::UnknownType => Some(Finding {
            id: "unknown-command",
            place: format!("{place}/type"),
            problem: "a type that Okta does not document".into(),
            effect: FAILS_OR_IGNORES,
            fix: format!("write `{ACTION_COMMAND}` or `{update}`"),
        }),
        ReceivedCommand::Malformed => Some(malformed_command(command, place)),
    }
}

/// The fault of a command without a type, or with a value that its type does not allow.
fn malformed_command(command: &Json, place: &str) -> Finding {
    const WRITE_REGISTRATION: &str = "write `registration` with ALLOW or DENY";
    match type_of(command) {
        None => Finding {
            id: "malformed-command",
            place: place.into(),
            problem: "a command without a type".into(),
            effect: PRESUMABLY_FAILS,
            fix: "write an object with `type` and `value`".into(),
        },
        Some(ACTION_COMMAND) if command.pointer("/value/action").is_some() => Finding {
            id: "action-for-registration",
            place: format!("{place}/value/action"),
            problem: "`action` in place of `registration`".into(),
            effect: "Okta documents only `registration`; it presumably treats the answer as failed",
            fix: WRITE_REGISTRATION.into(),
        },
        Some(ACTION_COMMAND) => Finding {
            id: "malformed-command",
            place: format!("{place}/value"),
            problem: "`registration` is neither ALLOW nor DENY".into(),
            effect: PRESUMABLY_FAILS,
            fix: WRITE_REGISTRATION.into(),
        },
        Some(_) => Finding {
            id: "malformed-command",
            place: format!("{place}/value"),
            problem: "an update without attributes".into(),
            effect: PRESUMABLY_FAILS,
            fix: "write an object with at least one attribute, or remove the command".into(),
        },
    }
}

fn type_of(command: &Json) -> Option<&str> {
    command.get("type").and_then(Json::as_str)
}

/// Adds a fault for `password`, and for each value that no attribute can have.
fn find_unsettable_values(command: &Json, place: &str, findings: &mut FindingList) {
    const CANNOT_SET: &str =
        "a hook cannot set it, and Okta presumably treats the answer as failed";
    let Some(Json::Object(values)) = command.get("value") else {
        return;
    };
    for (name, value) in values {
        let place = format!("{place}/value/{}", pointer_part(name));
        if name == PASSWORD {
            findings.push(Finding {
                id: "password",
                place,
                problem: "an update of `password`".into(),
                effect: CANNOT_SET,
                fix: "remove `password`".into(),
            });
        } else if !is_attribute_value(value) {
            findings.push(Finding {
                id: "unsettable-value",
                place,
                problem: "an object, or a list of objects or lists".into(),
                effect: CANNOT_SET,
                fix: "write a text, a number, a boolean or a list of these, or remove the member"
                    .into(),
            });
        }
    }
}
