//! HTTP answers. Each has `content-type`, `cache-control` and `x-content-type-options`. No answer repeats
//! a part of the request.

use std::{borrow::Cow, collections::BTreeMap, sync::atomic::Ordering, time::SystemTime};

use actix_http::{ConnectionType, Request};
use actix_web::http::{StatusCode, Version};
use httpdate::HttpDate;
use tokio_util::bytes::Bytes;

use super::State;
use crate::{
    auth::{Freshness, Reason},
    metrics::{self, Observed},
    okta::request::DecodeError,
    state::LivePart,
};

/// In seconds; by then a fetch of keys that was under way has ended, and a queue has been worked off.
const RETRY_AFTER: &str = "2";

/// Why a request got no decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    UriTooLong,
    HeadersTooLarge,
    HeadTooSlow,
    Malformed,
    NotFound,
    Method { allow: &'static str },
    Overloaded,
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
    fn status_and_summary(self) -> (StatusCode, Cow<'static, str>) {
        let (status, summary) = match self {
            Self::UriTooLong => (StatusCode::URI_TOO_LONG, "The URI is too long."),
            Self::HeadersTooLarge => {
                (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "The headers are too large.")
            }
            Self::HeadTooSlow => {
                (StatusCode::REQUEST_TIMEOUT, "The request's head did not arrive in time.")
            }
            Self::Malformed => (StatusCode::BAD_REQUEST, "This is not an HTTP/1.1 request."),
            Self::NotFound => (StatusCode::NOT_FOUND, "There is no such hook."),
            Self::Method { .. } => (
                StatusCode::METHOD_NOT_ALLOWED,
                "This method is not allowed here; see the Allow header.",
            ),
            Self::Overloaded => {
                (StatusCode::SERVICE_UNAVAILABLE, "The service is overloaded; try again.")
            }
            Self::Credentials(reason) if reason.is_forbidden() => {
                (StatusCode::FORBIDDEN, "The credentials are not meant for this service.")
            }
            Self::Credentials(Reason::KeysUnavailable) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Tokens cannot be verified at present; try again.",
            ),
            Self::Credentials(_) => {
                (StatusCode::UNAUTHORIZED, "The credentials are missing or wrong.")
            }
            Self::MediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Send the header Content-Type: application/json.",
            ),
            Self::Encoding => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Send the body uncompressed, without the header Content-Encoding.",
            ),
            Self::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "The body is too large."),
            Self::BodyTooSlow => (StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time."),
            Self::BodyIncomplete => (StatusCode::BAD_REQUEST, "The body is incomplete."),
            Self::Request(error) => {
                return (StatusCode::BAD_REQUEST, format!("Not processed: {error}.").into());
            }
            Self::Internal => {
                (StatusCode::INTERNAL_SERVER_ERROR, "The request could not be processed.")
            }
        };
        (status, summary.into())
    }
}

/// Whether the connection takes another request after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reuse {
    /// As HTTP/1.1 does by default.
    Keep,
    /// As an HTTP/1.0 client has asked for.
    KeepHttp10,
    Close,
}

impl Reuse {
    /// Returns the reuse that the client of this request expects.
    pub(super) fn as_asked(request: &Request) -> Self {
        let head = request.head();
        match head.connection_type() {
            ConnectionType::Close => Self::Close,
            _ if head.version == Version::HTTP_11 => Self::Keep,
            ConnectionType::KeepAlive => Self::KeepHttp10,
            ConnectionType::Upgrade => Self::Close,
        }
    }
}

/// A whole answer.
#[derive(Debug)]
pub(super) struct Answer {
    status: StatusCode,
    media_type: &'static str,
    /// Headers besides those that every answer carries.
    headers: Vec<(&'static str, Cow<'static, str>)>,
    body: Cow<'static, [u8]>,
    /// The end of the body, which answers to other clients may share. Most answers have none.
    shared_end: Bytes,
}

/// An answer as it is sent.
pub(super) struct AnswerBytes {
    pub(super) start: Vec<u8>,
    pub(super) shared_end: Bytes,
}

impl Answer {
    /// A 200 with this JSON.
    pub(super) fn ok(body: impl Into<Cow<'static, [u8]>>) -> Self {
        Self {
            status: StatusCode::OK,
            media_type: "application/json",
            headers: Vec::new(),
            body: body.into(),
            shared_end: Bytes::new(),
        }
    }

