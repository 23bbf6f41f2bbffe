//! One request, in five steps: admit it by its head, read its body, decide, log, answer.

use std::{fmt::Display, rc::Rc, time::Instant};

use actix_http::{Request, Response, body::BoxBody};
use actix_web::{
    HttpRequest, HttpResponse,
    http::Method,
    web::{Data, Payload},
};

use super::{
    admit::{self, Seen, admit},
    answer::{self, Refusal},
    body,
    guard::Phase,
    state::State,
};
use crate::{
    decision_log::{DecisionId, Line},
    hook::response,
    pipeline::{self, Answer, NoAnswer},
    rule::Verdict,
};

/// The paths that are not hooks.
const PROBES: [&str; 2] = ["/healthz", "/readyz"];

/// Answers any request.
pub(super) async fn handle(
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> HttpResponse {
    let started = Instant::now();
    let phase = request.conn_data::<Rc<Phase>>();
    phase.inspect(|phase| phase.busy());
    let mut length = admit::length(request.head());
    let response = match probe(&request, &state) {
        Some(answer) => answer,
        None => answer(&state, &request, payload, started, &mut length).await,
    };
    phase.inspect(|phase| phase.idle(length));
    response
}

/// Looks at a request that waits for `100 Continue`: refused by its head, it is never asked for
/// its body.
pub(super) async fn expect(
    request: Request,
    state: Data<State>,
) -> Result<Request, Response<BoxBody>> {
    let started = Instant::now();
    if PROBES.contains(&request.path()) {
        return Ok(request);
    }
    let rules = state.rules.load_full();
    let mut seen = Seen::new(&rules);
    let Err(refusal) = admit(&state, request.head(), &mut seen).await else {
        return Ok(request);
    };
    let length = admit::length(request.head());
    request.conn_data::<Rc<Phase>>().inspect(|phase| phase.idle(length));
    Err(refuse(&state, refusal, &seen, started).into())
}

/// `/healthz` and `/readyz`, which are not logged.
pub(super) fn probe(request: &HttpRequest, state: &State) -> Option<HttpResponse> {
    let [health, readiness] = PROBES;
    let answer = match request.uri().path() {
        path if path == health => answer::health(),
        path if path == readiness => answer::readiness(state),
        _ => return None,
    };
    if [Method::GET, Method::HEAD].contains(request.method()) {
        return Some(answer);
    }
    let refusal = Refusal::Method { allow: "GET, HEAD" };
    Some(answer::refused(refusal, state, admit::has_body(request.head())))
}

/// Answers a request for a hook; adds its body's length to that of its head.
async fn answer(
    state: &State,
    request: &HttpRequest,
    payload: Payload,
    started: Instant,
    length: &mut usize,
) -> HttpResponse {
    let rules = state.rules.load_full();
    let mut seen = Seen::new(&rules);
    match decide(state, request, payload, started, length, &mut seen).await {
        Ok(body) => answer::decided(body),
        Err(refusal) => refuse(state, refusal, &seen, started),
    }
}

async fn decide<'s>(
    state: &State,
    request: &HttpRequest,
    payload: Payload,
    started: Instant,
    length: &mut usize,
    seen: &mut Seen<'s>,
) -> Result<Vec<u8>, Refusal> {
    let hook = admit(state, request.head(), seen).await?;
    seen.unread = true;
    let deadline = started + state.request_timeout;
    let body = body::read(payload, state.body_limit, deadline).await?;
    seen.unread = false;
    // What chunks took on the wire is not known; then nothing counts as left over.
    let chunked = admit::is_chunked(request.head());
    *length = if chunked { usize::MAX } else { *length + body.len() };
    let answer = pipeline::answer(hook, &body, pipeline::today()).map_err(refusal)?;
    Ok(record(state, seen, answer, started))
}

fn refuse(state: &State, refusal: Refusal, seen: &Seen<'_>, started: Instant) -> HttpResponse {
    if let Refusal::Credentials(reason) = refusal {
        let reason = reason.as_str();
        state.warnings.warn(reason, || format!("refused a caller: {reason}"));
        state.metrics.refused(reason);
    }
    let status = refusal.status();
    let line = Line { status: status.as_u16(), ..line(seen, started) };
    state.metrics.answered([line.hook, "none", "none", status.as_str()], line.duration);
    if let Some(log) = &state.log {
        log.write(&line);
    }
    answer::refused(refusal, state, seen.unread)
}

/// Counts and logs a decision, and gives the body that tells Okta of it.
fn record(state: &State, seen: &Seen<'_>, answer: Answer<'_, '_>, started: Instant) -> Vec<u8> {
    let request_type = answer.request_type.as_str();
    if !answer.handled {
        let name = seen.name.unwrap_or_default();
        let registration = answer.request_type.is_registration();
        let section =
            if registration { "self_service_registration" } else { "progressive_profile" };
        state.warnings.warn(name, || {
            format!(
                "`{name}` denied a {request_type} request, for which it has no section; narrow \
                 Okta's setting \"Run this hook\", or add [{section}] to its rules"
            )
        });
    }
    let line = Line {
        request_type,
        decision: Some(answer.decision),
        event_id: answer.event_id.as_deref(),
        verdicts: &answer.verdicts,
        ..line(seen, started)
    };
    for Verdict { rule, outcome } in line.verdicts {
        state.metrics.judged([line.hook, &rule.id, rule.mode(), outcome.as_str()]);
    }
    let decision = answer.decision.as_str();
    state.metrics.answered([line.hook, request_type, decision, "200"], line.duration);
    if let Some(log) = &state.log {
        log.write(&line);
    }
    match state.debug_context {
        true => response::with_debug_context(answer.body, &line.debug_context()),
        false => answer.body,
    }
}

/// What a line says of any request.
fn line<'a>(seen: &'a Seen<'_>, started: Instant) -> Line<'a> {
    Line {
        id: DecisionId::next(),
        hook: seen.name.unwrap_or("none"),
        request_type: "none",
        decision: None,
        status: 200,
        event_id: None,
        verdicts: &[],
        rules_revision: &seen.rules.revision,
        caller: seen.caller.as_ref().map_or(&"none", |caller| caller as &dyn Display),
        duration: started.elapsed(),
    }
}

/// The refusal of a request that has no answer.
fn refusal(error: NoAnswer) -> Refusal {
    match error {
        NoAnswer::Request(error) => Refusal::Request(error),
        NoAnswer::Panicked => Refusal::Internal,
        NoAnswer::TooLarge => {
            log::error!("{error}; shorten the rules' messages, or update fewer attributes");
            Refusal::Internal
        }
    }
}
