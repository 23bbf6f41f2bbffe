//! Responds to one request: finds the route and, if the route is a hook, decides the request in steps.

use std::{cell::RefCell, sync::Arc, time::Duration};

use actix_http::{Request, RequestHead, ServiceConfig};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::Instant,
};

use super::{
    State,
    body::Body,
    decision_counters::DecisionCounters,
    http_response::HttpResponse,
    refusal::Refusal,
    request_context::RequestContext,
    routes::{self, Listener, NamedHook, Route},
    turns::Turns,
};
use crate::{
    clock::{self, Moment},
    lookup::{self, LookupAnswer},
    pipeline::{self, NoAnswer},
    rule::{Facts, Hook},
};

/// The longest wait of a request for its turn. Okta gives up after 3 s.
const LONGEST_WAIT: Duration = Duration::from_millis(250);
/// Lookups end this long before the time limit of the request, so that there is time to judge it.
const TIME_TO_JUDGE: Duration = Duration::from_millis(100);

/// Responds to the requests of one listener on one worker.
pub(super) struct Handler {
    pub(super) listener: Listener,
    pub(super) state: Arc<State>,
    pub(super) codec_config: ServiceConfig,
    /// The queue for judging requests.
    turns: Turns,
    /// The counters of this worker.
    counters: RefCell<DecisionCounters>,
}

impl Handler {
    /// The handler of a worker that serves at most this many connections at a time. Must be called on the worker's
    /// runtime: [`ServiceConfig`] spawns its clock on the current runtime.
    pub(super) fn new(listener: Listener, connections: usize, state: Arc<State>) -> Self {
        // At most half of the connections may wait for a turn. Further requests are refused as overload.
        let turns = Turns::new(connections.div_ceil(2), LONGEST_WAIT);
        let counters = RefCell::default();
        Self { listener, state, codec_config: ServiceConfig::default(), turns, counters }
    }

    /// Responds to a request.
    pub(super) async fn respond<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        request: &Request,
        body: &mut Body<'_, S>,
        arrived: Moment,
    ) -> HttpResponse {
        let head = request.head();
        let rules = self.state.live.rules.load_full();
        let prefix = &self.state.settings.server.path_prefix;
        let named_hook = match routes::find(self.listener, head.uri.path(), prefix, &rules) {
            Route::Hook(named_hook) => named_hook,
            Route::Operations { allow, respond } if routes::allows(allow, &head.method) => {
                return respond(&self.state);
            }
            Route::Operations { allow, .. } => {
                return self.refuse_uncounted(
                    Refusal::MethodNotAllowed { allow },
                    Some(head),
                    arrived,
                );
            }
            Route::Unknown => {
                return self.refuse_uncounted(
                    Refusal::NotFound(self.listener),
                    Some(head),
                    arrived,
                );
            }
        };
        let mut context = RequestContext::new(&self.state, &self.counters, &rules, arrived);
        match self.decide(&mut context, named_hook, head, body).await {
            Ok(answer) => HttpResponse::ok(answer),
            Err(refusal) => context.refuse(refusal, Some(head)),
        }
    }

    /// Responds to bytes that are not a request, and to connections that are turned away.
    pub(super) fn refuse(&self, refusal: Refusal, now: Moment) -> HttpResponse {
        match self.listener {
            Listener::Hooks => {
                let rules = self.state.live.rules.load_full();
                RequestContext::new(&self.state, &self.counters, &rules, now).refuse(refusal, None)
            }
            Listener::Operations => self.refuse_uncounted(refusal, None, now),
        }
    }

    /// Refuses a request that is not for a hook, such as a `POST` to `/healthz`. Logs why, but neither counts
    /// the refusal nor writes a line of the decision log.
    fn refuse_uncounted(
        &self,
        refusal: Refusal,
        head: Option<&RequestHead>,
        now: Moment,
    ) -> HttpResponse {
        let rules = self.state.live.rules.load_full();
        RequestContext::new(&self.state, &self.counters, &rules, now).log_diagnosis(&refusal, head);
        HttpResponse::refusal(&refusal, &self.state)
    }

    /// Decides a request for a hook: admits the caller, reads the body, asks the lookups, waits for a turn, judges,
    /// records, and ends the turn.
    async fn decide<'s, S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        context: &mut RequestContext<'s>,
        named_hook: Option<NamedHook<'s>>,
        head: &RequestHead,
        body: &mut Body<'_, S>,
    ) -> Result<Vec<u8>, Refusal> {
        let settings = &self.state.settings.server;
        let deadline = context.arrived.instant + settings.request_timeout;
        let hook = context.admit(head, named_hook).await?;
        let body = body.read(settings.body_limit, deadline).await?;
        self.answer(context, hook, &body, deadline).await
    }

    /// Asks the lookups, judges the request and records the decision.
    async fn answer(
        &self,
        context: &RequestContext<'_>,
        hook: &Hook,
        body: &[u8],
        deadline: Instant,
    ) -> Result<Vec<u8>, Refusal> {
        let answers = self.ask_lookups(context, hook, body, deadline).await?;
        let turn = self.turns.acquire(deadline).await.ok_or(Refusal::Overloaded)?;
        let answer = judge_and_record(context, hook, body, &answers);
        turn.end().await;
        answer
    }

    /// Asks the lookups that the request needs. Most hooks have none.
    async fn ask_lookups(
        &self,
        context: &RequestContext<'_>,
        hook: &Hook,
        body: &[u8],
        deadline: Instant,
    ) -> Result<Vec<LookupAnswer>, Refusal> {
        if !hook.has_lookups() {
            return Ok(Vec::new());
        }
        let turn = self.turns.acquire(deadline).await.ok_or(Refusal::Overloaded)?;
        let questions = pipeline::questions(hook, body, &clock::facts_at(context.arrived.time));
        turn.end().await;
        let questions = questions?;
        let sources = self.state.live.sources.load_full();
        let deadline = deadline.checked_sub(TIME_TO_JUDGE).unwrap_or(deadline);
        Ok(sources.ask(&questions, deadline).await)
    }
}

/// Judges a request, records the decision, and returns the answer's body. If `preview` runs, shows the decision there.
fn judge_and_record(
    context: &RequestContext<'_>,
    hook: &Hook,
    body: &[u8],
    answers: &[LookupAnswer],
) -> Result<Vec<u8>, Refusal> {
    let facts =
        Facts { lookups: lookup::results(answers), ..clock::facts_at(context.arrived.time) };
    let answer = pipeline::answer(hook, body, &facts)?;
    if let Some(feed) = &context.state.feed {
        feed.add_decision(&context.received_call(), hook, body, &answer, &facts, answers);
    }
    Ok(context.record(answer, answers))
}

impl From<NoAnswer> for Refusal {
    fn from(error: NoAnswer) -> Self {
        match error {
            NoAnswer::InvalidRequest(error) => Self::BodyInvalid(error),
            NoAnswer::Panicked => Self::InternalError,
        }
    }
}