    /// A refusal, in the shape of Okta's errors.
    pub(super) fn refusal(refusal: Refusal, state: &State) -> Self {
        let (status, summary) = refusal.status_and_summary();
        let body = format!(r#"{{"error":{{"errorSummary":"{summary}"}}}}"#);
        Self { status, headers: headers_of(refusal, state), ..Self::ok(body.into_bytes()) }
    }

    /// The status in digits.
    pub(super) fn status(&self) -> &str {
        self.status.as_str()
    }

    /// The answer as HTTP/1.1 (RFC 9112), without its body for a `HEAD` request.
    pub(super) fn into_bytes(self, reuse: Reuse, is_head: bool) -> AnswerBytes {
        let mut out = Vec::with_capacity(512 + self.body.len());
        let reason = self.status.canonical_reason().unwrap_or_default();
        for part in ["HTTP/1.1 ", self.status.as_str(), " ", reason, "\r\n"] {
            out.extend_from_slice(part.as_bytes());
        }
        let length = self.body.len() + self.shared_end.len();
        add_header(&mut out, "content-length", &length.to_string());
        add_header(&mut out, "content-type", self.media_type);
        out.extend_from_slice(b"cache-control: no-store\r\nx-content-type-options: nosniff\r\n");
        for (name, value) in &self.headers {
            add_header(&mut out, name, value);
        }
        match reuse {
            Reuse::Keep => {}
            Reuse::KeepHttp10 => add_header(&mut out, "connection", "keep-alive"),
            Reuse::Close => add_header(&mut out, "connection", "close"),
        }
        add_header(&mut out, "date", &HttpDate::from(SystemTime::now()).to_string());
        out.extend_from_slice(b"\r\n");
        if is_head {
            return AnswerBytes { start: out, shared_end: Bytes::new() };
        }
        out.extend_from_slice(&self.body);
        AnswerBytes { start: out, shared_end: self.shared_end }
    }
}

fn add_header(out: &mut Vec<u8>, name: &str, value: &str) {
    for part in [name, ": ", value, "\r\n"] {
        out.extend_from_slice(part.as_bytes());
    }
}

/// The headers that a refusal adds.
fn headers_of(refusal: Refusal, state: &State) -> Vec<(&'static str, Cow<'static, str>)> {
    match refusal {
        Refusal::Method { allow } => vec![("allow", allow.into())],
        Refusal::Encoding => vec![("accept-encoding", "identity".into())],
        Refusal::Overloaded | Refusal::Credentials(Reason::KeysUnavailable) => {
            vec![("retry-after", RETRY_AFTER.into())]
        }
        Refusal::Credentials(reason) => {
            let credentials = state.live.credentials.load();
            let mut headers = Vec::new();
            for challenge in credentials.authenticator.challenges(reason) {
                headers.push(("www-authenticate", challenge.into()));
            }
            headers
        }
        _ => Vec::new(),
    }
}

/// Says that the process runs.
pub(super) fn alive(_: &State) -> Answer {
    Answer::ok(br#"{"alive":true}"#.as_slice())
}

/// Says whether further requests are wanted: not while stopping, and not while no caller could be
/// admitted, since no token can be verified.
pub(super) fn readiness(state: &State) -> Answer {
    let draining = state.draining.load(Ordering::Acquire);
    let rules = if state.live.is_stale(LivePart::Rules) { "stale" } else { "ok" };
    let credentials = state.live.credentials.load();
    let keys = match &credentials.authenticator.bearer {
        Some(bearer) => bearer.keys.freshness(),
        None => Freshness::None,
    };
    let locked = credentials.authenticator.needs_tokens() && keys == Freshness::None;
    let ready = !draining && !locked;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body =
        format!(r#"{{"ready":{ready},"rules":"{rules}","keys":"{keys}","draining":{draining}}}"#);
    Answer { status, ..Answer::ok(body.into_bytes()) }
}

/// The metrics as Prometheus text.
pub(super) fn metrics(state: &State) -> Answer {
    let rules = state.live.rules.load();
    let observed = Observed {
        rules_revision: &rules.revision,
        stale: staleness(state),
        key_fetches: key_fetches(state),
        dropped_lines: state.log.as_ref().map_or(0, |log| log.sink.dropped()),
    };
    match state.metrics.text(&observed) {
        Ok(text) => {
            let media_type = metrics::MEDIA_TYPE;
            Answer { media_type, shared_end: text, ..Answer::ok(b"".as_slice()) }
        }
        Err(_) => Answer::refusal(Refusal::Internal, state),
    }
}

/// For each live part, whether it is stale.
fn staleness(state: &State) -> BTreeMap<&'static str, bool> {
    let mut stale = BTreeMap::new();
    for part in LivePart::ALL {
        stale.insert(part.as_str(), state.live.is_stale(part));
    }
    stale
}

/// The number of fetches of the issuer's keys by their result. Empty without OAuth.
fn key_fetches(state: &State) -> BTreeMap<&'static str, u64> {
    let mut fetches = BTreeMap::new();
    if let Some(bearer) = &state.live.credentials.load().authenticator.bearer {
        let counts = bearer.keys.fetches();
        fetches.insert("ok", counts.succeeded);
        fetches.insert("error", counts.failed);
    }
    fetches
}
