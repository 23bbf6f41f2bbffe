//! What can be refused by the head alone, before a byte of the body is read.
//!
//! In this order: an oversized head, 404, 405, credentials, 415, the declared length.

use actix_http::{RequestHead, header::HeaderMap};
use actix_web::http::{Method, header};

use super::{answer::Refusal, state::State};
use crate::{
    auth::{Caller, Moment, Presented},
    rule::Hook,
};

/// The longest URI, in bytes. Okta's own limit for a hook's is 1,024.
const URI_LIMIT: usize = 8 << 10;
/// The most bytes of headers.
const HEADERS_LIMIT: usize = 16 << 10;

/// A request that may be read on.
pub(super) struct Admitted<'s> {
    pub(super) name: &'s str,
    pub(super) hook: &'s Hook,
    pub(super) caller: Caller,
}

impl<'s> Admitted<'s> {
    /// The request, refused later all the same.
    pub(super) fn refused(&self, refusal: Refusal, unread: bool) -> Refused<'s> {
        Refused { refusal, name: Some(self.name), caller: Some(self.caller.clone()), unread }
    }
}

/// A request that may not, and what is known of it.
pub(super) struct Refused<'s> {
    pub(super) refusal: Refusal,
    pub(super) name: Option<&'s str>,
    pub(super) caller: Option<Caller>,
    /// Whether it may have a body that was not read to its end.
    pub(super) unread: bool,
}

/// Looks at the head.
pub(super) async fn admit<'s>(
    state: &'s State,
    head: &RequestHead,
) -> Result<Admitted<'s>, Refused<'s>> {
    let mut refused =
        Refused { refusal: Refusal::NotFound, name: None, caller: None, unread: has_body(head) };
    let too_large = oversized(head);
    let path = head.uri.path().strip_prefix('/').unwrap_or_default();
    let found = state.rules.hooks.get_key_value(path);
    refused.name = found.map(|(name, _)| name.as_str());
    let checked = async {
        too_large?;
        let (name, hook) = found.ok_or(Refusal::NotFound)?;
        if head.method != Method::POST {
            return Err(Refusal::Method { allow: "POST" });
        }
        let caller = state
            .authenticator
            .authenticate(|name| presented(&head.headers, name), Moment::now())
            .await
            .map_err(Refusal::Credentials)?;
        refused.caller = Some(caller.clone());
        media_type(&head.headers)?;
        content_encoding(&head.headers)?;
        declared_length(&head.headers, state.body_limit)?;
        Ok(Admitted { name, hook, caller })
    };
    checked.await.map_err(|refusal| Refused { refusal, ..refused })
}

fn oversized(head: &RequestHead) -> Result<(), Refusal> {
    if uri_length(head) > URI_LIMIT {
        return Err(Refusal::UriTooLong);
    }
    if headers_length(head) > HEADERS_LIMIT {
        return Err(Refusal::HeadersTooLarge);
    }
    Ok(())
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
        (None, _) => Presented::Absent,
        (Some(value), None) => Presented::Once(value.as_bytes()),
        (Some(_), Some(_)) => Presented::Repeated,
    }
}

/// `application/json`, with no parameter but `charset=utf-8`.
fn media_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let Presented::Once(value) = presented(headers, header::CONTENT_TYPE.as_str()) else {
        return Err(Refusal::MediaType);
    };
    let mut parts = value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let is_json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case(b"application/json"));
    let is_utf8 = |parameter: &[u8]| {
        let value = parameter
            .split_at_checked("charset=".len())
            .filter(|(name, _)| name.eq_ignore_ascii_case(b"charset="))
            .map(|(_, value)| value);
        value.is_some_and(|value| {
            value.eq_ignore_ascii_case(b"utf-8") || value.eq_ignore_ascii_case(b"\"utf-8\"")
        })
    };
    // RFC 9110 §5.6.6 lets a parameter be empty.
    if is_json && parts.all(|part| part.is_empty() || is_utf8(part)) {
        Ok(())
    } else {
        Err(Refusal::MediaType)
    }
}

fn content_encoding(headers: &HeaderMap) -> Result<(), Refusal> {
    let plain = headers
        .get_all(header::CONTENT_ENCODING)
        .all(|value| value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity"));
    if plain { Ok(()) } else { Err(Refusal::Encoding) }
}

fn declared_length(headers: &HeaderMap, limit: usize) -> Result<(), Refusal> {
    match declared(headers) {
        Some(length) if length > limit as u64 => Err(Refusal::BodyTooLarge),
        _ => Ok(()),
    }
}

fn declared(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
