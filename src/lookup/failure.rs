//! Turns errors of the system and of TLS into failures of lookups.

use std::io::{self, ErrorKind};

use rustls::CertificateError;
use tokio::time::{Duration, Instant};
use ureq::Proxy;

use crate::{
    http_client::{depends_on_unsupported_key, fails_signature_check, is_of_authority},
    rule::lookup::{CertificateFault, LookupFailure},
};

/// The least time that a source needs to answer.
const LEAST_TIME: Duration = Duration::from_millis(50);

/// Whether too little time is left to ask a source. Then the time-out is the fault of the request, not of the source.
pub(super) fn lacks_time_to_ask(deadline: Instant) -> bool {
    deadline.saturating_duration_since(Instant::now()) < LEAST_TIME
}

/// The failure of a lookup whose connection has this error.
pub(super) fn connection_failure(error: &io::Error) -> LookupFailure {
    if let Some(inner) = error.get_ref()
        && let Some(tls_error) = inner.downcast_ref::<rustls::Error>()
    {
        return tls_failure(tls_error);
    }
    match error.kind() {
        // `NotFound` means that a Unix socket does not exist.
        ErrorKind::ConnectionRefused | ErrorKind::NotFound => LookupFailure::Refused,
        ErrorKind::TimedOut => LookupFailure::Timeout,
        _ => LookupFailure::Connection,
    }
}

/// The failure of a connection that goes through a proxy.
pub(super) fn through_proxy(failure: LookupFailure, proxy: &Proxy) -> LookupFailure {
    let fault = match failure {
        LookupFailure::HostNotFound => "is not found by its host name",
        LookupFailure::Refused => "is not running: nothing listens at its address",
        other => return other,
    };
    proxy_failure(proxy, fault)
}

/// The failure of a proxy.
pub(super) fn proxy_failure(proxy: &Proxy, fault: &'static str) -> LookupFailure {
    LookupFailure::Proxy { address: format!("{}:{}", proxy.host(), proxy.port()), fault }
}

/// The failure of a lookup whose TLS has this error.
pub(super) fn tls_failure(error: &rustls::Error) -> LookupFailure {
    let fault = match error {
        rustls::Error::InvalidMessage(_) => return LookupFailure::NoTls,
        rustls::Error::InvalidCertificate(fault) => fault,
        _ => return LookupFailure::Tls,
    };
    LookupFailure::Certificate(match fault {
        CertificateError::UnknownIssuer => CertificateFault::UnknownAuthority,
        CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => {
            CertificateFault::NoHost
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            CertificateFault::OtherHost
        }
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => CertificateFault::NotNow,
        fault if is_of_authority(fault) => CertificateFault::OfAuthority,
        fault if depends_on_unsupported_key(fault) => CertificateFault::UnsupportedKey,
        fault if fails_signature_check(fault) => CertificateFault::Signature,
        _ => CertificateFault::Invalid,
    })
}
