//! The proxies for outgoing HTTP, by the rules of curl.

use std::net::IpAddr;

use ureq::{Proxy, ProxyProtocol};
use url::{Host, Url};

use crate::trusted_url;

/// The proxies for outgoing HTTP, and the hosts that are reached without them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    /// The proxy for `http` URLs.
    pub http: Option<Proxy>,
    /// The proxy for `https` URLs.
    pub https: Option<Proxy>,
    /// Hosts without a proxy, separated by commas: domains with all names below them, addresses, and
    /// networks such as `10.0.0.0/8`. The list `*` stands for all hosts.
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
        if trusted_url::is_on_this_machine(url) || is_listed(&host, &self.no_proxy) {
            return None;
        }
        Some(proxy)
    }
}

/// Reads the URL of a proxy. The default scheme is `http`. An error never repeats the text, which may hold
/// a password.
pub(crate) fn parse_proxy(text: &str) -> Result<Proxy, &'static str> {
    // The port is required: without one, curl takes 1080, and other programs take 80.
    const EXPECTED: &str = "expected `http://HOST:PORT` or `https://HOST:PORT`";
    let url = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let proxy = Proxy::new(&url).or(Err(EXPECTED))?;
    let is_http = matches!(proxy.protocol(), ProxyProtocol::Http | ProxyProtocol::Https);
    if !is_http || proxy.host().is_empty() || proxy.uri().port().is_none() {
        return Err(EXPECTED);
    }
    Ok(proxy)
}

/// Whether a `no_proxy` list has this host.
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

/// Whether a name is this domain, or is below it. The domain may start with a dot.
fn is_at_or_below(name: &str, domain: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let domain = domain.strip_suffix('.').unwrap_or(domain).to_ascii_lowercase();
    let domain = domain.strip_prefix('.').unwrap_or(&domain);
    match name.strip_suffix(domain) {
        Some(before) => !domain.is_empty() && (before.is_empty() || before.ends_with('.')),
        None => false,
    }
}

/// Whether an address is in a network such as `10.0.0.0/8`, or is the address itself.
fn is_in_network(address: IpAddr, network: &str) -> bool {
    let Some((network, length)) = network.split_once('/') else {
        return network.parse() == Ok(address);
    };
    let (Ok(network), Ok(length)) = (network.parse::<IpAddr>(), length.parse::<u32>()) else {
        return false;
    };
    // A bit of the difference is 0 where both addresses have the same bit.
    let equal_bits = match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            (address.to_bits() ^ network.to_bits()).leading_zeros()
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            (address.to_bits() ^ network.to_bits()).leading_zeros()
        }
        _ => return false,
    };
    equal_bits >= length
}
