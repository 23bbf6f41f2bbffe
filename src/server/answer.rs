//! HTTP answers. Every one carries the same two headers; none repeats anything of the request.

use std::{borrow::Cow, sync::atomic::Ordering};

use actix_http::RequestHead;
use actix_web::{
    HttpResponse, HttpResponseBuilder,
    body::MessageBody,
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};

use super::{RULES, State, admit::has_body};
use crate::{
    auth::{Freshness, Reason},
    hook::request::DecodeError,
    metrics::MEDIA_TYPE,
};

/// In seconds; by then a fetch of keys that was under way has ended.
const RETRY_AFTER: &str = "2";

/// Why a request got no decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    UriTooLong,
    HeadersTooLarge,
    NotFound,
    Method { allow: &'static str },
    Credentials(Reason),
    MediaType,
    Encoding,
    BodyTooLarge,
    BodyTooSlow,
    BodyIncomplete,
    Request(DecodeError),
    Internal,
}

impl Refusal {
    /// The status, and what the caller is told; nothing of the request comes back.
    fn told(self) -> (u16, Cow<'static, str>) {
        let (status, summary) = match self {
            Self::UriTooLong => (414, "The URI is too long."),
            Self::HeadersTooLarge => (431, "The headers are too large."),
            Self::NotFound => (404, "There is no such hook."),
            Self::Method { .. } => (405, "This method is not allowed here; see the Allow header."),
            Self::Credentials(reason) if reason.is_forbidden() => {
                (403, "The credentials are not meant for this service.")
            }
            Self::Credentials(Reason::KeysUnavailable) => {
                (503, "Tokens cannot be verified at present; try again.")
            }
            Self::Credentials(_) => (401, "The credentials are missing or wrong."),
            Self::MediaType => (415, "Send the header Content-Type: application/json."),
            Self::Encoding => {
                (415, "Send the body uncompressed, without the header Content-Encoding.")
            }
            Self::BodyTooLarge => (413, "The body is too large."),
            Self::BodyTooSlow => (408, "The body did not arrive in time."),
            Self::BodyIncomplete => (400, "The body is incomplete."),
            Self::Request(error) => return (400, format!("Not processed: {error}.").into()),
            Self::Internal => (500, "The request could not be processed."),
        };
        (status, summary.into())
    }

    /// Whether some of the request's body may not have been read.
    fn leaves_body(self, head: &RequestHead) -> bool {
        match self {
            Self::Request(_) | Self::Internal => false,
            Self::BodyTooLarge | Self::BodyTooSlow | Self::BodyIncomplete => true,
            _ => has_body(head),
        }
    }
}

/// An answer that is no refusal.
pub(super) fn good(body: impl MessageBody + 'static) -> HttpResponse {
    json(StatusCode::OK).body(body)
}

/// A refusal's answer to the request of this head, in the shape of Okta's errors.
pub(super) fn refused(refusal: Refusal, state: &State, head: &RequestHead) -> HttpResponse {
    let (status, summary) = refusal.told();
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = json(status);
    match refusal {
        Refusal::Method { allow } => answer.insert_header((header::ALLOW, allow)),
        Refusal::Encoding => answer.insert_header((header::ACCEPT_ENCODING, "identity")),
        Refusal::Credentials(Reason::KeysUnavailable) => {
            answer.insert_header((header::RETRY_AFTER, RETRY_AFTER))
        }
        Refusal::Credentials(reason) => {
            let credentials = state.credentials.load();
            credentials.authenticator.challenges(reason).fold(&mut answer, |answer, challenge| {
                answer.append_header((header::WWW_AUTHENTICATE, challenge))
            })
        }
        _ => &mut answer,
    };
    // What is left of a body is no next request.
    if refusal.leaves_body(head) {
        answer.force_close();
    }
    answer.body(format!(r#"{{"error":{{"errorSummary":"{summary}"}}}}"#))
}

/// Whether further requests are wanted: not while stopping, and not while nobody
/// could get in, since no token can be verified.
pub(super) fn readiness(state: &State) -> HttpResponse {
    let draining = state.draining.load(Ordering::Acquire);
    let rules = if state.metrics.is_stale(RULES) { "stale" } else { "ok" };
    let credentials = state.credentials.load();
    let bearer = credentials.authenticator.bearer.as_ref();
    let keys = bearer.map_or(Freshness::None, |bearer| bearer.keys.freshness());
    let locked = credentials.authenticator.needs_tokens() && keys == Freshness::None;
    let ready = !draining && !locked;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    json(status).body(format!(
        r#"{{"ready":{ready},"rules":"{rules}","keys":"{keys}","draining":{draining}}}"#
    ))
}

/// The metrics.
pub(super) fn metrics(state: &State, head: &RequestHead) -> HttpResponse {
    let credentials = state.credentials.load();
    let fetches = credentials.authenticator.bearer.as_ref().map(|bearer| bearer.keys.fetches());
    let dropped = state.log.as_ref().map_or(0, |log| log.sink.dropped());
    match state.metrics.text(fetches, dropped) {
        Ok(text) => {
            json(StatusCode::OK).insert_header((header::CONTENT_TYPE, MEDIA_TYPE)).body(text)
        }
        Err(_) => refused(Refusal::Internal, state, head),
    }
}

fn json(status: StatusCode) -> HttpResponseBuilder {
    const NO_SNIFF: (HeaderName, HeaderValue) =
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    const NO_STORE: (HeaderName, HeaderValue) =
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    const JSON: (HeaderName, HeaderValue) =
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let mut answer = HttpResponseBuilder::new(status);
    answer.insert_header(JSON).insert_header(NO_STORE).insert_header(NO_SNIFF);
    answer
}
