//! Trusted URLs: `https`, or `http` on this machine, so that no third party can read what is sent.

use url::{Host, Url};

/// The longest URL, in bytes.
const LENGTH_LIMIT: usize = 2048;

const NOT_ABSOLUTE: &str =
    "expected an absolute URL, such as `https://example.okta.com/oauth2/default`";

/// Reads a trusted URL. It is absolute, without user name, password and fragment. An error describes a valid URL,
/// and never repeats the text.
pub(crate) fn parse(text: &str) -> Result<Url, &'static str> {
    // `Url` also accepts white space and missing slashes. Programs that receive the text may not accept them.
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

/// Whether the host of a URL is `localhost` or a loopback address.
pub(crate) fn is_on_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
