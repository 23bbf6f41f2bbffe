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
/// The most bytes of header names and values.
const HEADERS_LIMIT: usize = 16 << 10;

/// A request that may be read on.
pub(super) struct Admitted<'s> {
    pub(super) name: &'s str,
    pub(super) hook: &'s Hook,
    pub(super) caller: Caller,
}

impl<'s> Admitted<'s> {
    /// The request, refused later all the same.
    pub(super) fn refused(&self, refusal: Refusal) -> Refused<'s> {
        Refused { refusal, name: Some(self.name), caller: Some(self.caller.clone()) }
    }
}

/// A request that may not, and what is known of it.
pub(super) struct Refused<'s> {
    pub(super) refusal: Refusal,
    pub(super) name: Option<&'s str>,
    pub(super) caller: Option<Caller>,
}

/// Looks at the head.
pub(super) async fn admit<'s>(
    state: &'s State,
    head: &RequestHead,
) -> Result<Admitted<'s>, Refused<'s>> {
    let mut refused = Refused { refusal: Refusal::NotFound, name: None, caller: None };
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
    let uri = head.uri.path_and_query().map_or(0, |uri| uri.as_str().len());
    if uri > URI_LIMIT {
        return Err(Refusal::UriTooLong);
    }
    let lengths = head.headers.iter().map(|(name, value)| name.as_str().len() + value.len());
    if lengths.sum::<usize>() > HEADERS_LIMIT {
        return Err(Refusal::HeadersTooLarge);
    }
    Ok(())
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
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    match length {
        Some(length) if length > limit as u64 => Err(Refusal::BodyTooLarge),
        _ => Ok(()),
    }
}
