//! The findings about an answer, as JSON for the page.

use serde::Serialize;

use crate::{
    findings::{self, Finding},
    okta::{Flow, reply::HookReply},
};

/// A finding about the answer.
#[derive(Serialize)]
pub(super) struct FindingJson {
    id: &'static str,
    place: String,
    problem: String,
    effect: &'static str,
    fix: String,
}

/// The findings about a reply to a form with these fields.
pub(super) fn findings_json(reply: HookReply<'_>, flow: Flow, fields: &[&str]) -> Vec<FindingJson> {
    let mut found = Vec::new();
    for Finding { id, place, problem, effect, fix } in findings::find(reply, flow, fields) {
        found.push(FindingJson { id, place, problem, effect, fix });
    }
    found
}
