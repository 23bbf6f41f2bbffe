//! Responses for operators: the two probes and the metrics.

use std::{collections::BTreeMap, sync::atomic::Ordering};

use actix_web::http::StatusCode;

use super::{State, http_response::HttpResponse, refusal::Refusal};
use crate::{
    auth::Freshness,
    metrics::{self, Observed},
    state::LiveState,
};

/// Reports that the process runs.
pub(super) fn alive(_: &State) -> HttpResponse {
    HttpResponse::ok(br#"{"alive":true}"#.as_slice())
}

/// Reports whether the service is ready for requests. A service is not ready while it is stopping, or while it would
/// refuse every caller: tokens are the only authentication method, and there are no keys to verify them.
pub(super) fn readiness(state: &State) -> HttpResponse {
    let draining = state.draining.load(Ordering::Acquire);
    let rules = if state.live.rules.is_stale() { "stale" } else { "ok" };
    let credentials = state.live.credentials.load();
    let keys = match &credentials.authenticator.bearer {
        Some(bearer) => bearer.keys.freshness(),
        // Without OAuth there are no keys. `Unusable` prints as `none`, which is right for this case as well.
        None => Freshness::Unusable,
    };
    let refuses_everyone =
        credentials.authenticator.accepts_only_tokens() && keys == Freshness::Unusable;
    let ready = !draining && !refuses_everyone;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body =
        format!(r#"{{"ready":{ready},"rules":"{rules}","keys":"{keys}","draining":{draining}}}"#);
    HttpResponse { status, ..HttpResponse::ok(body.into_bytes()) }
}

/// The metrics as Prometheus text.
pub(super) fn metrics(state: &State) -> HttpResponse {
    let rules = state.live.rules.load();
    let dropped_lines = match &state.log {
        Some(log) => log.sink.dropped(),
        None => 0,
    };
    let observed = Observed {
        rules_revision: &rules.revision,
        stale: staleness(&state.live),
        key_fetches: key_fetches(&state.live),
        dropped_lines,
    };
    match state.metrics.text(&observed) {
        Ok(text) => {
            // The body is empty but for this end. Responses to several clients share its memory.
            let media_type = metrics::MEDIA_TYPE;
            HttpResponse { media_type, shared_end: text, ..HttpResponse::ok(b"".as_slice()) }
        }
        Err(_) => HttpResponse::refusal(&Refusal::InternalError, state),
    }
}

/// For each live part, whether it is stale.
fn staleness(live: &LiveState) -> BTreeMap<&'static str, bool> {
    let certificate = match &live.certificate {
        Some(certificate) => certificate.is_stale(),
        None => false,
    };
    BTreeMap::from([
        ("rules", live.rules.is_stale()),
        ("credentials", live.credentials.is_stale()),
        ("certificate", certificate),
    ])
}

/// The number of fetches of the issuer's keys by their result. Empty without OAuth.
fn key_fetches(live: &LiveState) -> BTreeMap<&'static str, u64> {
    let mut fetches = BTreeMap::new();
    if let Some(bearer) = &live.credentials.load().authenticator.bearer {
        let counts = bearer.keys.fetches();
        fetches.insert("ok", counts.succeeded);
        fetches.insert("error", counts.failed);
    }
    fetches
}
