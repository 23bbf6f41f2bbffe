//! A handshake of TLS as Okta makes it, with one version and without a certificate of the client.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use rustls::{
    ClientConfig, ClientConnection, ProtocolVersion, SupportedProtocolVersion,
    crypto::ring,
    pki_types::{self, ServerName},
    time_provider::TimeProvider,
};
use rustls_platform_verifier::BuilderVerifierExt as _;
use url::Url;

use crate::{authorities::read_authorities, cli::client::OKTA_TIMEOUT};

/// How long to wait, after a handshake of TLS 1.3, for the alert of a server that refuses clients without a
/// certificate.
const LATE_ALERT_WAIT: Duration = Duration::from_millis(500);

/// A clock that is ahead by this time. It shows whether a certificate will still be valid after this time.
#[derive(Debug)]
pub(super) struct ShiftedClock(pub(super) Duration);

impl ShiftedClock {
    pub(super) const NOW: Self = Self(Duration::ZERO);
}

impl TimeProvider for ShiftedClock {
    fn current_time(&self) -> Option<pki_types::UnixTime> {
        let now = Duration::from_secs(pki_types::UnixTime::now().as_secs());
        Some(pki_types::UnixTime::since_unix_epoch(now + self.0))
    }
}

/// A client of one TLS version. It trusts the authorities of the file, or else those of the system.
pub(super) fn client_config(
    ca_file: Option<&Path>,
    version: &'static SupportedProtocolVersion,
    clock: ShiftedClock,
) -> Result<ClientConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_details(provider, Arc::new(clock))
        .with_protocol_versions(&[version])
        .map_err(|error| error.to_string())?;
    let builder = match ca_file {
        Some(path) => {
            let authorities =
                read_authorities(path).map_err(|error| format!("--ca-file: {error}"))?;
            builder.with_root_certificates(authorities.roots)
        }
        None => builder.with_platform_verifier().map_err(|error| {
            format!("the system has no certificates to trust ({error}); set --ca-file")
        })?,
    };
    Ok(builder.with_no_client_auth())
}

/// Connects and completes the handshake within Okta's time.
pub(super) fn handshake(url: &Url, config: ClientConfig) -> io::Result<()> {
    // In a URL, an IPv6 address stands in brackets, which `ServerName` refuses.
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let name = ServerName::try_from(host).map_err(io::Error::other)?;
    let deadline = Instant::now() + OKTA_TIMEOUT;
    let addresses = url.socket_addrs(|| None)?;
    let mut stream = TimedStream { stream: connect(&addresses, deadline)?, deadline };
    let mut connection = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    while connection.is_handshaking() {
        if let Err(error) = connection.complete_io(&mut stream) {
            let alert = alert_before_close(&error, &mut connection, &mut stream);
            return Err(alert.unwrap_or(error));
        }
    }
    if connection.protocol_version() == Some(ProtocolVersion::TLSv1_3) {
        stream.deadline = deadline.min(Instant::now() + LATE_ALERT_WAIT);
        await_late_alert(&mut connection, &mut stream)?;
    }
    Ok(())
}

/// The alert that says why the server closed the connection. If the server closed it while the client was still
/// writing, the client has only the error of its write, and has not yet read the alert.
fn alert_before_close(
    error: &io::Error,
    connection: &mut ClientConnection,
    stream: &mut TimedStream,
) -> Option<io::Error> {
    if !matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset) {
        return None;
    }
    connection.read_tls(stream).ok()?;
    connection.process_new_packets().err().map(io::Error::other)
}

/// Waits for the alert that a server sends, after the handshake of TLS 1.3, if it refuses clients without a
/// certificate. Fails if it arrives. A server that accepts the client stays silent, so the wait ends with the
/// stream's deadline.
fn await_late_alert(connection: &mut ClientConnection, stream: &mut TimedStream) -> io::Result<()> {
    // The server refuses a client only after the client's last message.
    while connection.wants_write() {
        connection.write_tls(stream)?;
    }
    // Session tickets may arrive before the alert. A length of 0 is the end of the stream.
    while connection.read_tls(stream).is_ok_and(|length| length > 0) {
        connection.process_new_packets().map_err(io::Error::other)?;
    }
    Ok(())
}

/// Connects to the first address that answers. Each address gets an equal share of the time that is left.
fn connect(addresses: &[SocketAddr], deadline: Instant) -> io::Result<TcpStream> {
    let mut last_error = io::Error::other("the name has no address");
    let mut untried = addresses.len() as u32;
    for address in addresses {
        match TcpStream::connect_timeout(address, time_until(deadline)? / untried) {
            Ok(stream) => return Ok(stream),
            Err(error) => last_error = error,
        }
        untried -= 1;
    }
    Err(last_error)
}

/// The time that is left. Fails if there is none.
fn time_until(deadline: Instant) -> io::Result<Duration> {
    let time = deadline.saturating_duration_since(Instant::now());
    if time.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(time) }
}

/// A connection whose reads and writes all end by one deadline.
struct TimedStream {
    stream: TcpStream,
    deadline: Instant,
}

impl Read for TimedStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(time_until(self.deadline)?))?;
        self.stream.read(buffer)
    }
}

impl Write for TimedStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(time_until(self.deadline)?))?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
