//! Which URLs may be trusted to lead where they say.

use derive_more::{Display, Error};
use url::{Host, Url};

/// The longest URL, in bytes.
const LIMIT: usize = 2048;

/// Why a URL is refused. Printed, it never repeats the URL.
#[derive(Clone, Copy, Debug, Display, Error, PartialEq, Eq)]
pub(crate) enum UntrustedUrl {
    #[display("expected an absolute URL, such as `https://example.okta.com/oauth2/default`")]
    NotAbsolute,
    #[display("expected `https` (`http` only on a loopback address)")]
    NotHttps,
    #[display("a user name, password or fragment is not allowed here")]
    CredentialsOrFragment,
}

/// Reads an absolute URL that is `https`, or `http` on this machine, and has neither credentials nor
/// fragment.
pub(crate) fn trusted(text: &str) -> Result<Url, UntrustedUrl> {
    // The parser tolerates white space and missing slashes; other readers do not.
    let is_plain = text.len() <= LIMIT && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_plain || !text.contains("://") {
        return Err(UntrustedUrl::NotAbsolute);
    }
    let url = Url::parse(text).or(Err(UntrustedUrl::NotAbsolute))?;
    let is_on_this_machine = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => {}
        "http" if is_on_this_machine => {}
        _ => return Err(UntrustedUrl::NotHttps),
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(UntrustedUrl::CredentialsOrFragment);
    }
    Ok(url)
}
