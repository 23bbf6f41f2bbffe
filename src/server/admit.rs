//! Refusals that need only the head, before a byte of the body is read.
//!
//! In this order: an oversized head, 404, 405, credentials, 415, the declared length.

use std::time::SystemTime;

use actix_http::{RequestHead, header::HeaderMap};
use actix_web::http::{
    Method,
    header::{self, HeaderValue},
};

use super::{answer::Refusal, request_context::RequestContext};
use crate::{
    auth::{Reason, SingleHeader},
    rule::Hook,
};

/// The longest URI, in bytes. Okta's own limit for a hook's is 1,024.
const URI_LIMIT: usize = 8 << 10;
/// The most bytes of headers.
const HEADERS_LIMIT: usize = 16 << 10;

impl<'s> RequestContext<'s> {
    /// Finds the hook that a request is for, and says why not to read its body.
    pub(super) async fn admit(&mut self, head: &RequestHead) -> Result<&'s Hook, Refusal> {
        let state = self.state;
        let path = head.uri.path().strip_prefix('/').unwrap_or_default();
        let found = self.rules.hooks.get_key_value(path);
        if let Some((name, _)) = found {
            self.hook = Some(name);
        }
        refuse_if(uri_length(head) > URI_LIMIT, Refusal::UriTooLong)?;
        refuse_if(headers_length(head) > HEADERS_LIMIT, Refusal::HeadersTooLarge)?;
        let (_, hook) = found.ok_or(Refusal::NotFound)?;
        refuse_if(head.method != Method::POST, Refusal::Method { allow: "POST" })?;
        let credentials = state.live.credentials.load_full();
        let header = |name: &str| single_header(&head.headers, name);
        let caller = credentials.authenticator.authenticate(header, SystemTime::now()).await;
        self.caller = Some(caller.map_err(Refusal::Credentials)?);
        refuse_if(!is_json(&head.headers), Refusal::MediaType)?;
        refuse_if(!is_plain(&head.headers), Refusal::Encoding)?;
        let length = declared_length(&head.headers).unwrap_or(0);
        refuse_if(length > state.settings.server.body_limit as u64, Refusal::BodyTooLarge)?;
        Ok(hook)
    }
}

fn refuse_if(refused: bool, refusal: Refusal) -> Result<(), Refusal> {
    if refused { Err(refusal) } else { Ok(()) }
}

/// The length of the body by `Content-Length`, in bytes.
pub(super) fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

/// The length of the URI in bytes, without a fragment, which the codec drops.
fn uri_length(head: &RequestHead) -> usize {
    let uri = &head.uri;
    let origin = uri.scheme_str().map_or(0, |scheme| scheme.len() + "://".len())
        + uri.authority().map_or(0, |authority| authority.as_str().len());
    origin + uri.path_and_query().map_or(0, |path| path.as_str().len())
}

/// The length of the headers in bytes, as if each were written as `name: value`. The codec drops further
/// white space.
fn headers_length(head: &RequestHead) -> usize {
    let mut length = 0;
    for (name, value) in &head.headers {
        length += name.as_str().len() + ": ".len() + value.len() + "\r\n".len();
    }
    length
}

fn single_header<'h>(headers: &'h HeaderMap, name: &str) -> SingleHeader<'h> {
    let mut values = headers.get_all(name);
    match (values.next(), values.next()) {
        (value, None) => Ok(value.map(HeaderValue::as_bytes)),
        (_, Some(_)) => Err(Reason::Repeated),
    }
}

/// `application/json`, with no parameter but `charset=utf-8`.
fn is_json(headers: &HeaderMap) -> bool {
    let Ok(Some(value)) = single_header(headers, header::CONTENT_TYPE.as_str()) else {
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
