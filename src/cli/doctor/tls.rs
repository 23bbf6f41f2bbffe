//! The address, its certificate and its TLS versions.

use std::{io, path::Path, time::Duration};

use rustls::{
    AlertDescription, CertificateError, Error as TlsError, InvalidMessage,
    SupportedProtocolVersion,
    version::{TLS12, TLS13},
};
use url::Url;

use super::{
    checkup::Checkup,
    handshake::{ShiftedClock, client_config, handshake},
};
use crate::{
    cli::CliError,
    http_client::{certificate_fault, describe_handshake},
    trusted_url,
};

/// The longest URL of a hook at Okta.
const LONGEST_URL: usize = 1024;
/// A certificate that ends within this time gets a note.
const SHORT_VALIDITY: Duration = Duration::from_secs(14 * 24 * 3600);
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
    match (url.scheme(), trusted_url::is_on_this_machine(url)) {
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
    let mut accepted_version = None;
    let mut may_want_certificate = false;
    for (name, version) in VERSIONS {
        let config = client_config(ca_file, version, ShiftedClock::NOW).map_err(CliError)?;
        let Err(error) = handshake(url, config) else {
            accepted.push(name);
            accepted_version = Some(version);
            continue;
        };
        if let Some(RejectedCertificate { message, fix }) = rejected_certificate(&error) {
            checkup.problem("certificate", message, fix);
            return Ok(());
        }
        if is_no_tls(&error) {
            checkup.problem(
                "tls",
                "this port does not speak TLS, but perhaps plain http",
                "serve https there, or write the port that does: Okta calls https only",
            );
            return Ok(());
        }
        may_want_certificate |= is_refused_client(&error);
        refusals.push(format!("TLS {name}: {}", describe_handshake(&error)));
    }
    let refusals = refusals.join("; ");
    let Some(accepted_version) = accepted_version else {
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
    };
    match ca_file {
        Some(_) => checkup.note(
            "certificate",
            "valid by the authority of --ca-file",
            "Okta documents no way to trust a private authority; have a public one sign it",
        ),
        None => checkup.ok("certificate", "valid, of a public authority, with its whole chain"),
    }
    let later = ShiftedClock(SHORT_VALIDITY);
    let config = client_config(ca_file, accepted_version, later).map_err(CliError)?;
    if let Err(error) = handshake(url, config)
        && is_expired(&error)
    {
        let days = SHORT_VALIDITY.as_secs() / (24 * 3600);
        checkup.note("certificate", format!("it ends within {days} days"), "renew it in time");
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
        let Ok(config) = client_config(None, version, ShiftedClock::NOW) else {
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

/// Whether the server may have refused the client because it has no certificate. Servers have several words for it.
fn is_refused_client(error: &io::Error) -> bool {
    use AlertDescription::{AccessDenied, BadCertificate, CertificateUnknown, HandshakeFailure};
    let error = error.get_ref().and_then(|error| error.downcast_ref());
    let Some(TlsError::AlertReceived(alert)) = error else {
        return false;
    };
    matches!(alert, HandshakeFailure | BadCertificate | CertificateUnknown | AccessDenied)
}

/// Whether the server answers a handshake with another protocol than TLS.
fn is_no_tls(error: &io::Error) -> bool {
    let error = error.get_ref().and_then(|error| error.downcast_ref());
    matches!(error, Some(TlsError::InvalidMessage(InvalidMessage::InvalidContentType)))
}

fn is_expired(error: &io::Error) -> bool {
    let error = error.get_ref().and_then(|error| error.downcast_ref());
    matches!(
        error,
        Some(TlsError::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. }
        ))
    )
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
        other => RejectedCertificate::new(
            format!("it {}", certificate_fault(other)),
            "have an authority issue one for the host of the URL",
        ),
    }
}
