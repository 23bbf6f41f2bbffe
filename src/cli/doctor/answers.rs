//! The answers to a request of each kind, and the findings about them.

use ureq::http::header::CONTENT_TYPE;

use super::{CheckedHook, checkup::Checkup, sample};
use crate::{
    cli::{
        CliError,
        client::{HookCall, HttpAnswer},
    },
    findings::{self, Finding},
    form_fields::form_fields,
    okta::{Flow, reply::HookReply, request},
    user_view::{Certainty, Effect, UserView, user_view},
};

/// The findings that are only notes. Some do not concern the decision. The sample may cause the others: its form may
/// lack a field that the hook expects, or the hook may not be meant for the sample's flow.
const MINOR_FINDINGS: [&str; 5] = [
    "location-not-on-form",
    "location-not-an-attribute",
    "location-in-update",
    "repeated-text",
    "unhandled-request-type",
];

/// Checks the answers to a sample of each kind of request.
pub(super) fn check_answers(hook: &CheckedHook<'_>, checkup: &mut Checkup) -> Result<(), CliError> {
    for flow in Flow::ALL {
        let body = sample(flow)?;
        let call = hook.client.call(hook.url, &body);
        let request = request::decode(&body).map_err(|error| CliError(error.to_string()))?;
        // The hook may be anyone's, so its section of rules is not known.
        let section = None;
        check_answer(flow, &form_fields(&request, section), &call, checkup);
    }
    Ok(())
}

fn check_answer(flow: Flow, fields: &[&str], call: &HookCall, checkup: &mut Checkup) {
    // The check has the name of the flow: `self.service.registration`.
    let check = flow.spec().name;
    let reply = call.hook_reply();
    let findings = findings::find(reply, flow, fields);
    if let Ok(answer) = &call.reply {
        let has_problem =
            findings.iter().any(|finding| weight(finding, flow, reply) == Weight::Problem);
        // The line of a problem says how Okta reacts, so an `ok` line would only repeat that.
        if !has_problem {
            let (status, size) = (answer.status, answer.body.len());
            let effect = describe_effect(&user_view(reply, flow, fields));
            checkup.ok(check, format!("status {status}, {size} bytes: {effect}"));
        }
        if call.succeeds_on_retry() {
            checkup.note(
                check,
                "only the second attempt was answered",
                "find out why the first one failed",
            );
        }
        check_media_type(check, answer, checkup);
    }
    for finding in findings {
        add_finding(check, flow, reply, &finding, checkup);
    }
}

fn describe_effect(view: &UserView) -> String {
    let effect = match view.effect {
        Effect::GoesOn => "Okta lets the sample through",
        Effect::Updates => "Okta lets the sample through and sets attributes",
        Effect::Stops => "Okta denies the sample",
        Effect::Unknown => return "Okta does not document its reaction to this answer".to_owned(),
    };
    let certainty = match view.certainty {
        Certainty::Documented | Certainty::Rendered => "",
        Certainty::Inferred => ", presumably",
        Certainty::Unknown => ", which Okta does not document",
    };
    format!("{effect}{certainty}")
}

fn check_media_type(check: &'static str, answer: &HttpAnswer, checkup: &mut Checkup) {
    if answer.body.is_empty() {
        return;
    }
    let Some(media_type) = answer.headers.get(CONTENT_TYPE) else {
        checkup.note(check, "the answer has no `Content-Type`", "send application/json");
        return;
    };
    let media_type = media_type.to_str().unwrap_or_default();
    let without_parameters = media_type.split(';').next().unwrap_or_default().trim();
    if !without_parameters.eq_ignore_ascii_case("application/json") {
        checkup.note(
            check,
            format!("`Content-Type` is `{media_type}`; Okta does not document whether it reads such answers"),
            "send application/json",
        );
    }
}

/// How much a finding about an answer matters.
#[derive(PartialEq, Eq)]
enum Weight {
    /// The hook refuses the request of Classic Engine. This is right unless the org is on Classic Engine.
    RefusedClassic,
    Minor,
    Problem,
}

fn weight(finding: &Finding, flow: Flow, reply: HookReply<'_>) -> Weight {
    let is_refused = matches!(reply, HookReply::Answered { status: 400..=499, .. });
    if flow == Flow::Classic && is_refused {
        Weight::RefusedClassic
    } else if MINOR_FINDINGS.contains(&finding.id) {
        Weight::Minor
    } else {
        Weight::Problem
    }
}

/// Adds a finding as a note or as a problem.
fn add_finding(
    check: &'static str,
    flow: Flow,
    reply: HookReply<'_>,
    finding: &Finding,
    checkup: &mut Checkup,
) {
    let Finding { place, problem, effect, fix, .. } = finding;
    let message = if place.is_empty() {
        format!("{problem}: {effect}")
    } else {
        format!("{problem} at {place}: {effect}")
    };
    match weight(finding, flow, reply) {
        Weight::RefusedClassic => {
            checkup.note(check, message, "no change is needed if the org is on Identity Engine");
        }
        Weight::Minor => checkup.note(check, message, fix),
        Weight::Problem => checkup.problem(check, message, fix),
    }
}
