//! The answers to a request of each kind, and their faults.

use ureq::http::header::CONTENT_TYPE;

use super::{CheckedHook, checkup::Checkup, sample};
use crate::{
    cli::{
        CliError,
        client::{HookCall, HttpAnswer, NoReply},
    },
    findings::{self, Finding},
    okta::{Flow, reply::HookReply as OktaReply, request},
    user_view::{Effect, form_fields, user_view},
};

/// The requests of each kind that Okta sends.
const FLOWS: [Flow; 3] = [Flow::SelfServiceRegistration, Flow::ProgressiveProfile, Flow::Classic];

/// Faults after which the decision stands, and which concern only the place of a text. They may come from the
/// sample, whose form lacks a field of the hook's.
const FAULTS_OF_PLACE: [&str; 4] =
    ["location-not-on-form", "location-not-an-attribute", "location-in-update", "repeated-text"];

/// Checks the answers to a sample of each kind of request.
pub(super) fn check_answers(hook: &CheckedHook<'_>, checkup: &mut Checkup) -> Result<(), CliError> {
    for flow in FLOWS {
        let body = sample(flow)?;
        let call = hook.client.call(hook.url, &body);
        let request = request::decode(&body).map_err(|error| CliError(error.to_string()))?;
        check_answer(flow, &form_fields(&request), &call, checkup);
    }
    Ok(())
}

fn check_answer(flow: Flow, fields: &[&str], call: &HookCall, checkup: &mut Checkup) {
    let check = flow.spec().name;
    let reply = match &call.reply {
        Ok(reply) => OktaReply::Answered { status: reply.status, body: &reply.body },
        Err(NoReply::TimedOut) => OktaReply::TimedOut,
        Err(_) => OktaReply::Unreachable,
    };
    let effect = match user_view(reply, flow, fields).effect {
        Effect::GoesOn => "Okta lets the sample through",
        Effect::Updates => "Okta lets the sample through and sets attributes",
        Effect::Stops => "Okta denies the sample",
        Effect::Unknown => "Okta does not document its reaction to this answer",
    };
    if let Ok(reply) = &call.reply {
        let message = format!("status {}, {} bytes: {effect}", reply.status, reply.body.len());
        checkup.ok(check, message);
        if call.is_retried {
            checkup.note(
                check,
                "only the second attempt was answered",
                "find out why the first one failed",
            );
        }
        check_media_type(check, reply, checkup);
    }
    for finding in findings::find(reply, flow, fields) {
        add_finding(check, flow, reply, &finding, checkup);
    }
}

fn check_media_type(check: &'static str, reply: &HttpAnswer, checkup: &mut Checkup) {
    if reply.body.is_empty() {
        return;
    }
    let media_type = match reply.headers.get(CONTENT_TYPE) {
        Some(value) => value.to_str().unwrap_or_default(),
        None => "",
    };
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        checkup.note(
            check,
            format!("`Content-Type` is `{media_type}`; Okta does not document whether it reads such answers"),
            "send application/json",
        );
    }
}

/// Adds a fault of an answer. A call that fails with Classic Engine's request is a note: no org of Identity
/// Engine sends it.
fn add_finding(
    check: &'static str,
    flow: Flow,
    reply: OktaReply<'_>,
    finding: &Finding,
    checkup: &mut Checkup,
) {
    let Finding { id, place, problem, effect, fix } = finding;
    let at = if place.is_empty() { String::new() } else { format!(" at {place}") };
    let message = format!("{problem}{at}: {effect}");
    let is_refused = matches!(reply, OktaReply::Answered { status: 400..=499, .. });
    if flow == Flow::Classic && is_refused {
        checkup.note(check, message, "no change is needed if the org is on Identity Engine");
    } else if FAULTS_OF_PLACE.contains(id) {
        checkup.note(check, message, fix);
    } else {
        checkup.problem(check, message, fix);
    }
}
