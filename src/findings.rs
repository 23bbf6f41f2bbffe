//! Faults of a hook's reply, and Okta's reaction to each. The hook may be anyone's.
//!
//! Okta shows the end user a general text for most faults, ignores some, and lets the request through
//! for others. A finding says so if Okta does not document its reaction.

use crate::okta::{
    Flow,
    reply::{CallFailure, HookReply, ReplyContent},
    response::SIZE_LIMIT,
};

mod commands;
mod error;
mod list;
mod members;

use commands::find_in_commands;
use error::find_in_error;
use list::FindingList;
use members::find_in_members;

/// The [place](Finding::place) of a fault of the whole answer, or of the call.
const WHOLE_REPLY: &str = "";

/// A fault of a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The kind of fault, for programs.
    pub id: &'static str,
    /// The place in the answer, as a JSON pointer, in which long names are cut. Empty for the whole answer, and
    /// for the call.
    pub place: String,
    /// The fault.
    pub problem: String,
    /// Okta's reaction.
    pub effect: &'static str,
    /// How to correct the fault.
    pub fix: String,
}

/// Finds the faults of a reply to a request of this flow, whose form has these fields. Lists at most ten of a
/// kind, and then the number of the others.
pub fn find(reply: HookReply<'_>, flow: Flow, fields: &[&str]) -> Vec<Finding> {
    let mut findings = FindingList::default();
    if let Some(status) = reply.undocumented_status() {
        findings.push(Finding {
            id: "undocumented-status",
            place: WHOLE_REPLY.into(),
            problem: format!("status {status}"),
            effect: "Okta documents only 200 and 204",
            fix: "answer with status 200".into(),
        });
    }
    match reply.read() {
        ReplyContent::Failure(CallFailure::NotObject) if is_compressed(reply) => {
            findings.push(compressed_finding());
        }
        ReplyContent::Failure(failure) => findings.push(failed_call(failure)),
        // Okta documents an empty answer, so it is not a fault.
        ReplyContent::Empty => {}
        ReplyContent::Answer(answer) => {
            if answer.has_duplicate_name() {
                findings.push(duplicate_name_finding());
            }
            find_in_commands(&answer, flow, &mut findings);
            find_in_error(&answer, flow, fields, &mut findings);
            find_in_members(&answer, flow, &mut findings);
        }
    }
    findings.into_vec()
}

/// The fault that makes Okta treat a call as failed.
fn failed_call(failure: CallFailure) -> Finding {
    const DENIES: &str = "Okta denies the request and shows a general text";
    const RETRIES: &str =
        "Okta may call once more, then denies the request and shows a general text";
    match failure {
        CallFailure::TimedOut => Finding {
            id: "no-answer-in-time",
            place: WHOLE_REPLY.into(),
            problem: "no complete answer within 3 seconds".into(),
            effect: RETRIES,
            fix: "answer in well under 1 second".into(),
        },
        CallFailure::Unreachable => Finding {
            id: "unreachable",
            place: WHOLE_REPLY.into(),
            problem: "no connection".into(),
            effect: RETRIES,
            fix: "serve HTTPS with a certificate chain of a public authority at the hook's URL"
                .into(),
        },
        CallFailure::Redirect(status) => Finding {
            id: "redirect",
            place: WHOLE_REPLY.into(),
            problem: format!("status {status}"),
            effect: "Okta does not follow redirects: it denies the request and shows a general text",
            fix: "give Okta the final URL".into(),
        },
        CallFailure::Status(status) => Finding {
            id: "failure-status",
            place: WHOLE_REPLY.into(),
            problem: format!("status {status}"),
            effect: if status >= 500 { RETRIES } else { DENIES },
            fix: "answer with status 200, even to deny; use another status only for a request \
                that is not Okta's"
                .into(),
        },
        CallFailure::TooLarge => Finding {
            id: "too-large",
            place: WHOLE_REPLY.into(),
            problem: format!("the answer has {SIZE_LIMIT} bytes or more"),
            effect: "Okta documents that answers must be smaller; it presumably denies the request",
            fix: "shorten the answer to less than 256 KB".into(),
        },
        CallFailure::NotObject => Finding {
            id: "not-json",
            place: WHOLE_REPLY.into(),
            problem: "the body is not a JSON object".into(),
            effect: "Okta cannot read it, denies the request and shows a general text",
            fix: "answer with a JSON object, or with status 204 and no body to let the request \
                through"
                .into(),
        },
    }
}

/// Whether the body of a reply is compressed with gzip.
fn is_compressed(reply: HookReply<'_>) -> bool {
    const MAGIC: &[u8] = &[0x1f, 0x8b];
    matches!(reply, HookReply::Answered { body, .. } if body.starts_with(MAGIC))
}

fn duplicate_name_finding() -> Finding {
    Finding {
        id: "duplicate-name",
        place: WHOLE_REPLY.into(),
        problem: "a name occurs twice in an object".into(),
        effect: "Okta does not document which of the two values counts; these findings take the last one",
        fix: "write each name once".into(),
    }
}

fn compressed_finding() -> Finding {
    Finding {
        id: "compressed",
        place: WHOLE_REPLY.into(),
        problem: "the body is compressed with gzip, for which Okta does not ask".into(),
        effect: "Okta presumably cannot read it, denies the request and shows a general text",
        fix: "send the JSON uncompressed, without `Content-Encoding`".into(),
    }
}
