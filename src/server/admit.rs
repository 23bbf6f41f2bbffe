//! What can be refused by the head alone, before a byte of the body is read.
//!
//! In this order: an oversized head, 404, 405, credentials, 415, the declared length.

use std::time::{Instant, SystemTime};

use actix_http::{RequestHead, header::HeaderMap};
use actix_web::http::{
    Method,
    header::{self, HeaderValue},
};

use super::{State, answer::Refusal};
use crate::{
    auth::{Caller, Presented, Reason},
    rule::{Hook, RuleSet},
};

/// The longest URI, in bytes. Okta's own limit for a hook's is 1,024.
const URI_LIMIT: usize = 8 << 10;
/// The most bytes of headers.
const HEADERS_LIMIT: usize = 16 << 10;

/// A request, and what is known of it for the log and for its refusal.
pub(super) struct Visit<'s> {
    pub(super) state: &'s State,
    /// The rules in force when it came.
    pub(super) rules: &'s RuleSet,
    pub(super) head: &'s RequestHead,
    pub(super) started: Instant,
    /// How much of it came, in bytes.
    pub(super) length: usize,
    /// The hook's name, or `none`.
    pub(super) hook: &'s str,
    pub(super) caller: Option<Caller>,
}

impl<'s> Visit<'s> {
    pub(super) fn new(state: &'s State, rules: &'s RuleSet, head: &'s RequestHead) -> Self {
        let (started, length) = (Instant::now(), length(head));
        Self { state, rules, head, started, length, hook: "none", caller: None }
    }

    /// Looks at the head, and notes what it sees.
    pub(super) async fn admit(&mut self) -> Result<&'s Hook, Refusal> {
        let Self { state, rules, head, .. } = *self;
        let headers = &head.headers;
        let path = head.uri.path().strip_prefix('/').unwrap_or_default();
        let found = rules.hooks.get_key_value(path);
        self.hook = found.map_or(self.hook, |(name, _)| name);
        ensure(uri_length(head) <= URI_LIMIT, Refusal::UriTooLong)?;
        ensure(headers_length(head) <= HEADERS_LIMIT, Refusal::HeadersTooLarge)?;
        let (_, hook) = found.ok_or(Refusal::NotFound)?;
        ensure(head.method == Method::POST, Refusal::Method { allow: "POST" })?;
        let credentials = state.credentials.load_full();
        let header = |name: &str| presented(headers, name);
        let caller = credentials.authenticator.authenticate(header, SystemTime::now()).await;
        self.caller = Some(caller.map_err(Refusal::Credentials)?);
        ensure(is_json(headers), Refusal::MediaType)?;
        ensure(is_plain(headers), Refusal::Encoding)?;
        let limit = state.settings.server.body_limit as u64;
        ensure(declared(headers).is_none_or(|length| length <= limit), Refusal::BodyTooLarge)?;
        Ok(hook)
    }
}

fn ensure(good: bool, refusal: Refusal) -> Result<(), Refusal> {
    if good { Ok(()) } else { Err(refusal) }
}

/// Whether a body is announced.
pub(super) fn has_body(head: &RequestHead) -> bool {
    is_chunked(head) || !matches!(declared(&head.headers), None | Some(0))
}

/// Whether the body comes in chunks, the one transfer coding that the codec lets through.
pub(super) fn is_chunked(head: &RequestHead) -> bool {
    head.headers.contains_key(header::TRANSFER_ENCODING)
}

/// How long the head was, in bytes, if it was written as most clients do.
pub(super) fn length(head: &RequestHead) -> usize {
    head.method.as_str().len()
        + uri_length(head)
        + "  HTTP/1.1\r\n\r\n".len()
        + headers_length(head)
}

fn uri_length(head: &RequestHead) -> usize {
    let uri = &head.uri;
    let origin = uri.scheme_str().map_or(0, |scheme| scheme.len() + "://".len())
        + uri.authority().map_or(0, |authority| authority.as_str().len());
    origin + uri.path_and_query().map_or(0, |path| path.as_str().len())
}

fn headers_length(head: &RequestHead) -> usize {
    let line = |name: &str, value: usize| name.len() + ": ".len() + value + "\r\n".len();
    head.headers.iter().map(|(name, value)| line(name.as_str(), value.len())).sum()
}

fn presented<'h>(headers: &'h HeaderMap, name: &str) -> Presented<'h> {
    let mut values = headers.get_all(name);
    match (values.next(), values.next()) {
        (value, None) => Ok(value.map(HeaderValue::as_bytes)),
        (_, Some(_)) => Err(Reason::Repeated),
    }
}

/// `application/json`, with no parameter but `charset=utf-8`.
fn is_json(headers: &HeaderMap) -> bool {
    let Ok(Some(value)) = presented(headers, header::CONTENT_TYPE.as_str()) else {
        return false;
    };
    let mut parts = value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case(b"application/json"))
        && parts.all(|parameter| {
            // RFC 9110 §5.6.6 lets a parameter be empty.
            parameter.is_empty()
                || parameter.eq_ignore_ascii_case(b"charset=utf-8")
                || parameter.eq_ignore_ascii_case(b"charset=\"utf-8\"")
        })
}

/// Without any `Content-Encoding` but `identity`.
fn is_plain(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(header::CONTENT_ENCODING);
    codings.all(|coding| coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity"))
}

fn declared(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
