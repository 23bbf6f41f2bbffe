//! Connections to a database. Those to another machine use TLS, and verify the database's certificate.

use std::{
    future::poll_fn,
    io,
    net::{IpAddr, SocketAddr, ToSocketAddrs as _},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use futures_util::TryStreamExt as _;
use rustls::pki_types::ServerName;
use socket2::{SockRef, TcpKeepalive};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpStream, UnixStream},
    spawn,
    sync::OwnedSemaphorePermit,
    task::spawn_blocking,
};
use tokio_postgres::{
    Client, Config, NoTls, Row,
    config::{Host, SslMode},
    types::Type,
};
use tokio_rustls::TlsConnector;
use tokio_util::task::AbortOnDropHandle;

use super::{error::QueryError, parameter::TextParameter};
use crate::{
    lookup::{failure::connection_failure, tls::tls_config},
    rule::lookup::LookupFailure,
    settings::{PostgresSource, SourceSecret},
};

/// The message that asks a database for TLS: its length, and the code 80877103, as two numbers of 32 bits.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
/// The answer of a database that has TLS.
const HAS_TLS: u8 = b'S';
/// The port of a database whose URL names none.
const DEFAULT_PORT: u16 = 5432;
/// How long a connection may be silent before the system asks whether the database is still there. Networks
/// forget silent connections, often after some minutes.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// Opens connections to a database.
pub(super) struct Connector {
    place: Place,
    config: Config,
}

/// The place of a database.
enum Place {
    /// A Unix socket.
    Socket(PathBuf),
    /// A host and a port. `tls` is `None` for connections without TLS.
    Host { host: String, port: u16, tls: Option<Tls> },
}

struct Tls {
    connector: TlsConnector,
    /// The name that the certificate must have.
    certificate_name: ServerName<'static>,
}

/// An open connection. Closes when it is dropped, even if the database has not answered yet.
pub(super) struct DatabaseConnection {
    client: Client,
    /// The task that exchanges the messages of the connection. Ends when this is dropped.
    _driver: AbortOnDropHandle<()>,
}

impl Connector {
    pub(super) fn new(settings: &PostgresSource, timeout: Duration) -> Result<Self, String> {
        let url = settings.url.as_str();
        let mut config: Config = url.parse().map_err(|_| "invalid `url`".to_owned())?;
        // `connect` sets up TLS itself, before the sign-in.
        config.ssl_mode(SslMode::Disable).application_name("registration-hook");
        config.options(session_options(timeout));
        if let Some(password) = settings.password.as_ref().and_then(SourceSecret::expose) {
            config.password(password);
        }
        let port = config.get_ports().first().copied().unwrap_or(DEFAULT_PORT);
        let place = match config.get_hosts() {
            [Host::Unix(folder)] => Place::Socket(folder.join(format!(".s.PGSQL.{port}"))),
            [Host::Tcp(host)] => {
                let tls =
                    if needs_tls(host, settings) { Some(Tls::new(host, settings)?) } else { None };
                Place::Host { host: host.clone(), port, tls }
            }
            [] => return Err("`url` names no host".to_owned()),
            _ => return Err("`url` names several hosts; name one".to_owned()),
        };
        Ok(Self { place, config })
    }

    /// Makes a connection. `slot` is the pool's permit to use one. If this future is dropped while the host's name is
    /// being resolved, resolving goes on, and keeps the slot until it has ended.
    pub(super) async fn connect(
        &self,
        slot: &Arc<OwnedSemaphorePermit>,
    ) -> Result<DatabaseConnection, QueryError> {
        match &self.place {
            Place::Socket(path) => {
                let stream = UnixStream::connect(path).await.map_err(failure_of)?;
                self.sign_in(stream).await
            }
            Place::Host { host, port, tls } => {
                let addresses = addresses_of(host.clone(), *port, slot.clone()).await?;
                let mut stream = connect_tcp(&addresses).await.map_err(failure_of)?;
                let Some(tls) = tls else {
                    return self.sign_in(stream).await;
                };
                require_tls(&mut stream).await?;
                let connected = tls.connector.connect(tls.certificate_name.clone(), stream).await;
                self.sign_in(connected.map_err(failure_of)?).await
            }
        }
    }

