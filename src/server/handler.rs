//! One request for a hook, in six steps: admit it by its head, read its body, wait for a turn, decide,
//! record, answer.

use actix_http::RequestHead;
use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    State,
    answer::{Answer, Refusal},
    body::Body,
    request_context::RequestContext,
    routes,
    turns::Turns,
};
use crate::{
    clock,
    pipeline::{self, NoAnswer},
    rule::Hook,
};

/// Answers a request of the hooks' listener.
pub(super) async fn answer<S: AsyncRead + AsyncWrite + Unpin>(
    state: &State,
    judging: &Turns,
    head: &RequestHead,
    body: &mut Body<'_, S>,
) -> Answer {
    if let Some(answer) = routes::answer(&routes::HOOKS, head, state) {
        return answer;
    }
    let rules = state.live.rules.load_full();
    let mut context = RequestContext::new(state, &rules);
    match answer_hook(&mut context, head, body, judging).await {
        Ok(decision) => Answer::ok(decision),
        Err(refusal) => context.refuse(refusal),
    }
}

/// Answers bytes that did not become a request.
pub(super) fn refuse_head(state: &State, refusal: Refusal) -> Answer {
    RequestContext::new(state, &state.live.rules.load_full()).refuse(refusal)
}

/// Decides a request, and returns the body of the answer.
async fn answer_hook<S: AsyncRead + AsyncWrite + Unpin>(
    context: &mut RequestContext<'_>,
    head: &RequestHead,
    body: &mut Body<'_, S>,
    judging: &Turns,
) -> Result<Vec<u8>, Refusal> {
    let hook = context.admit(head).await?;
    let server = &context.state.settings.server;
    let body = body.read(server.body_limit, context.started + server.request_timeout).await?;
    let turn = judging.next().await.ok_or(Refusal::Overloaded)?;
    let decided = decide(context, hook, &body);
    turn.end().await;
    decided
}

/// Judges a request, records the decision, and returns the body of the answer.
fn decide(context: &RequestContext<'_>, hook: &Hook, body: &[u8]) -> Result<Vec<u8>, Refusal> {
    let answer = pipeline::answer(hook, body, &clock::facts()).map_err(refusal)?;
    Ok(context.record(answer))
}

/// The refusal of a request that has no answer.
fn refusal(error: NoAnswer) -> Refusal {
    match error {
        NoAnswer::Request(error) => Refusal::Request(error),
        NoAnswer::Panicked => Refusal::Internal,
    }
}
