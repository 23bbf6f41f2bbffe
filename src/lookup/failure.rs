//! The meaning of the system's errors and of those of TLS.

use std::io::{self, ErrorKind};

use rustls::CertificateError;
use tokio::time::{Duration, Instant};

use crate::rule::lookup::{CertificateFault, LookupFailure};

/// The least time for a source to answer in. With less, its silence says nothing about it.
const LEAST_TIME: Duration = Duration::from_millis(50);

/// Whether a source can still answer by the deadline. If not, the request is late, and not the source.
pub(super) fn is_too_late(deadline: Instant) -> bool {
    deadline.saturating_duration_since(Instant::now()) < LEAST_TIME
}

/// The failure of a connection that is being made, or in use.
pub(super) fn of_connection(error: &io::Error) -> LookupFailure {
    if let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
        return of_tls(inner);
    }
    match error.kind() {
        // A Unix socket that does not exist.
        ErrorKind::ConnectionRefused | ErrorKind::NotFound => LookupFailure::Refused,
        ErrorKind::TimedOut => LookupFailure::Timeout,
        _ => LookupFailure::Connection,
    }
}

/// The failure of TLS.
pub(super) fn of_tls(error: &rustls::Error) -> LookupFailure {
    let fault = match error {
        rustls::Error::InvalidMessage(_) => return LookupFailure::NoTls,
        rustls::Error::InvalidCertificate(fault) => fault,
        _ => return LookupFailure::Tls,
    };
    LookupFailure::Certificate(match fault {
        CertificateError::UnknownIssuer => CertificateFault::UnknownAuthority,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            CertificateFault::OtherHost
        }
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => CertificateFault::NotNow,
        _ => CertificateFault::Invalid,
    })
}
