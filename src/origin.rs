//! Which URLs may be trusted to lead where they say.

use url::{Host, Url};

/// Reads an absolute URL that is `https`, or `http` on this machine, and has neither credentials,
/// query nor fragment.
///
/// # Errors
///
/// What is wrong with it, without repeating it.
pub fn trusted(text: &str) -> Result<Url, &'static str> {
    let Ok(url) = Url::parse(text) else {
        return Err("expected an absolute URL, such as `https://example.okta.com/oauth2/default`");
    };
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
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a user name or password does not belong here");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("a query or fragment does not belong here");
    }
    Ok(url)
}