    /// Signs in, and starts a task that exchanges the messages of the connection.
    async fn sign_in<S>(&self, stream: S) -> Result<DatabaseConnection, QueryError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let connected = self.config.connect_raw(stream, NoTls).await;
        let (client, mut connection) = connected.map_err(QueryError::of_sign_in)?;
        let driver = spawn(async move {
            // Polling exchanges the messages. It returns only the notices of the database, which are not logged,
            // because they may hold a value.
            while let Some(Ok(_)) = poll_fn(|context| connection.poll_message(context)).await {}
        });
        Ok(DatabaseConnection { client, _driver: AbortOnDropHandle::new(driver) })
    }
}

impl DatabaseConnection {
    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Runs a statement in one round trip. The database gives each parameter the type of its column. No prepared
    /// statement is kept, so statements keep working after the type of a column has changed.
    pub(super) async fn query(
        &self,
        statement: &str,
        parameters: &[Option<String>],
    ) -> Result<Vec<Row>, QueryError> {
        let mut typed = Vec::new();
        for text in parameters {
            typed.push((TextParameter(text.as_deref()), Type::UNKNOWN));
        }
        let started = self.client.query_typed_raw(statement, typed).await;
        let rows = started.map_err(QueryError::before_execution)?;
        Ok(rows.try_collect().await?)
    }
}

/// The options of a session: it only reads, and the database ends each statement after `timeout`.
fn session_options(timeout: Duration) -> String {
    // PostgreSQL takes 0 for no time limit.
    let milliseconds = timeout.as_millis().max(1);
    format!("-c default_transaction_read_only=on -c statement_timeout={milliseconds}")
}

/// Whether connections to this host use TLS. Those to another machine always do, those on this machine only with
/// `ca_file`.
fn needs_tls(host: &str, settings: &PostgresSource) -> bool {
    let is_on_this_machine = match host.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost",
    };
    !is_on_this_machine || settings.ca_file.is_some()
}

impl Tls {
    fn new(host: &str, settings: &PostgresSource) -> Result<Self, String> {
        let config = tls_config(settings.ca_file.as_deref())?;
        let certificate_name = ServerName::try_from(host.to_owned())
            .map_err(|_| "`url`: no certificate can have the name of this host".to_owned())?;
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), certificate_name })
    }
}

/// Asks the database for TLS, and fails if it has none.
async fn require_tls(stream: &mut TcpStream) -> Result<(), QueryError> {
    stream.write_all(&SSL_REQUEST).await.map_err(failure_of)?;
    match stream.read_u8().await.map_err(failure_of)? {
        HAS_TLS => Ok(()),
        _ => Err(QueryError::Failed(LookupFailure::NoTls)),
    }
}

/// Connects to the first of these addresses that accepts the connection.
async fn connect_tcp(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(addresses).await?;
    stream.set_nodelay(true)?;
    SockRef::from(&stream).set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE))?;
    Ok(stream)
}

fn failure_of(error: io::Error) -> QueryError {
    QueryError::Failed(connection_failure(&error))
}

/// Resolves the name of a host. The system's function blocks a thread, and cannot be cut short. The thread keeps the
/// slot until the function returns, so that a database never has more of these threads than slots.
async fn addresses_of(
    host: String,
    port: u16,
    slot: Arc<OwnedSemaphorePermit>,
) -> Result<Vec<SocketAddr>, QueryError> {
    let found = spawn_blocking(move || {
        let addresses = (host.as_str(), port).to_socket_addrs();
        drop(slot);
        addresses.map(Iterator::collect)
    });
    match found.await {
        Ok(Ok(addresses)) => Ok(addresses),
        Ok(Err(_)) => Err(QueryError::Failed(LookupFailure::HostNotFound)),
        Err(_) => Err(QueryError::Failed(LookupFailure::Panicked)),
    }
}
