//! [`Decision`] → bytes: the shape of an answer.
//!
//! Source: Okta's guide of the registration inline hook, §Response, and the inline hook concept
//! page for `error`. Keys stand in the guide's order.
//!
//! The code writes JSON by hand. With derived `Serialize` types, a whole request took more instructions: 4 % for a
//! denial, 2 % for an ALLOW and 1 % for an update.

use super::{
    Assignment, Decision, Denial, DenyStyle, ErrorCause, Flow, FlowSpec, NewValue, NonEmpty,
    flow::ACTION_COMMAND,
};

/// An answer must have fewer bytes than this: Okta documents that it accepts less than 256 KB.
pub const SIZE_LIMIT: usize = 256_000;

/// The reason of the denial of a request that the hook has no section for.
pub const UNHANDLED_REQUEST_TYPE: &str = "UNHANDLED_REQUEST_TYPE";
/// The reason of the denial of a request whose answer would be too large.
pub const ANSWER_TOO_LARGE: &str = "ANSWER_TOO_LARGE";
/// The reason of the denial of a request without `eventId`, if the hook makes an identifier from it.
pub const MISSING_EVENT_ID: &str = "MISSING_EVENT_ID";
/// The reason of the denial of a request that would take more work than the service does for one.
pub const REQUEST_TOO_COSTLY: &str = "REQUEST_TOO_COSTLY";

/// Writes the body that carries a decision to Okta. Only the flow determines the command that writes
/// attributes.
pub fn encode(flow: Flow, decision: &Decision<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    out.extend_from_slice(br#"{"commands":["#);
    match decision {
        Decision::Allow => write_action("ALLOW", &mut out),
        Decision::Update(assignments) => write_update(flow.spec(), assignments, &mut out),
        Decision::Deny(denial) => match denial.style {
            DenyStyle::Command => write_action("DENY", &mut out),
            DenyStyle::Error => {}
        },
    }
    out.push(b']');
    if let Decision::Deny(denial) = decision {
        write_error(denial, &mut out);
    }
    out.push(b'}');
    out
}

/// The body with a `debugContext`, a JSON object that Okta keeps in its System Log. Returns the body
/// alone if both together would be too large.
pub fn with_debug_context(mut body: Vec<u8>, context: &str) -> Vec<u8> {
    const KEY: &[u8] = br#","debugContext":"#;
    if body.len() + KEY.len() + context.len() >= SIZE_LIMIT {
        return body;
    }
    // The new member goes before the brace that ends the body.
    body.pop();
    body.extend_from_slice(KEY);
    body.extend_from_slice(context.as_bytes());
    body.push(b'}');
    body
}

/// Appends the command that writes attributes, and ALLOW if the flow requires it.
fn write_update(flow: &FlowSpec, assignments: &NonEmpty<Assignment<'_>>, out: &mut Vec<u8>) {
    write_start_of_command(flow.update_command, out);
    for (index, assignment) in assignments.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_text(assignment.attribute, out);
        out.push(b':');
        match &assignment.value {
            NewValue::Json(json) => out.extend_from_slice(json.as_bytes()),
            NewValue::Text(text) => write_text(text, out),
        }
    }
    out.extend_from_slice(b"}}");
    if flow.allow_follows_update {
        out.push(b',');
        write_action("ALLOW", out);
    }
}

fn write_action(registration: &str, out: &mut Vec<u8>) {
    write_start_of_command(ACTION_COMMAND, out);
    out.extend_from_slice(br#""registration":""#);
    out.extend_from_slice(registration.as_bytes());
    out.extend_from_slice(br#""}}"#);
}

/// Appends the start of a command, up to the members of its `value`.
fn write_start_of_command(name: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(br#"{"type":""#);
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(br#"","value":{"#);
}

/// Appends the member `error`.
fn write_error(denial: &Denial<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(br#","error":{"errorSummary":"#);
    write_text(denial.summary, out);
    out.extend_from_slice(br#","errorCauses":["#);
    for (index, cause) in denial.causes.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_cause(cause, out);
    }
    out.extend_from_slice(b"]}");
}

fn write_cause(cause: &ErrorCause<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(br#"{"errorSummary":"#);
    write_text(cause.message, out);
    out.extend_from_slice(br#","reason":"#);
    write_text(cause.reason, out);
    out.extend_from_slice(br#","locationType":"body","location":"#);
    write_text(cause.location, out);
    out.extend_from_slice(br#","domain":"#);
    write_text(cause.domain, out);
    out.push(b'}');
}

/// Appends a JSON string.
fn write_text(text: &str, out: &mut Vec<u8>) {
    if needs_escape(text) {
        // Writing to memory cannot fail.
        let _ = serde_json::to_writer(out, text);
        return;
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

/// Whether JSON needs an escape for a character of this text (RFC 8259 §7). Does not stop at the first one:
/// the compiled code then compares many bytes at once.
fn needs_escape(text: &str) -> bool {
    let mut found = false;
    for byte in text.bytes() {
        found |= byte < b' ' || byte == b'"' || byte == b'\\';
    }
    found
}
