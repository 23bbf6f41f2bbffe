//! Which URLs may be trusted to lead where they say.

use url::{Host, Url};

/// The longest URL, in bytes.
const LIMIT: usize = 2048;

/// Reads an absolute URL that is `https`, or `http` on this machine, and has neither credentials nor
/// fragment; says what is wrong with another, without repeating it.
pub(crate) fn trusted(text: &str) -> Result<Url, &'static str> {
    const EXPECTED: &str =
        "expected an absolute URL, such as `https://example.okta.com/oauth2/default`";
    // The parser forgives white space and missing slashes, and other readers do not.
    let plain = text.len() <= LIMIT && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !plain || !text.contains("://") {
        return Err(EXPECTED);
    }
    let url = Url::parse(text).or(Err(EXPECTED))?;
    let on_this_machine = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => {}
        "http" if on_this_machine => {}
        _ => return Err("expected `https` (`http` only on a loopback address)"),
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err("a user name, password or fragment does not belong here");
    }
    Ok(url)
}
