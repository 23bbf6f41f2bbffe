//! [`Decision`] → bytes: the only place that knows Okta's command names and the shape of an answer.
//!
//! Source: Okta's guide of the registration inline hook, §Response, and the inline hook concept
//! page for `error`. Keys stand in the guide's order.

use super::{Decision, DenyStyle, ErrorCause, Flow};

/// The answer's largest size in bytes: Okta refuses a body of 256 KB and more.
pub const SIZE_LIMIT: usize = 256_000;

const ACTION: &str = "com.okta.action.update";
const REGISTRATION_UPDATE: &str = "com.okta.user.profile.update";
const PROGRESSIVE_UPDATE: &str = "com.okta.user.progressive.profile.update";

/// The body that tells Okta this decision.
///
/// Which command carries an update follows from the request type and from nothing else: a
/// registration's own update is followed by ALLOW, a progressive one stands alone.
pub fn encode(request_type: Flow, decision: &Decision<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    out.extend_from_slice(br#"{"commands":["#);
    match decision {
        Decision::Allow => action(&mut out, "ALLOW"),
        Decision::Update(assignments) => {
            let registration = request_type.is_registration();
            let command = if registration { REGISTRATION_UPDATE } else { PROGRESSIVE_UPDATE };
            open_command(&mut out, command);
            for (index, assignment) in assignments.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                json_text(&mut out, assignment.attribute);
                out.push(b':');
                out.extend_from_slice(assignment.json.as_bytes());
            }
            out.extend_from_slice(b"}}");
            if registration {
                out.push(b',');
                action(&mut out, "ALLOW");
            }
        }
        Decision::Deny(denial) => {
            if denial.style == DenyStyle::Command {
                action(&mut out, "DENY");
            }
            out.extend_from_slice(br#"],"error":{"errorSummary":"#);
            json_text(&mut out, denial.summary);
            out.extend_from_slice(br#","errorCauses":["#);
            for (index, cause) in denial.causes.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                error_cause(&mut out, cause);
            }
            out.extend_from_slice(b"]}}");
            return out;
        }
    }
    out.extend_from_slice(b"]}");
    out
}

/// The body with a `debugContext`, an object in JSON that Okta keeps in its System Log; without it
/// where it would make the body too large.
pub fn with_debug_context(mut body: Vec<u8>, context: &str) -> Vec<u8> {
    const KEY: &[u8] = br#","debugContext":"#;
    if body.len() + KEY.len() + context.len() < SIZE_LIMIT && body.pop().is_some() {
        body.extend_from_slice(KEY);
        body.extend_from_slice(context.as_bytes());
        body.push(b'}');
    }
    body
}

fn action(out: &mut Vec<u8>, registration: &str) {
    open_command(out, ACTION);
    out.extend_from_slice(br#""registration":""#);
    out.extend_from_slice(registration.as_bytes());
    out.extend_from_slice(br#""}}"#);
}

fn open_command(out: &mut Vec<u8>, name: &str) {
    out.extend_from_slice(br#"{"type":""#);
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(br#"","value":{"#);
}

fn error_cause(out: &mut Vec<u8>, cause: &ErrorCause<'_>) {
    let members: [(&[u8], &str); 5] = [
        (br#"{"errorSummary":"#, cause.message),
        (br#","reason":"#, cause.reason),
        (br#","locationType":"#, "body"),
        (br#","location":"#, cause.location),
        (br#","domain":"#, cause.domain),
    ];
    for (key, value) in members {
        out.extend_from_slice(key);
        json_text(out, value);
    }
    out.push(b'}');
}

/// A JSON string. Writing one to memory cannot fail.
pub(crate) fn json_text(out: &mut Vec<u8>, text: &str) {
    let _ = serde_json::to_writer(out, text);
}
