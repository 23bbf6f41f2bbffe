//! The client for outgoing HTTP: the keys of an issuer, and lookups.

use std::{path::Path, sync::Arc, time::Duration};

use ureq::{
    Agent, AsSendBody,
    http::{Request, Response},
    tls::{Certificate, RootCerts, TlsConfig},
};
use url::Url;

use crate::{authorities::read_authorities, proxies::Proxies};

mod connector;
mod failure;

use connector::{ClientConnector, NoAddresses};
pub(crate) use connector::{has_connected, reset_has_connected};
pub(crate) use failure::{
    certificate_fault, depends_on_unsupported_key, describe_handshake, describe_request_error,
    fails_signature_check, is_of_authority,
};

/// A client that follows no redirect, and returns the response of any status.
#[derive(Debug)]
pub struct HttpClient {
    agent: Agent,
    proxies: Proxies,
}

/// Connections to keep open for later requests.
#[derive(Clone, Copy, Debug)]
pub struct IdleConnections {
    /// The most connections that are kept open.
    pub count: usize,
    /// The longest time that a connection stays idle.
    pub time: Duration,
}

/// The thread that looks up the addresses of a host. The system's function for this has no time-out.
#[derive(Clone, Copy, Debug)]
pub enum NameLookup {
    /// A separate thread. A request waits until its time-out at most, and the thread may outlive the request.
    InSeparateThread,
    /// The thread of the request. A request waits until the addresses are known, even beyond its time-out.
    InThisThread,
}

impl HttpClient {
    /// A client that trusts the authorities of `ca_file`, or else those of the system. Fails, with the
    /// reason, if the file cannot be read, or has no certificate or an invalid one.
    pub fn new(
        ca_file: Option<&Path>,
        proxies: Proxies,
        idle: IdleConnections,
        name_lookup: NameLookup,
    ) -> Result<Self, String> {
        let roots = match ca_file {
            Some(path) => read_roots(path)?,
            None => RootCerts::PlatformVerifier,
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = TlsConfig::builder()
            .root_certs(roots)
            .unversioned_rustls_crypto_provider(provider)
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            // `send` sets the proxy of each request. The default would be the proxy of the environment.
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .max_idle_connections(idle.count)
            .max_idle_connections_per_host(idle.count)
            .max_idle_age(idle.time)
            .user_agent(concat!("registration-hook/", env!("CARGO_PKG_VERSION")))
            .build();
        // The connector looks up addresses itself.
        let agent = Agent::with_parts(config, ClientConnector::new(name_lookup), NoAddresses);
        Ok(Self { agent, proxies })
    }

    /// Sends a request, through the proxy of its URL if there is one. Blocks until the response has begun.
    /// `timeout` covers the response and its body, but not a name lookup in this thread.
    pub fn send<B: AsSendBody>(
        &self,
        request: Request<B>,
        timeout: Duration,
    ) -> Result<Response<ureq::Body>, ureq::Error> {
        let uri = request.uri().to_string();
        let Ok(url) = Url::parse(&uri) else {
            return Err(ureq::Error::BadUri("not an absolute URL".to_owned()));
        };
        let proxy = self.proxies.for_url(&url).cloned();
        let request = self.agent.configure_request(request);
        self.agent.run(request.timeout_global(Some(timeout)).proxy(proxy).build())
    }
}

/// Reads the authorities of a file in PEM.
fn read_roots(path: &Path) -> Result<RootCerts, String> {
    let mut roots = Vec::new();
    for certificate in read_authorities(path)?.certificates {
        roots.push(Certificate::from_der(&certificate).to_owned());
    }
    Ok(RootCerts::new_with_certs(&roots))
}
