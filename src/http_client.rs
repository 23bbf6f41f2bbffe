//! The client for outgoing HTTP: the keys of an issuer, and lookups.

use std::{path::Path, sync::Arc, time::Duration};

use ureq::{
    Agent, AsSendBody,
    http::{Request, Response},
    tls::{PemItem, RootCerts, TlsConfig, parse_pem},
};
use url::Url;

use crate::{
    file::{self, FileKind, Links},
    proxies::Proxies,
};

mod connector;

use connector::{ClientConnector, NoAddresses};
pub(crate) use connector::{forget_connections, has_connected};

/// A client that follows no redirect, and returns the response of any status.
#[derive(Debug)]
pub struct HttpClient {
    agent: Agent,
    proxies: Proxies,
}

/// Connections to keep open for later requests.
#[derive(Clone, Copy, Debug)]
pub struct IdleConnections {
    /// The most of them.
    pub count: usize,
    /// How long each may stay idle.
    pub age: Duration,
}

/// How the addresses of a host are looked up. The system's function for it cannot be cut short.
#[derive(Clone, Copy, Debug)]
pub enum NameLookup {
    /// In a thread of its own. The request stops waiting for it at its timeout; the thread may outlive the
    /// request.
    InOwnThread,
    /// In the thread of the request, however long it takes. No thread outlives the request.
    InThisThread,
}

impl HttpClient {
    /// A client that trusts the certificates of `ca_file`, or else those of the system. Fails, with the
    /// reason, if the file cannot be read or has no certificate.
    pub fn new(
        ca_file: Option<&Path>,
        proxies: Proxies,
        idle: IdleConnections,
        names: NameLookup,
    ) -> Result<Self, String> {
        let roots = match ca_file {
            Some(path) => read_certificates(path)?,
            None => RootCerts::PlatformVerifier,
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = TlsConfig::builder()
            .root_certs(roots)
            .unversioned_rustls_crypto_provider(provider)
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            // `send` sets the proxy of each URL. The default would be that of the environment.
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .max_idle_connections(idle.count)
            .max_idle_connections_per_host(idle.count)
            .max_idle_age(idle.age)
            .user_agent(concat!("registration-hook/", env!("CARGO_PKG_VERSION")))
            .build();
        // The connector looks up names itself.
        let agent = Agent::with_parts(config, ClientConnector::new(names), NoAddresses);
        Ok(Self { agent, proxies })
    }

    /// Sends a request, through the proxy of its URL if there is one. Blocks. `timeout` covers
    /// the response and its body. A name lookup in this thread may take longer.
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

/// Reads every certificate of a file in PEM.
fn read_certificates(path: &Path) -> Result<RootCerts, String> {
    let pem = file::read_bytes(path, FileKind::Certificate, Links::Follow)
        .map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
    let mut certificates = Vec::new();
    for item in parse_pem(&pem) {
        if let Ok(PemItem::Certificate(certificate)) = item {
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() {
        return Err("the file has no PEM certificate".to_owned());
    }
    Ok(RootCerts::new_with_certs(&certificates))
}
