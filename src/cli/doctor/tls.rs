//! The address, its certificate and its TLS versions.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use rustls::{
    AlertDescription, CertificateError, ClientConfig, ClientConnection, Error as TlsError,
    ProtocolVersion, SupportedProtocolVersion,
    crypto::ring,
    pki_types::ServerName,
    version::{TLS12, TLS13},
};
use rustls_platform_verifier::BuilderVerifierExt as _;
use url::Url;

use super::checkup::Checkup;
use crate::{
    authorities::read_authorities,
    cli::{CliError, client::OKTA_TIMEOUT},
    http_client::describe_certificate,
    origin,
};

/// The longest URL of a hook at Okta.
const LONGEST_URL: usize = 1024;
/// The time in which a server of TLS 1.3 refuses a client without a certificate.
const LATE_REFUSAL: Duration = Duration::from_millis(500);
const VERSIONS: [(&str, &SupportedProtocolVersion); 2] = [("1.2", &TLS12), ("1.3", &TLS13)];

/// Checks the URL by Okta's rules.
pub(super) fn check_url(url: &Url, checkup: &mut Checkup) {
    const CHECK: &str = "url";
    if url.as_str().len() > LONGEST_URL {
        checkup.problem(
            CHECK,
            format!("it is longer than {LONGEST_URL} characters"),
            "Okta refuses it; shorten the path",
        );
    }
    match (url.scheme(), origin::is_on_this_machine(url)) {
        ("https", false) => checkup.ok(CHECK, "https, as Okta requires"),
        ("https", true) => {
            checkup.note(
                CHECK,
                "Okta cannot reach this machine's loopback",
                "check the public address, too",
            );
        }
        (_, true) => checkup.note(
            CHECK,
            "plain http to this machine, which Okta cannot reach",
            "check the public address, too; Okta calls https only",
        ),
        (_, false) => checkup.problem(
            CHECK,
            "plain http: Okta refuses the URL, and credentials would travel in the clear",
            "serve https with a certificate of a public authority",
        ),
    }
}

/// Connects with each TLS version and verifies the certificate.
pub(super) fn check_tls(
    url: &Url,
    ca_file: Option<&Path>,
    checkup: &mut Checkup,
) -> Result<(), CliError> {
    let mut accepted = Vec::new();
    let mut refusals = Vec::new();
    let mut may_want_certificate = false;
    for (name, version) in VERSIONS {
        let config = client_config(ca_file, version).map_err(CliError)?;
        let Err(error) = handshake(url, config) else {
            accepted.push(name);
            continue;
        };
        if let Some(RejectedCertificate { message, fix }) = rejected_certificate(&error) {
            checkup.problem("certificate", message, fix);
            return Ok(());
        }
        may_want_certificate |= is_refused_client(&error);
        refusals.push(format!("TLS {name}: {error}"));
    }
    let refusals = refusals.join("; ");
    if accepted.is_empty() {
        checkup.problem(
            "tls",
            format!("no connection: {refusals}"),
            if may_want_certificate {
                "accept TLS 1.2 and 1.3, and ask for no certificate of the client: Okta has none"
            } else {
                "let Okta connect to this host and port, and accept TLS 1.2 and 1.3 there"
            },
        );
        return Ok(());
    }
    match ca_file {
        Some(_) => checkup.note(
            "certificate",
            "valid by the authority of --ca-file",
            "Okta documents no way to trust a private authority; have a public one sign it",
        ),
        None => checkup.ok("certificate", "valid, of a public authority, with its whole chain"),
    }
    if refusals.is_empty() {
        checkup.ok("tls", "TLS 1.2 and 1.3 are accepted");
    } else {
        checkup.note(
            "tls",
            format!("only TLS {} is accepted: {refusals}", accepted.join(" and ")),
            "accept TLS 1.2 and 1.3; Okta does not document which it uses",
        );
    }
    Ok(())
}

