//! The address, its certificate and its TLS versions.

use std::{io, path::Path, time::Duration};

use rustls::{
    AlertDescription, CertificateError, Error as TlsError, InvalidMessage,
    SupportedProtocolVersion,
    version::{TLS12, TLS13},
};
use url::Url;

use super::{
    checkup::{Checkup, Obstacle},
    handshake::{ShiftedClock, client_config, handshake},
};
use crate::{
    cli::CliError,
    http_client::{
        certificate_fault, depends_on_unsupported_key, describe_handshake, fails_signature_check,
    },
    trusted_url,
};

/// The longest URL of a hook at Okta.
const LONGEST_URL: usize = 1024;
const DAY: Duration = Duration::from_secs(24 * 3600);
/// A certificate that ends within this time gets a note.
const SHORT_VALIDITY: Duration = Duration::from_secs(14 * DAY.as_secs());
/// The TLS versions by their names. The newest comes last.
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

/// A handshake with one TLS version, and its result.
struct TlsAttempt {
    name: &'static str,
    version: &'static SupportedProtocolVersion,
    result: io::Result<()>,
}

/// Connects with each TLS version and verifies the certificate.
pub(super) fn check_tls(
    url: &Url,
    ca_file: Option<&Path>,
    checkup: &mut Checkup,
) -> Result<(), CliError> {
    let mut attempts = Vec::new();
    for (name, version) in VERSIONS {
        let config = client_config(ca_file, version, ShiftedClock::NOW).map_err(CliError)?;
        let result = handshake(url, config);
        if let Err(error) = &result
            && let Some(obstacle) = obstacle_to_any_version(error)
        {
            obstacle.report(checkup);
            return Ok(());
        }
        attempts.push(TlsAttempt { name, version, result });
    }
    let Some(newest) = attempts.iter().rfind(|attempt| attempt.result.is_ok()) else {
        obstacle_without_connection(&attempts).report(checkup);
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
    check_validity(url, ca_file, newest.version, checkup)?;
    report_versions(&attempts, checkup);
    Ok(())
}

/// Why the handshake fails with any TLS version. Returns `None` if another version may succeed.
fn obstacle_to_any_version(error: &io::Error) -> Option<Obstacle> {
    if let Some(obstacle) = rejected_certificate(error) {
        return Some(obstacle);
    }
    if is_other_protocol(error) {
        return Some(Obstacle {
            check: "tls",
            message: "this port does not speak TLS, but perhaps plain http".to_owned(),
            fix: "serve https there, or correct the port: Okta calls https only",
        });
    }
    None
}

fn obstacle_without_connection(attempts: &[TlsAttempt]) -> Obstacle {
    let mut fix = "let Okta connect to this host and port, and accept TLS 1.2 and 1.3 there";
    for TlsAttempt { result, .. } in attempts {
        if let Err(error) = result
            && may_ask_for_certificate(error)
        {
            fix = "accept TLS 1.2 and 1.3, and ask for no certificate of the client: Okta has none";
        }
    }
    let message = format!("no connection: {}", describe_failures(attempts));
    Obstacle { check: "tls", message, fix }
}

/// Notes a certificate that ends soon: with a clock that is ahead, its handshake fails.
fn check_validity(
    url: &Url,
    ca_file: Option<&Path>,
    version: &'static SupportedProtocolVersion,
    checkup: &mut Checkup,
) -> Result<(), CliError> {
    let later = ShiftedClock(SHORT_VALIDITY);
    let config = client_config(ca_file, version, later).map_err(CliError)?;
    if let Err(error) = handshake(url, config)
        && is_expired(&error)
    {
        let days = SHORT_VALIDITY.as_secs() / DAY.as_secs();
        checkup.note("certificate", format!("it ends within {days} days"), "renew it in time");
    }
    Ok(())
}

fn report_versions(attempts: &[TlsAttempt], checkup: &mut Checkup) {
    let mut accepted = Vec::new();
    for TlsAttempt { name, result, .. } in attempts {
        if result.is_ok() {
            accepted.push(*name);
        }
    }
    if accepted.len() == attempts.len() {
        checkup.ok("tls", "TLS 1.2 and 1.3 are accepted");
        return;
    }
    let (accepted, failures) = (accepted.join(" and "), describe_failures(attempts));
    checkup.note(
        "tls",
        format!("only TLS {accepted} is accepted: {failures}"),
        "accept TLS 1.2 and 1.3; Okta does not document which it uses",
    );
}

/// Names the TLS versions that failed, each with its reason.
fn describe_failures(attempts: &[TlsAttempt]) -> String {
    let mut failures = Vec::new();
    for TlsAttempt { name, result, .. } in attempts {
        if let Err(error) = result {
            failures.push(format!("TLS {name}: {}", describe_handshake(error)));
        }
    }
    failures.join("; ")
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

/// The error of TLS in an error of a handshake. `None` if the connection itself failed.
fn tls_error(error: &io::Error) -> Option<&TlsError> {
    error.get_ref()?.downcast_ref()
}

/// Whether the server may have refused the client because it has no certificate. Servers send several alerts for
/// that.
fn may_ask_for_certificate(error: &io::Error) -> bool {
    use AlertDescription::{AccessDenied, BadCertificate, CertificateUnknown, HandshakeFailure};
    let Some(TlsError::AlertReceived(alert)) = tls_error(error) else {
        return false;
    };
    matches!(alert, HandshakeFailure | BadCertificate | CertificateUnknown | AccessDenied)
}

/// Whether the server answers a handshake with another protocol than TLS.
fn is_other_protocol(error: &io::Error) -> bool {
    matches!(tls_error(error), Some(TlsError::InvalidMessage(InvalidMessage::InvalidContentType)))
}

fn is_expired(error: &io::Error) -> bool {
    matches!(
        tls_error(error),
        Some(TlsError::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. }
        ))
    )
}

