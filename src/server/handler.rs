//! One request, in five steps: admit it by its head, read its body, decide, log, answer.

use std::{fmt::Display, rc::Rc, sync::Arc, time::Instant};

use actix_http::{Request, Response, body::BoxBody};
use actix_web::{
    HttpRequest, HttpResponse,
    http::Method,
    web::{Payload, ThinData},
};

use super::{
    admit::{self, Seen, admit},
    answer::{self, Refusal},
    body,
    guard::Phase,
    state::State,
};
use crate::{
    decision_log::{DecisionLog, Line},
    pipeline::{self, Answer, NoAnswer},
};

/// What one worker answers with.
pub(super) struct Worker {
    pub(super) state: Arc<State>,
    pub(super) log: Option<Arc<DecisionLog>>,
}

/// The paths that are not hooks.
const PROBES: [&str; 2] = ["/healthz", "/readyz"];

/// Answers any request.
pub(super) async fn handle(
    request: HttpRequest,
    payload: Payload,
    ThinData(worker): ThinData<Rc<Worker>>,
) -> HttpResponse {
    let started = Instant::now();
    let phase = request.conn_data::<Rc<Phase>>();
    phase.inspect(|phase| phase.busy());
    let mut length = admit::length(request.head());
    let answer = match probe(&request, &worker.state) {
        Some(answer) => answer,
        None => worker.answer(&request, payload, started, &mut length).await,
    };
    phase.inspect(|phase| phase.idle(length));
    answer
}

/// Looks at a request that waits for `100 Continue`: refused by its head, it is never asked for
/// its body.
pub(super) async fn expect(
    request: Request,
    worker: Rc<Worker>,
) -> Result<Request, Response<BoxBody>> {
    let started = Instant::now();
    let mut seen = Seen::default();
    if PROBES.contains(&request.path()) {
        return Ok(request);
    }
    let Err(refusal) = admit(&worker.state, request.head(), &mut seen).await else {
        return Ok(request);
    };
    let length = admit::length(request.head());
    request.conn_data::<Rc<Phase>>().inspect(|phase| phase.idle(length));
    Err(worker.refuse(refusal, &seen, started).into())
}

/// `/healthz` and `/readyz`, which are not logged.
fn probe(request: &HttpRequest, state: &State) -> Option<HttpResponse> {
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

impl Worker {
    /// Answers a request for a hook; adds its body's length to that of its head.
    async fn answer(
        &self,
        request: &HttpRequest,
        payload: Payload,
        started: Instant,
        length: &mut usize,
    ) -> HttpResponse {
        let mut seen = Seen::default();
        match self.decide(request, payload, started, length, &mut seen).await {
            Ok(body) => answer::decided(body),
            Err(refusal) => self.refuse(refusal, &seen, started),
        }
    }

    async fn decide<'s>(
        &'s self,
        request: &HttpRequest,
        payload: Payload,
        started: Instant,
        length: &mut usize,
        seen: &mut Seen<'s>,
    ) -> Result<Vec<u8>, Refusal> {
        let state = &self.state;
        let hook = admit(state, request.head(), seen).await?;
        seen.unread = true;
        let deadline = started + state.request_timeout;
        let body = body::read(payload, state.body_limit, deadline).await?;
        seen.unread = false;
        // What chunks took on the wire is not known; then nothing counts as left over.
        let chunked = admit::is_chunked(request.head());
        *length = if chunked { usize::MAX } else { *length + body.len() };
        let answer = pipeline::answer(hook, &body, pipeline::today()).map_err(refusal)?;
        self.log(seen, &answer, started);
        Ok(answer.body)
    }

    fn refuse(&self, refusal: Refusal, seen: &Seen<'_>, started: Instant) -> HttpResponse {
        if let Refusal::Credentials(reason) = refusal {
            let reason = reason.as_str();
            self.state.warnings.warn(reason, || format!("refused a caller: {reason}"));
        }
        if let Some(log) = &self.log {
            log.write(&Line { status: refusal.status().as_u16(), ..self.line(seen, started) });
        }
        answer::refused(refusal, &self.state, seen.unread)
    }

    fn log(&self, seen: &Seen<'_>, answer: &Answer<'_, '_>, started: Instant) {
        if !answer.handled {
            let name = seen.name.unwrap_or_default();
            let request_type = answer.request_type.as_str();
            let registration = answer.request_type.is_registration();
            let section =
                if registration { "self_service_registration" } else { "progressive_profile" };
            self.state.warnings.warn(name, || {
                format!(
                    "`{name}` denied a {request_type} request, for which it has no section; narrow \
                     Okta's setting \"Run this hook\", or add [{section}] to its rules"
                )
            });
        }
        let Some(log) = &self.log else {
            return;
        };
        let verdicts = answer.verdicts.iter();
        let rules: Vec<_> =
            verdicts.map(|verdict| (verdict.rule.id.as_str(), verdict.outcome.as_str())).collect();
        log.write(&Line {
            request_type: answer.request_type.as_str(),
            decision: Some(answer.decision),
            event_id: answer.event_id.as_deref(),
            rules: &rules,
            ..self.line(seen, started)
        });
    }

    /// What a line says of any request.
    fn line<'a>(&'a self, seen: &'a Seen<'_>, started: Instant) -> Line<'a> {
        Line {
            hook: seen.name.unwrap_or("none"),
            request_type: "none",
            decision: None,
            status: 200,
            event_id: None,
            rules: &[],
            rules_revision: &self.state.rules.revision,
            caller: seen.caller.as_ref().map_or(&"none", |caller| caller as &dyn Display),
            duration: started.elapsed(),
        }
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
