//! Why a request failed, in words of this field. The errors of TLS print the names of Rust's variants.

use std::io;

use rustls::CertificateError;

/// Describes why a request has no response.
pub(crate) fn describe(error: &ureq::Error) -> String {
    if let ureq::Error::Io(error) = error
        && let Some(rustls::Error::InvalidCertificate(fault)) = tls_error(error)
    {
        return describe_certificate(fault).to_owned();
    }
    error.to_string()
}

fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// Describes why the certificate of a server is refused.
pub(crate) fn describe_certificate(fault: &CertificateError) -> &'static str {
    match fault {
        CertificateError::UnknownIssuer => {
            "the certificate is of an unknown authority, or an intermediate one is missing"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the certificate has expired"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the certificate is not valid yet"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the certificate is for another name"
        }
        CertificateError::Revoked => "the certificate has been revoked",
        CertificateError::BadEncoding => "the certificate is malformed",
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            "the certificate is self-signed, or that of an authority"
        }
        _ => "the certificate is not valid",
    }
}
