//! Reads URLs that are safe from eavesdroppers: `https`, or on this machine.

use url::{Host, Url};

/// The longest URL, in bytes.
const LENGTH_LIMIT: usize = 2048;

const NOT_ABSOLUTE: &str =
    "expected an absolute URL, such as `https://example.okta.com/oauth2/default`";

/// Reads an absolute URL that is `https`, or `http` on this machine, and has neither credentials nor
/// fragment. An error describes a valid URL, and never repeats this one.
pub(crate) fn parse_trusted(text: &str) -> Result<Url, &'static str> {
    // The parser tolerates white space and missing slashes; other readers do not.
    let is_visible_ascii = text.bytes().all(|byte| byte.is_ascii_graphic());
    if text.len() > LENGTH_LIMIT || !is_visible_ascii || !text.contains("://") {
        return Err(NOT_ABSOLUTE);
    }
    let url = Url::parse(text).or(Err(NOT_ABSOLUTE))?;
    match url.scheme() {
        "https" => {}
        "http" if is_on_this_machine(&url) => {}
        _ => return Err("expected `https` (`http` only on a loopback address)"),
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err("a user name, password or fragment is not allowed here");
    }
    Ok(url)
}

/// Whether a URL leads to a loopback address.
pub(crate) fn is_on_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
