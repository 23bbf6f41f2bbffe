//! The proxies for outgoing HTTP, by the rules of curl.

use core::net::IpAddr;

use ureq::{Proxy, ProxyProtocol};
use url::{Host, Url};

use crate::origin;

/// The proxies for outgoing HTTP, and the hosts that are reached without them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    /// The proxy for `http` URLs.
    pub http: Option<Proxy>,
    /// The proxy for `https` URLs.
    pub https: Option<Proxy>,
    /// Hosts without a proxy, separated by commas: names with all names below them, addresses, and
    /// networks such as `10.0.0.0/8`. A `*` alone stands for all hosts.
    pub no_proxy: String,
}

impl Proxies {
    /// Returns the proxy for a URL. Returns `None` for URLs on this machine and for those of `no_proxy`.
    pub fn for_url(&self, url: &Url) -> Option<&Proxy> {
        let proxy = match url.scheme() {
            "http" => self.http.as_ref()?,
            "https" => self.https.as_ref()?,
            _ => return None,
        };
        let host = url.host()?;
        if origin::is_on_this_machine(url) || is_listed(&host, &self.no_proxy) {
            return None;
        }
        Some(proxy)
    }
}

/// Reads the URL of a proxy. Without a scheme it is `http`. An error never repeats the text, which may
/// hold a password.
pub(crate) fn parse_proxy(text: &str) -> Result<Proxy, &'static str> {
    // Programs differ in the default port, so it has to be named.
    let expected = "expected `http://HOST:PORT` or `https://HOST:PORT`";
    let url = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let proxy = Proxy::new(&url).or(Err(expected))?;
    let is_http = matches!(proxy.protocol(), ProxyProtocol::Http | ProxyProtocol::Https);
    let has_host = !proxy.host().is_empty() && proxy.uri().port().is_some();
    if is_http && has_host { Ok(proxy) } else { Err(expected) }
}

/// Whether a list of `no_proxy` has this host.
fn is_listed(host: &Host<&str>, list: &str) -> bool {
    if list.trim() == "*" {
        return true;
    }
    for entry in list.split(',').map(str::trim) {
        let is_match = match host {
            Host::Domain(name) => is_at_or_below(name, entry),
            Host::Ipv4(address) => is_in_network((*address).into(), entry),
            Host::Ipv6(address) => is_in_network((*address).into(), entry),
        };
        if is_match {
            return true;
        }
    }
    false
}

/// Whether a name is this domain, or below it. The domain may start with a dot.
fn is_at_or_below(name: &str, domain: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let domain = domain.strip_suffix('.').unwrap_or(domain).to_ascii_lowercase();
    let domain = domain.strip_prefix('.').unwrap_or(&domain);
    match name.strip_suffix(domain) {
        Some(before) => !domain.is_empty() && (before.is_empty() || before.ends_with('.')),
        None => false,
    }
}

/// Whether an address is in a network, `10.0.0.0/8`, or is this address.
fn is_in_network(address: IpAddr, network: &str) -> bool {
    let (network, prefix) = match network.split_once('/') {
        Some((network, prefix)) => (network, Some(prefix)),
        None => (network, None),
    };
    match (address, network.parse()) {
        (IpAddr::V4(address), Ok(IpAddr::V4(network))) => {
            have_same_start(address.to_bits().into(), network.to_bits().into(), prefix, 32)
        }
        (IpAddr::V6(address), Ok(IpAddr::V6(network))) => {
            have_same_start(address.to_bits(), network.to_bits(), prefix, 128)
        }
        _ => false,
    }
}

/// Whether the first bits of two addresses are equal: as many as `prefix` says, or all.
fn have_same_start(one: u128, other: u128, prefix: Option<&str>, width: u32) -> bool {
    let length = match prefix.map(str::parse::<u32>) {
        Some(Ok(length)) => length,
        Some(Err(_)) => return false,
        None => width,
    };
    match width.checked_sub(length) {
        // A shift by all 128 bits gives `None` for both: every address is in such a network.
        Some(unused) => one.checked_shr(unused) == other.checked_shr(unused),
        None => false,
    }
}
