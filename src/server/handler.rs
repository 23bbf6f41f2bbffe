//! One request, in five steps: admit it by its head, read its body, decide, log, answer.

use std::{
    fmt::Display,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    sync::Arc,
    time::Instant,
};

use actix_http::{Request, Response, body::BoxBody};
use actix_web::{
    HttpRequest, HttpResponse,
    http::Method,
    web::{Payload, ThinData},
};

use super::{
    admit::{Admitted, Refused, admit},
    answer::{self, Refusal},
    body,
    guard::Phase,
    state::State,
};
use crate::{
    decision_log::{Line, WorkerLog},
    hook::request::DecodeError,
    pipeline::{self, Answer, NoAnswer},
    rule::Hook,
};

/// What one worker answers with.
pub(super) struct Worker {
    pub(super) state: Arc<State>,
    pub(super) log: Option<WorkerLog>,
}

/// Answers any request.
pub(super) async fn handle(
    request: HttpRequest,
    payload: Payload,
    ThinData(worker): ThinData<Rc<Worker>>,
) -> HttpResponse {
    let started = Instant::now();
    let phase = request.conn_data::<Rc<Phase>>();
    phase.inspect(|phase| phase.busy());
    let answer = match probe(&request, &worker.state) {
        Some(answer) => answer,
        None => worker.answer(&request, payload, started).await,
    };
    phase.inspect(|phase| phase.idle());
    answer
}

/// Looks at a request that waits for `100 Continue`: refused by its head, it is never asked for
/// its body.
pub(super) async fn expect(
    request: Request,
    worker: Rc<Worker>,
) -> Result<Request, Response<BoxBody>> {
    let started = Instant::now();
    match admit(&worker.state, request.head()).await {
        Ok(_) => Ok(request),
        Err(refused) => {
            let answer = worker.refuse(&refused, started).into();
            request.conn_data::<Rc<Phase>>().inspect(|phase| phase.idle());
            Err(answer)
        }
    }
}

/// `/healthz` and `/readyz`, which are not logged.
fn probe(request: &HttpRequest, state: &State) -> Option<HttpResponse> {
    let answer = match request.uri().path() {
        "/healthz" => answer::health(),
        "/readyz" => answer::readiness(state),
        _ => return None,
    };
    if [Method::GET, Method::HEAD].contains(request.method()) {
        return Some(answer);
    }
    let refusal = Refusal::Method { allow: "GET, HEAD" };
    Some(answer::refused(refusal, state))
}

impl Worker {
    async fn answer(
        &self,
        request: &HttpRequest,
        payload: Payload,
        started: Instant,
    ) -> HttpResponse {
        let state = &self.state;
        let admitted = match admit(state, request.head()).await {
            Ok(admitted) => admitted,
            Err(refused) => return self.refuse(&refused, started),
        };
        let body =
            match body::read(payload, state.body_limit, started + state.request_timeout).await {
                Ok(body) => body,
                Err(refusal) => return self.refuse(&admitted.refused(refusal), started),
            };
        let answer = match decide(admitted.hook, &body) {
            Ok(answer) => answer,
            Err(refusal) => return self.refuse(&admitted.refused(refusal), started),
        };
        self.log(&admitted, &answer, started);
        answer::decided(answer.body)
    }

    fn refuse(&self, refused: &Refused<'_>, started: Instant) -> HttpResponse {
        if let Refusal::Credentials(reason) = refused.refusal {
            self.state.failures.tell(reason);
        }
        let caller: &dyn Display = match &refused.caller {
            Some(caller) => caller,
            None => &"none",
        };
        self.write(Line {
            hook: refused.name.unwrap_or("none"),
            request_type: "none",
            decision: "none",
            status: refused.refusal.status().as_u16(),
            event_id: None,
            rules: &[],
            rules_revision: &self.state.rules.revision,
            caller,
            duration: started.elapsed(),
        });
        answer::refused(refused.refusal, &self.state)
    }

    fn log(&self, admitted: &Admitted<'_>, answer: &Answer<'_, '_>, started: Instant) {
        if !answer.handled {
            log::warn!(
                "`{}` has no section for {} requests and denied one; narrow Okta's setting \
                 \"Run this hook\", or add the section",
                admitted.name,
                answer.request_type.as_str()
            );
        }
        let outcomes: Vec<_> = answer
            .verdicts
            .iter()
            .map(|verdict| (verdict.rule.id.as_str(), verdict.outcome()))
            .collect();
        self.write(Line {
            hook: admitted.name,
            request_type: answer.request_type.as_str(),
            decision: answer.decision,
            status: 200,
            event_id: answer.event_id.as_deref(),
            rules: &outcomes,
            rules_revision: &self.state.rules.revision,
            caller: &admitted.caller,
            duration: started.elapsed(),
        });
    }

    fn write(&self, line: Line<'_>) {
        if let Some(log) = &self.log {
            log.write(&line);
        }
    }
}

/// Decides. A panic would be a fault of ours; it is answered with 500, which denies.
fn decide<'r, 'b>(hook: &'r Hook, body: &'b [u8]) -> Result<Answer<'r, 'b>, Refusal> {
    match catch_unwind(AssertUnwindSafe(|| pipeline::answer(hook, body))) {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(NoAnswer::Request(DecodeError::Syntax { .. }))) => Err(Refusal::Syntax),
        Ok(Err(NoAnswer::Request(DecodeError::NoHookRequest(_)))) => Err(Refusal::NoHookRequest),
        Ok(Err(error @ NoAnswer::TooLarge)) => {
            log::error!("{error}; shorten the rules' messages, or update fewer attributes");
            Err(Refusal::Fault)
        }
        // The panic hook has logged where it was.
        Err(_) => Err(Refusal::Fault),
    }
}