/// Why the handshake failed, if a certificate is the reason: the server's, or the client's missing one.
fn rejected_certificate(error: &io::Error) -> Option<Obstacle> {
    match tls_error(error)? {
        TlsError::InvalidCertificate(why) => Some(invalid_certificate(why)),
        TlsError::NoCertificatesPresented => {
            Some(certificate_obstacle("the server has none", "serve one of a public authority"))
        }
        TlsError::AlertReceived(AlertDescription::CertificateRequired) => {
            Some(certificate_obstacle(
                "the server asks for a certificate of the client, which Okta does not have",
                "do not require mutual TLS for the hook",
            ))
        }
        _ => None,
    }
}

fn invalid_certificate(error: &CertificateError) -> Obstacle {
    match error {
        CertificateError::UnknownIssuer => certificate_obstacle(
            "the authority is unknown, or an intermediate certificate is missing",
            "serve the whole chain of a public authority; for a private one set --ca-file",
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            certificate_obstacle("it has expired", "renew it, and reload the server")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            certificate_obstacle("it is not valid yet", "set the clocks of both machines")
        }
        other if depends_on_unsupported_key(other) => certificate_obstacle(
            format!("it {}", certificate_fault(other)),
            "use RSA from 2048 bits, P-256 or P-384, with SHA-256 or SHA-384, for it and its authority",
        ),
        other if fails_signature_check(other) => certificate_obstacle(
            format!("it {}", certificate_fault(other)),
            "send the intermediate that signed it; for a private authority set --ca-file to the certificate that signed it; or, if a key of the chain has fewer than 2048 bits, replace it",
        ),
        other => certificate_obstacle(
            format!("it {}", certificate_fault(other)),
            "have an authority issue one for the host of the URL",
        ),
    }
}

fn certificate_obstacle(message: impl Into<String>, fix: &'static str) -> Obstacle {
    Obstacle { check: "certificate", message: message.into(), fix }
}
