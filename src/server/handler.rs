//! One request, in five steps: admit it by its head, read its body, decide, log, answer.

use std::{fmt::Display, future::poll_fn, pin::Pin, rc::Rc, sync::atomic::Ordering};

use actix_http::{ConnectionType, Request, Response, body::BoxBody};
use actix_web::{
    HttpRequest, HttpResponse,
    http::Method,
    web::{Bytes, BytesMut, Data, Payload},
};
use futures_core::Stream as _;
use tokio::time::timeout_at;

use super::{
    State,
    admit::{self, Visit},
    answer::{self, Refusal},
    guard::Phase,
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
    let phase = request.conn_data::<Rc<Phase>>();
    phase.inspect(|phase| phase.busy());
    let rules = state.rules.load_full();
    let mut visit = Visit::new(&state, &rules, request.head());
    let mut response = match probe(&request, &state) {
        Some(answer) => answer,
        None => match visit.decide(payload).await {
            Ok(body) => answer::good(body),
            Err(refusal) => visit.refuse(refusal),
        },
    };
    phase.inspect(|phase| phase.idle(visit.length));
    // Who is told sends the next request elsewhere, and not into a connection that is about to end.
    if state.draining.load(Ordering::Acquire) {
        response.head_mut().set_connection_type(ConnectionType::Close);
    }
    response
}

/// Looks at a request that waits for `100 Continue`: refused by its head, it is never asked for
/// its body.
pub(super) async fn expect(
    request: Request,
    state: Data<State>,
) -> Result<Request, Response<BoxBody>> {
    if PROBES.contains(&request.path()) {
        return Ok(request);
    }
    let rules = state.rules.load_full();
    let mut visit = Visit::new(&state, &rules, request.head());
    let Err(refusal) = visit.admit().await else {
        return Ok(request);
    };
    request.conn_data::<Rc<Phase>>().inspect(|phase| phase.idle(visit.length));
    Err(visit.refuse(refusal).into())
}

/// `/healthz` and `/readyz`, which are not logged.
pub(super) fn probe(request: &HttpRequest, state: &State) -> Option<HttpResponse> {
    let [health, readiness] = PROBES;
    let answer = match request.uri().path() {
        path if path == health => answer::good(r#"{"alive":true}"#),
        path if path == readiness => answer::readiness(state),
        _ => return None,
    };
    if [Method::GET, Method::HEAD].contains(request.method()) {
        return Some(answer);
    }
    let refusal = Refusal::Method { allow: "GET, HEAD" };
    Some(answer::refused(refusal, state, request.head()))
}

impl Visit<'_> {
    /// Answers a request for a hook.
    async fn decide(&mut self, payload: Payload) -> Result<Vec<u8>, Refusal> {
        let hook = self.admit().await?;
        let server = &self.state.settings.server;
        let deadline = self.started + server.request_timeout;
        let body = timeout_at(deadline.into(), read(payload, server.body_limit)).await;
        let body = body.unwrap_or(Err(Refusal::BodyTooSlow))?;
        // What chunks took on the wire is not known; then nothing counts as left over.
        let chunked = admit::is_chunked(self.head);
        self.length = if chunked { usize::MAX } else { self.length + body.len() };
        let answer = pipeline::answer(hook, &body, pipeline::today()).map_err(refusal)?;
        Ok(self.record(answer))
    }

    /// Counts and logs a refusal, and tells the caller of it.
    fn refuse(&self, refusal: Refusal) -> HttpResponse {
        if let Refusal::Credentials(reason) = refusal {
            let reason = reason.as_str();
            self.state.warnings.warn(reason, || format!("refused a caller: {reason}"));
            self.state.metrics.refused(reason);
        }
        let answer = answer::refused(refusal, self.state, self.head);
        self.tell(&Line { status: answer.status().as_str(), ..self.line() });
        answer
    }

    /// Counts and logs a decision, and gives the body that tells Okta of it.
    fn record(&self, answer: Answer<'_, '_>) -> Vec<u8> {
        let Self { state, hook, .. } = *self;
        let request_type = answer.request_type.as_str();
        if !answer.handled {
            let section = match answer.request_type.is_registration() {
                true => "self_service_registration",
                false => "progressive_profile",
            };
            state.warnings.warn(hook, || {
                format!(
                    "`{hook}` denied a {request_type} request, for which it has no section; narrow \
                     Okta's setting \"Run this hook\", or add [{section}] to its rules"
                )
            });
        }
        if answer.too_large {
            state.warnings.warn(&format!("{hook} too large"), || {
                format!(
                    "`{hook}` denied a {request_type} request because the answer would have {} \
                     bytes or more, which Okta refuses; shorten the rules' messages, or update \
                     fewer attributes",
                    response::SIZE_LIMIT
                )
            });
        }
        let line = Line {
            request_type,
            decision: answer.decision.as_str(),
            event_id: answer.event_id.as_deref(),
            verdicts: &answer.verdicts,
            ..self.line()
        };
        self.tell(&line);
        match state.settings.debug_context {
            true => response::with_debug_context(answer.body, &line.debug_context()),
            false => answer.body,
        }
    }

    /// What a line says of any request.
    fn line(&self) -> Line<'_> {
        Line {
            id: DecisionId::next(),
            hook: self.hook,
            request_type: "none",
            decision: "none",
            status: "200",
            event_id: None,
            verdicts: &[],
            rules_revision: &self.rules.revision,
            caller: self.caller.as_ref().map_or(&"none", |caller| caller as &dyn Display),
            duration: self.started.elapsed(),
        }
    }

    /// Counts and logs.
    fn tell(&self, line: &Line<'_>) {
        let &Line { hook, request_type, decision, status, .. } = line;
        for Verdict { rule, outcome } in line.verdicts {
            self.state.metrics.judged([hook, &rule.id, rule.mode(), outcome.as_str()]);
        }
        self.state.metrics.answered([hook, request_type, decision, status], line.duration);
        if let Some(log) = &self.state.log {
            log.write(line);
        }
    }
}

/// The whole body.
async fn read(mut payload: Payload, limit: usize) -> Result<Bytes, Refusal> {
    let mut body = Bytes::new();
    while let Some(piece) = poll_fn(|context| Pin::new(&mut payload).poll_next(context)).await {
        let piece = piece.map_err(|_| Refusal::BodyIncomplete)?;
        if piece.len() > limit.saturating_sub(body.len()) {
            return Err(Refusal::BodyTooLarge);
        }
        // Most bodies come in one piece, which is then not copied.
        body = if body.is_empty() {
            piece
        } else {
            let mut longer = BytesMut::from(body);
            longer.extend_from_slice(&piece);
            longer.freeze()
        };
    }
    Ok(body)
}

/// The refusal of a request that has no answer.
fn refusal(error: NoAnswer) -> Refusal {
    match error {
        NoAnswer::Request(error) => Refusal::Request(error),
        NoAnswer::Panicked => Refusal::Internal,
    }
}
