//! The paths of the service's own, by listener. They are not logged. Every other path
//! belongs to a hook or gets 404.

use actix_http::RequestHead;

use super::{
    State,
    answer::{self, Answer, Refusal},
};

/// A path and what answers there.
pub(super) struct Route {
    path: &'static str,
    /// The methods, as the header `Allow` lists them.
    allow: &'static str,
    answer: fn(&State) -> Answer,
}

const ALIVE: Route = Route { path: "/healthz", allow: "GET, HEAD", answer: answer::alive };
const READY: Route = Route { path: "/readyz", allow: "GET, HEAD", answer: answer::readiness };
const METRICS: Route = Route { path: "/metrics", allow: "GET", answer: answer::metrics };

/// The paths of the hooks' listener, besides the hooks.
pub(super) const HOOKS: [Route; 2] = [ALIVE, READY];
/// The paths of the operators' listener.
pub(super) const OPERATIONS: [Route; 3] = [ALIVE, READY, METRICS];

/// Answers a request for one of these routes. Returns `None` for other paths.
pub(super) fn answer(routes: &[Route], head: &RequestHead, state: &State) -> Option<Answer> {
    let route = routes.iter().find(|route| route.path == head.uri.path())?;
    let is_allowed = route.allow.split(", ").any(|method| method == head.method.as_str());
    if !is_allowed {
        return Some(Answer::refusal(Refusal::Method { allow: route.allow }, state));
    }
    Some((route.answer)(state))
}
