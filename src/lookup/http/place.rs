//! The place of an HTTP API, and a trial connection to it.

use std::{
    io,
    net::{TcpStream, ToSocketAddrs as _},
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use rustls::{ClientConnection, pki_types::ServerName};
use ureq::Proxy;
use url::Url;

use crate::{
    lookup::{
        failure::{connection_failure, through_proxy, tls_failure},
        tls::tls_config,
    },
    proxies::Proxies,
    rule::lookup::LookupFailure,
    settings::HttpSource,
};

/// The place to connect to: that of the API, or that of the proxy before it. It has no secret of the source.
pub(crate) struct ApiPlace {
    host: String,
    port: u16,
    /// The certificates and the name for TLS. `None` for plain HTTP and for a proxy, since a trial does not go
    /// beyond the proxy.
    tls: Option<ApiTls>,
    /// The proxy. `None` if this is the place of the API.
    proxy: Option<Proxy>,
}

struct ApiTls {
    ca_file: Option<PathBuf>,
    name: String,
}

impl ApiPlace {
    pub(crate) fn new(settings: &HttpSource, proxies: &Proxies) -> Self {
        let url = &settings.url;
        if let Some(proxy) = proxies.for_url(url) {
            let (host, port) = (proxy.host().to_owned(), proxy.port());
            return Self { host, port, tls: None, proxy: Some(proxy.clone()) };
        }
        let host = host_of(url);
        let mut tls = None;
        if url.scheme() == "https" {
            tls = Some(ApiTls { ca_file: settings.ca_file.clone(), name: host.clone() });
        }
        let port = url.port_or_known_default().unwrap_or_default();
        Self { host, port, tls, proxy: None }
    }

    /// Connects, and verifies the certificate. Sends no request. Blocks for about `timeout` at most, or for as
    /// long as it takes to resolve the host's name.
    pub(crate) fn connect(&self, timeout: Duration) -> Result<(), LookupFailure> {
        let connected = self.try_to_connect(timeout);
        match (connected, &self.proxy) {
            (Err(failure), Some(proxy)) => Err(through_proxy(failure, proxy)),
            (result, _) => result,
        }
    }

    fn try_to_connect(&self, timeout: Duration) -> Result<(), LookupFailure> {
        let Ok(addresses) = (self.host.as_str(), self.port).to_socket_addrs() else {
            return Err(LookupFailure::HostNotFound);
        };
        let deadline = Instant::now() + timeout;
        // The failure if the host has no address.
        let mut failure = LookupFailure::HostNotFound;
        for address in addresses {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(LookupFailure::Timeout);
            }
            match TcpStream::connect_timeout(&address, left) {
                Ok(stream) => return self.verify_certificate(stream, deadline),
                Err(error) => failure = connection_failure(&error),
            }
        }
        Err(failure)
    }

    fn verify_certificate(
        &self,
        mut stream: TcpStream,
        deadline: Instant,
    ) -> Result<(), LookupFailure> {
        let Some(ApiTls { ca_file, name }) = &self.tls else {
            return Ok(());
        };
        // This cannot fail, since the client has read the same file before.
        let config = tls_config(ca_file.as_deref()).map_err(|_| LookupFailure::Tls)?;
        let name = ServerName::try_from(name.clone()).map_err(|_| LookupFailure::Tls)?;
        let mut tls =
            ClientConnection::new(Arc::new(config), name).map_err(|why| tls_failure(&why))?;
        while tls.is_handshaking() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(LookupFailure::Timeout);
            }
            stream.set_read_timeout(Some(left)).map_err(|error| connection_failure(&error))?;
            match tls.complete_io(&mut stream) {
                Ok(_) => {}
                // The read has reached its time-out.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Err(LookupFailure::Timeout);
                }
                Err(error) => return Err(connection_failure(&error)),
            }
        }
        Ok(())
    }
}

/// The host of a URL. An IPv6 address has no brackets.
fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    host.trim_start_matches('[').trim_end_matches(']').to_owned()
}
