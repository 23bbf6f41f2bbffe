//! Makes the connections of a client.
//!
//! By default, ureq looks up a host's addresses before each request. If the request has its own time-out, ureq
//! also reads the system's certificates for each new connection. This connector looks up addresses only for new
//! connections, and reads certificates once.

use std::cell::Cell;

use ureq::{
    Error,
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::{
            self, ConnectionDetails, DefaultConnector, NextTimeout, Transport,
            time::{Duration, Instant},
        },
    },
};

use super::NameLookup;

thread_local! {
    /// Whether this thread has begun a connection since [`reset_has_connected`].
    static HAS_CONNECTED: Cell<bool> = const { Cell::new(false) };
}

/// Makes [`has_connected`] return `false` until this thread begins another connection.
pub(crate) fn reset_has_connected() {
    HAS_CONNECTED.set(false);
}

/// Whether this thread has begun a connection since [`reset_has_connected`]. If not, its requests since then have
/// used idle connections.
pub(crate) fn has_connected() -> bool {
    HAS_CONNECTED.get()
}

/// The agent's resolver, which finds no address. [`ClientConnector`] looks up addresses instead.
#[derive(Debug)]
pub(super) struct NoAddresses;

impl Resolver for NoAddresses {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        Ok(self.empty())
    }
}

/// Connects as ureq does by default, but looks up addresses itself.
#[derive(Debug)]
pub(super) struct ClientConnector {
    connector: DefaultConnector,
    name_lookup: NameLookup,
}

impl ClientConnector {
    pub(super) fn new(name_lookup: NameLookup) -> Self {
        Self { connector: DefaultConnector::new(), name_lookup }
    }
}

impl transport::Connector for ClientConnector {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        _: Option<()>,
    ) -> Result<Option<Self::Out>, Error> {
        HAS_CONNECTED.set(true);
        let start = std::time::Instant::now();
        let ConnectionDetails { uri, config, mut timeout, .. } = *details;
        let addrs = match (config.proxy(), self.name_lookup) {
            // The proxy looks up the host. For the proxy's own addresses, ureq calls this function again, with a
            // `config` that has no proxy.
            (Some(_), _) => NoAddresses.empty(),
            (None, NameLookup::InSeparateThread) => resolve(uri, config, timeout)?,
            (None, NameLookup::InThisThread) => {
                // Without a time-out, ureq looks up addresses in this thread. This can fail only because the host is
                // not found.
                resolve(uri, config, NextTimeout::default()).map_err(|_| Error::HostNotFound)?
            }
        };
        // The connection may take the time that is left after the addresses were looked up.
        if let Duration::Exact(left_at_start) = timeout.after {
            timeout.after = Duration::Exact(left_at_start.saturating_sub(start.elapsed()));
            if timeout.after.is_zero() {
                return Err(Error::Timeout(timeout.reason));
            }
        }
        let details = ConnectionDetails {
            uri,
            addrs,
            config,
            // With `true`, ureq would read the certificates again. Nothing is lost with `false`: `config` has the
            // time-out and the proxy of the request all the same.
            request_level: false,
            resolver: details.resolver,
            now: Instant::now(),
            timeout,
            current_time: details.current_time.clone(),
            run_connector: details.run_connector.clone(),
            register_shutdown: details.register_shutdown.clone(),
        };
        transport::Connector::connect(&self.connector, &details, None)
    }
}

/// Looks up the addresses of a host: in a separate thread until `timeout`, or in this thread if there is none.
fn resolve(uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
    DefaultResolver::default().resolve(uri, config, timeout)
}
