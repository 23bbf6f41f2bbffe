//! Refusals that need only the head, before a byte of the body is read.
//!
//! Their order: an oversized head, 404, 405, credentials, 415, the declared length.

use actix_http::{RequestHead, header::HeaderMap};
use actix_web::http::{
    Method,
    header::{self, HeaderValue},
};

use super::{
    refusal::Refusal,
    request_context::RequestContext,
    routes::{Listener, NamedHook},
};
use crate::{
    auth::{Reason, SingleHeader},
    rule::Hook,
};

/// The longest URI, in bytes. Okta allows 1,024 for a hook.
const URI_LIMIT: usize = 8 << 10;
/// The most bytes of headers.
const HEADERS_LIMIT: usize = 16 << 10;

impl<'s> RequestContext<'s> {
    /// Returns the hook of an admitted request, or the refusal. `named_hook` is the hook of the path, if there is one.
    pub(super) async fn admit(
        &mut self,
        head: &RequestHead,
        named_hook: Option<NamedHook<'s>>,
    ) -> Result<&'s Hook, Refusal> {
        // Note the name first, so that the log has it for each of the refusals below.
        if let Some(NamedHook { name, .. }) = named_hook {
            self.hook = Some(name);
        }
        refuse_if(uri_length(head) > URI_LIMIT, Refusal::UriTooLong)?;
        refuse_if(headers_length(head) > HEADERS_LIMIT, Refusal::HeadersTooLarge)?;
        let NamedHook { hook, .. } = named_hook.ok_or(Refusal::NotFound(Listener::Hooks))?;
        refuse_if(head.method != Method::POST, Refusal::MethodNotAllowed { allow: "POST" })?;
        let credentials = self.state.live.credentials.load_full();
        let header = |name: &str| single_header(&head.headers, name);
        match credentials.authenticator.authenticate(header, self.arrived.time).await {
            Ok(caller) => self.caller = Some(caller),
            Err(reason) => return Err(Refusal::CredentialsRefused(reason)),
        }
        refuse_if(!is_json(&head.headers), Refusal::MediaTypeNotJson)?;
        refuse_if(!is_unencoded(&head.headers), Refusal::BodyEncoded)?;
        // A chunked body declares no length. Its length is checked as it is read.
        let length = declared_length(&head.headers).unwrap_or(0);
        refuse_if(length > self.state.settings.server.body_limit as u64, Refusal::BodyTooLarge)?;
        Ok(hook)
    }
}

fn refuse_if(refused: bool, refusal: Refusal) -> Result<(), Refusal> {
    if refused { Err(refusal) } else { Ok(()) }
}

/// The length in bytes that `Content-Length` declares for the body.
pub(super) fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

/// The length of the URI in bytes, without a fragment, which the codec drops.
fn uri_length(head: &RequestHead) -> usize {
    let mut length = 0;
    if let Some(scheme) = head.uri.scheme_str() {
        length += scheme.len() + "://".len();
    }
    if let Some(authority) = head.uri.authority() {
        length += authority.as_str().len();
    }
    if let Some(path) = head.uri.path_and_query() {
        length += path.as_str().len();
    }
    length
}

/// The length of the headers in bytes. Assumes that each was sent as `name: value`, since the codec has dropped
/// any other white space.
fn headers_length(head: &RequestHead) -> usize {
    let mut length = 0;
    for (name, value) in &head.headers {
        length += name.as_str().len() + ": ".len() + value.len() + "\r\n".len();
    }
    length
}

/// The value of a header, if the request has the header. Refuses a header that occurs more than once.
fn single_header<'h>(headers: &'h HeaderMap, name: &str) -> SingleHeader<'h> {
    let mut values = headers.get_all(name);
    let value = values.next();
    if values.next().is_some() {
        return Err(Reason::Repeated);
    }
    Ok(value.map(HeaderValue::as_bytes))
}

/// Whether `Content-Type` is `application/json`, with no parameter but `charset=utf-8`.
fn is_json(headers: &HeaderMap) -> bool {
    let Ok(Some(value)) = single_header(headers, header::CONTENT_TYPE.as_str()) else {
        return false;
    };
    let mut parts = value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let media_type = parts.next().unwrap_or_default();
    media_type.eq_ignore_ascii_case(b"application/json") && parts.all(is_utf8_or_empty)
}

/// Whether a parameter is `charset=utf-8`, or is empty, as after the last `;` (RFC 9110 §5.6.6).
fn is_utf8_or_empty(parameter: &[u8]) -> bool {
    parameter.is_empty()
        || parameter.eq_ignore_ascii_case(b"charset=utf-8")
        || parameter.eq_ignore_ascii_case(b"charset=\"utf-8\"")
}

/// Whether there is no `Content-Encoding` but `identity`.
fn is_unencoded(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(header::CONTENT_ENCODING);
    codings.all(|coding| coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity"))
}
