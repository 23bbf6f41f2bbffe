//! Admits only a browser on this machine that has the token.
//!
//! The page is on loopback, so other machines cannot reach it. A website in the user's own browser can reach
//! it, but does not know the token. The checks of `Host` and `Origin` help even if the token leaks: they
//! refuse a host name that was rebound to loopback, and requests that another site's script sends.

use std::net::SocketAddr;

use actix_web::{
    HttpRequest,
    http::{
        Method,
        header::{self, HeaderMap, HeaderName},
    },
};
use subtle::ConstantTimeEq as _;

/// Returns the path after the token, or `None` if the request must be refused.
pub(super) fn admitted_path<'r>(
    request: &'r HttpRequest,
    address: SocketAddr,
    token: &str,
) -> Option<&'r str> {
    let is_local = request.peer_addr().is_some_and(|peer| peer.ip().is_loopback());
    if !is_local || !is_for_this_page(request.headers(), address) {
        return None;
    }
    if request.method() == Method::POST && !is_json(request.headers()) {
        return None;
    }
    let (given_token, path) = request.path().strip_prefix('/')?.split_once('/')?;
    if bool::from(given_token.as_bytes().ct_eq(token.as_bytes())) { Some(path) } else { None }
}

/// Whether the request names this page as its host, and as its origin if it has one.
fn is_for_this_page(headers: &HeaderMap, address: SocketAddr) -> bool {
    let mut own_hosts = vec![address.to_string(), format!("localhost:{}", address.port())];
    if address.port() == 80 {
        // Browsers leave out the default port.
        own_hosts.extend([address.ip().to_string(), "localhost".to_owned()]);
    }
    let HeaderOnce::Text(host) = header_once(headers, &header::HOST) else {
        return false;
    };
    if !own_hosts.iter().any(|own| own == host) {
        return false;
    }
    match header_once(headers, &header::ORIGIN) {
        HeaderOnce::Absent => true,
        HeaderOnce::Text(origin) => origin == format!("http://{host}"),
        HeaderOnce::Malformed => false,
    }
}

/// Whether the body is JSON. A page of another origin may send JSON only with our permission (CORS), which we
/// never give.
fn is_json(headers: &HeaderMap) -> bool {
    header_once(headers, &header::CONTENT_TYPE) == HeaderOnce::Text("application/json")
}

/// The value of a header that a request may have once at most.
#[derive(PartialEq, Eq)]
enum HeaderOnce<'h> {
    Absent,
    Text(&'h str),
    /// The header is repeated, or is not text.
    Malformed,
}

fn header_once<'h>(headers: &'h HeaderMap, name: &HeaderName) -> HeaderOnce<'h> {
    let mut values = headers.get_all(name);
    let Some(value) = values.next() else {
        return HeaderOnce::Absent;
    };
    match value.to_str() {
        Ok(text) if values.next().is_none() => HeaderOnce::Text(text),
        _ => HeaderOnce::Malformed,
    }
}