/// Whether the server answers with TLS, whatever its certificate.
pub(super) fn speaks_tls(url: &Url) -> bool {
    for (_, version) in VERSIONS {
        let Ok(config) = client_config(None, version) else {
            return false;
        };
        match handshake(url, config) {
            Ok(()) => return true,
            Err(error) if rejected_certificate(&error).is_some() => return true,
            Err(_) => {}
        }
    }
    false
}

/// A client of one TLS version. It trusts the authorities of the file, or else those of the system.
fn client_config(
    ca_file: Option<&Path>,
    version: &'static SupportedProtocolVersion,
) -> Result<ClientConfig, String> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
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
fn handshake(url: &Url, config: ClientConfig) -> io::Result<()> {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let name = ServerName::try_from(host).map_err(io::Error::other)?;
    let deadline = Instant::now() + OKTA_TIMEOUT;
    let addresses = url.socket_addrs(|| None)?;
    let mut stream = TimedStream { stream: connect(&addresses, deadline)?, deadline };
    let mut connection = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    while connection.is_handshaking() {
        connection.complete_io(&mut stream)?;
    }
    if connection.protocol_version() == Some(ProtocolVersion::TLSv1_3) {
        stream.deadline = deadline.min(Instant::now() + LATE_REFUSAL);
        await_late_refusal(&mut connection, &mut stream)?;
    }
    Ok(())
}

/// Waits for the refusal of a client without a certificate, which follows the handshake of TLS 1.3.
fn await_late_refusal(
    connection: &mut ClientConnection,
    stream: &mut TimedStream,
) -> io::Result<()> {
    while connection.wants_write() {
        connection.write_tls(stream)?;
    }
    // The server may send session tickets first.
    while connection.read_tls(stream).is_ok_and(|length| length > 0) {
        connection.process_new_packets().map_err(io::Error::other)?;
    }
    Ok(())
}

/// Connects to the first address that answers. Divides the remaining time equally among the addresses.
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

/// Whether the server may have refused the client because it has no certificate. Servers have several words for it.
fn is_refused_client(error: &io::Error) -> bool {
    use AlertDescription::{AccessDenied, BadCertificate, CertificateUnknown, HandshakeFailure};
    let error = error.get_ref().and_then(|error| error.downcast_ref());
    let Some(TlsError::AlertReceived(alert)) = error else {
        return false;
    };
    matches!(alert, HandshakeFailure | BadCertificate | CertificateUnknown | AccessDenied)
}

/// Why the certificate is rejected, and how to correct it.
struct RejectedCertificate {
    message: String,
    fix: &'static str,
}

impl RejectedCertificate {
    fn new(message: impl Into<String>, fix: &'static str) -> Self {
        Self { message: message.into(), fix }
    }
}

/// Why the certificate is rejected. Returns `None` if the connection failed for another reason.
fn rejected_certificate(error: &io::Error) -> Option<RejectedCertificate> {
    match error.get_ref()?.downcast_ref::<TlsError>()? {
        TlsError::InvalidCertificate(why) => Some(invalid_certificate(why)),
        TlsError::NoCertificatesPresented => {
            Some(RejectedCertificate::new("the server has none", "serve one of a public authority"))
        }
        TlsError::AlertReceived(AlertDescription::CertificateRequired) => {
            Some(RejectedCertificate::new(
                "the server asks for a certificate of the client, which Okta does not have",
                "do not require mutual TLS for the hook",
            ))
        }
        _ => None,
    }
}

fn invalid_certificate(error: &CertificateError) -> RejectedCertificate {
    match error {
        CertificateError::UnknownIssuer => RejectedCertificate::new(
            "the authority is unknown, or an intermediate certificate is missing",
            "serve the whole chain of a public authority; for a private one set --ca-file",
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            RejectedCertificate::new("it has expired", "renew it, and reload the server")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            RejectedCertificate::new("it is not valid yet", "set the clocks of both machines")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            RejectedCertificate::new(
                "it is for another name",
                "have a certificate issued for the host of the URL",
            )
        }
        other => RejectedCertificate::new(
            describe_certificate(other),
            "have an authority issue one for the host of the URL",
        ),
    }
}
