//! The operators' listener: metrics and the probes, on a worker that no load of hooks keeps busy.

use actix_http::RequestHead;
use actix_web::http::Method;

use super::{
    State,
    answer::{self, Answer, Refusal},
    handler::answer_probe,
};

/// The most connections at a time.
pub(super) const CONNECTIONS: usize = 256;

/// Answers a request.
pub(super) fn answer(state: &State, head: &RequestHead) -> Answer {
    if let Some(answer) = answer_probe(head, state) {
        return answer;
    }
    match head.uri.path() {
        "/metrics" if head.method == Method::GET => answer::metrics(state),
        "/metrics" => Answer::refusal(Refusal::Method { allow: "GET" }, state),
        _ => Answer::refusal(Refusal::NotFound, state),
    }
}
