//! [`Decision`] → bytes: the shape of an answer.
//!
//! Source: Okta's guide of the registration inline hook, §Response, and the inline hook concept
//! page for `error`. Keys stand in the guide's order.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::{
    Assignment, Decision, Denial, DenyStyle, ErrorCause, Flow, FlowSpec, NewValue, NonEmpty,
    flow::ACTION_COMMAND,
};

/// The size limit of an answer, in bytes: Okta refuses a body of 256 KB and more.
pub const SIZE_LIMIT: usize = 256_000;

/// The body that carries a decision to Okta. The command that writes attributes follows from the
/// flow and from nothing else.
pub fn encode(flow: Flow, decision: &Decision<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    let response = Response::new(flow.spec(), decision);
    // Neither the types of a response nor writing to memory can fail.
    let _ = serde_json::to_writer(&mut out, &response);
    out
}

/// The body with a `debugContext`, a JSON object that Okta keeps in its System Log. Returns the body
/// alone if both together would be too large.
pub fn with_debug_context(mut body: Vec<u8>, context: &str) -> Vec<u8> {
    const KEY: &[u8] = br#","debugContext":"#;
    if body.len() + KEY.len() + context.len() < SIZE_LIMIT && body.pop().is_some() {
        body.extend_from_slice(KEY);
        body.extend_from_slice(context.as_bytes());
        body.push(b'}');
    }
    body
}

#[derive(Serialize)]
struct Response<'a> {
    commands: Vec<Command<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ResponseError<'a>>,
}

#[derive(Serialize)]
struct Command<'a> {
    r#type: &'static str,
    value: CommandValue<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum CommandValue<'a> {
    Action {
        registration: &'static str,
    },
    #[serde(serialize_with = "serialize_assignments")]
    Update(&'a NonEmpty<Assignment<'a>>),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseError<'a> {
    error_summary: &'a str,
    #[serde(serialize_with = "serialize_causes")]
    error_causes: &'a NonEmpty<ErrorCause<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseCause<'a> {
    error_summary: &'a str,
    reason: &'a str,
    location_type: &'static str,
    location: &'a str,
    domain: &'a str,
}

impl<'a> Response<'a> {
    fn new(flow: &FlowSpec, decision: &'a Decision<'a>) -> Self {
        match decision {
            Decision::Allow => Self { commands: vec![action("ALLOW")], error: None },
            Decision::Update(assignments) => {
                let value = CommandValue::Update(assignments);
                let mut commands = vec![Command { r#type: flow.update_command, value }];
                if flow.allow_follows_update {
                    commands.push(action("ALLOW"));
                }
                Self { commands, error: None }
            }
            Decision::Deny(Denial { style, summary, causes }) => {
                let commands = match style {
                    DenyStyle::Command => vec![action("DENY")],
                    DenyStyle::Error => Vec::new(),
                };
                let error = ResponseError { error_summary: summary, error_causes: causes };
                Self { commands, error: Some(error) }
            }
        }
    }
}

fn action(registration: &'static str) -> Command<'static> {
    let value = CommandValue::Action { registration };
    Command { r#type: ACTION_COMMAND, value }
}

/// Writes assignments as an object.
fn serialize_assignments<S: Serializer>(
    assignments: &NonEmpty<Assignment<'_>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    #[serde(untagged)]
    enum ResponseValue<'a> {
        Json(&'a RawValue),
        Text(&'a str),
    }
    serializer.collect_map(assignments.iter().map(|assignment| {
        let value = match &assignment.value {
            NewValue::Json(json) => ResponseValue::Json(json),
            NewValue::Text(text) => ResponseValue::Text(text),
        };
        (assignment.attribute, value)
    }))
}

fn serialize_causes<S: Serializer>(
    causes: &NonEmpty<ErrorCause<'_>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(causes.iter().map(|cause| ResponseCause {
        error_summary: cause.message,
        reason: cause.reason,
        location_type: "body",
        location: cause.location,
        domain: cause.domain,
    }))
}
