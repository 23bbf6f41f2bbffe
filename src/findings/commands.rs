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
            findings.push(Finding::new(
                "malformed-commands",
                "/commands",
                "`commands` is not a list",
                PRESUMABLY_FAILS,
                "write a list of commands",
            ));
            return;
        }
    };
    let has_error = answer.error().is_some();
    for (index, command) in commands.iter().enumerate() {
        let place = format!("/commands/{index}");
        let kind = read_command(command, flow);
        if has_error && (kind == ReceivedCommand::Allow || kind.is_update()) {
            findings.push(Finding::new(
                "ignored-beside-error",
                &place,
                "ALLOW or an update beside `error`",
                "Okta ignores commands beside `error`, and denies the request",
                "to deny, remove the command; to allow, remove `error`",
            ));
        }
        if let Some(finding) = find_in_command(command, kind, &place, flow) {
            findings.push(finding);
        }
        find_in_values(command, &place, findings);
    }
    if answer.has_allow_after_deny(flow) && !has_error {
        findings.push(Finding::new(
            "allow-after-deny",
            "/commands",
            "ALLOW after DENY",
            "Okta applies commands in their order; it does not document whether ALLOW revokes DENY",
            "write one of the two",
        ));
    }
    if commands.is_empty() && !has_error {
        findings.push(Finding::new(
            "decides-nothing",
            WHOLE_REPLY,
            "neither a command nor `error`",
            "ALLOW is Okta's default, so the request presumably goes on",
            format!("write `{ACTION_COMMAND}` with ALLOW, or `error` with a cause"),
        ));
    }
}

fn find_in_command(
    command: &Json,
    kind: ReceivedCommand,
    place: &str,
    flow: Flow,
) -> Option<Finding> {
    let update = flow.spec().update_command;
    match kind {
        ReceivedCommand::Allow
        | ReceivedCommand::Deny
        | ReceivedCommand::Update
        | ReceivedCommand::UpdateWithNull
        | ReceivedCommand::UnsettableUpdate => None,
        ReceivedCommand::UpdateOfOtherFlow => Some(Finding::new(
            "update-of-other-flow",
            format!("{place}/type"),
            format!("this update is not valid in an answer to {}", flow.spec().name),
            FAILS_OR_IGNORES,
            format!("write `{update}`"),
        )),
        ReceivedCommand::UnknownType if type_of(command) == Some(MISSPELT_ACTION) => {
            Some(Finding::new(
                "misspelt-action",
                format!("{place}/type"),
                format!("`{MISSPELT_ACTION}`, a misprint in Okta's API description"),
                FAILS_OR_IGNORES,
                format!("write `{ACTION_COMMAND}`"),
            ))
        }
        ReceivedCommand::UnknownType => Some(Finding::new(
            "unknown-command",
            format!("{place}/type"),
            "a type that Okta does not document",
            FAILS_OR_IGNORES,
            format!("write `{ACTION_COMMAND}` or `{update}`"),
        )),
        ReceivedCommand::Malformed => Some(malformed(command, place)),
    }
}

/// The fault of a command that has no type, or a value that its type does not allow.
fn malformed(command: &Json, place: &str) -> Finding {
    const WRITE_REGISTRATION: &str = "write `registration` with ALLOW or DENY";
    match type_of(command) {
        None => Finding::new(
            "malformed-command",
            place,
            "a command without a type",
            PRESUMABLY_FAILS,
            "write an object with `type` and `value`",
        ),
        Some(ACTION_COMMAND) if command.pointer("/value/action").is_some() => Finding::new(
            "action-for-registration",
            format!("{place}/value/action"),
            "`action` in place of `registration`",
            "Okta documents only `registration`; it presumably treats the answer as failed",
            WRITE_REGISTRATION,
        ),
        Some(ACTION_COMMAND) => Finding::new(
            "malformed-command",
            format!("{place}/value"),
            "`registration` is neither ALLOW nor DENY",
            PRESUMABLY_FAILS,
            WRITE_REGISTRATION,
        ),
        Some(_) => Finding::new(
            "malformed-command",
            format!("{place}/value"),
            "an update without attributes",
            PRESUMABLY_FAILS,
            "write an object with at least one attribute, or remove the command",
        ),
    }
}

fn type_of(command: &Json) -> Option<&str> {
    command.get("type").and_then(Json::as_str)
}

/// Adds a fault for `password`, and for each value that no attribute can have.
fn find_in_values(command: &Json, place: &str, findings: &mut FindingList) {
    const CANNOT_SET: &str =
        "a hook cannot set it, and Okta presumably treats the answer as failed";
    let Some(Json::Object(values)) = command.get("value") else {
        return;
    };
    for (name, value) in values {
        let place = format!("{place}/value/{}", pointer_part(name));
        if name == PASSWORD {
            findings.push(Finding::new(
                "password",
                place,
                "an update of `password`",
                CANNOT_SET,
                "remove `password`",
            ));
        } else if !is_attribute_value(value) {
            findings.push(Finding::new(
                "unsettable-value",
                place,
                "an object, or a list of objects or lists",
                CANNOT_SET,
                "write a text, a number, a boolean or a list of these, or remove the member",
            ));
        }
    }
}
