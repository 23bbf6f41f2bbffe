//! HTTP responses. Each has `content-type`, `cache-control` and `x-content-type-options`. No response
//! repeats a part of the request.

use std::{
    borrow::Cow,
    cell::RefCell,
    io::Write as _,
    time::{SystemTime, UNIX_EPOCH},
};

use actix_http::{ConnectionType, Request};
use actix_web::http::{StatusCode, Version};
use httpdate::HttpDate;
use tokio_util::bytes::Bytes;

use super::{
    State,
    refusal::{ExtraHeader, Refusal},
};

/// Whether the connection takes another request after a response, and how the response says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reuse {
    /// Yes, for an HTTP/1.1 client. That is its default, so the response has no header.
    Keep,
    /// Yes, for an HTTP/1.0 client that asked for it. The response has `connection: keep-alive`.
    KeepHttp10,
    /// No. The response has `connection: close`.
    Close,
}

impl Reuse {
    /// Whether the client of this request expects to reuse its connection. `connection: upgrade` is ignored, so that
    /// the version's default applies: HTTP/1.1 keeps the connection, and HTTP/1.0 closes it.
    pub(super) fn as_client_expects(request: &Request) -> Self {
        let head = request.head();
        let is_http_11 = head.version == Version::HTTP_11;
        match head.connection_type() {
            ConnectionType::Close => Self::Close,
            ConnectionType::KeepAlive if !is_http_11 => Self::KeepHttp10,
            ConnectionType::Upgrade if !is_http_11 => Self::Close,
            ConnectionType::KeepAlive | ConnectionType::Upgrade => Self::Keep,
        }
    }
}

/// A whole response.
#[derive(Debug)]
pub(super) struct HttpResponse {
    pub(super) status: StatusCode,
    pub(super) media_type: &'static str,
    /// Headers besides those that every response carries.
    pub(super) headers: Vec<ExtraHeader>,
    pub(super) body: Cow<'static, [u8]>,
    /// The end of the body, in memory that responses to other clients share. Empty unless the body is the metrics.
    pub(super) shared_end: Bytes,
}

/// A response as it is sent: first `start`, then `shared_end`.
pub(super) struct ResponseBytes {
    /// The head, and the part of the body that is not shared.
    pub(super) start: Vec<u8>,
    /// See [`HttpResponse::shared_end`].
    pub(super) shared_end: Bytes,
}

impl HttpResponse {
    /// A response with the status 200 and this JSON.
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
    pub(super) fn refusal(refusal: &Refusal, state: &State) -> Self {
        let (status, summary) = refusal.status_and_summary();
        let body = format!(r#"{{"error":{{"errorSummary":"{summary}"}}}}"#);
        let headers = refusal.headers(&state.live.credentials.load().authenticator);
        Self { status, headers, ..Self::ok(body.into_bytes()) }
    }

    /// The response as HTTP/1.1 (RFC 9112), with the date of `now`.
    pub(super) fn into_bytes(self, reuse: Reuse, now: SystemTime) -> ResponseBytes {
        let mut start = self.head(reuse, now);
        start.extend_from_slice(&self.body);
        ResponseBytes { start, shared_end: self.shared_end }
    }

    /// The response to a `HEAD` request: the same without its body.
    pub(super) fn into_head(self, reuse: Reuse, now: SystemTime) -> ResponseBytes {
        ResponseBytes { start: self.head(reuse, now), shared_end: Bytes::new() }
    }

    /// The status line and the headers, in a buffer with room for the body.
    fn head(&self, reuse: Reuse, now: SystemTime) -> Vec<u8> {
        let mut head = Vec::with_capacity(512 + self.body.len());
        let reason = self.status.canonical_reason().unwrap_or_default();
        for part in ["HTTP/1.1 ", self.status.as_str(), " ", reason, "\r\n"] {
            head.extend_from_slice(part.as_bytes());
        }
        let length = self.body.len() + self.shared_end.len();
        // Writing to a `Vec` cannot fail.
        let _ = write!(head, "content-length: {length}\r\n");
        add_header(&mut head, "content-type", self.media_type);
        head.extend_from_slice(b"cache-control: no-store\r\nx-content-type-options: nosniff\r\n");
        for (name, value) in &self.headers {
            add_header(&mut head, name, value);
        }
        match reuse {
            Reuse::Keep => {}
            Reuse::KeepHttp10 => add_header(&mut head, "connection", "keep-alive"),
            Reuse::Close => add_header(&mut head, "connection", "close"),
        }
        add_date(&mut head, now);
        head.extend_from_slice(b"\r\n");
        head
    }
}

thread_local! {
    /// The date of the last response.
    static LAST_DATE: RefCell<FormattedDate> = RefCell::default();
}

/// A date as responses show it.
#[derive(Default)]
struct FormattedDate {
    /// The seconds since 1970.
    second: u64,
    /// Empty if no date was formatted yet.
    text: String,
}

/// Appends the date. Formats it only once per second, and otherwise reuses the text.
fn add_date(head: &mut Vec<u8>, now: SystemTime) {
    let second = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    LAST_DATE.with_borrow_mut(|last| {
        if last.second != second || last.text.is_empty() {
            last.second = second;
            last.text = HttpDate::from(now).to_string();
        }
        add_header(head, "date", &last.text);
    });
}

fn add_header(head: &mut Vec<u8>, name: &str, value: &str) {
    for part in [name, ": ", value, "\r\n"] {
        head.extend_from_slice(part.as_bytes());
    }
}
