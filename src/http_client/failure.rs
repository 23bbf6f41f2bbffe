//! Describes why a request failed. rustls prints its errors with the names of Rust's variants, so they have
//! descriptions of their own here.

use std::io;

use rustls::{AlertDescription, CertificateError, Error as TlsError, OtherError};

/// Describes why a request has no response.
pub(crate) fn describe_request_error(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Io(error) if tls_error(error).is_some() => describe_handshake(error),
        // Without the `io:` that ureq would print before it.
        ureq::Error::Io(error) => error.to_string(),
        error => error.to_string(),
    }
}

/// Describes why a handshake of TLS failed.
pub(crate) fn describe_handshake(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return "the server closes the connection during the handshake".to_owned();
    }
    let Some(tls_error) = tls_error(error) else {
        return error.to_string();
    };
    let text = match tls_error {
        TlsError::InvalidCertificate(fault) => {
            return format!("the certificate {}", certificate_fault(fault));
        }
        TlsError::InvalidMessage(_) => "the port does not speak TLS, but perhaps plain http",
        TlsError::PeerIncompatible(_)
        | TlsError::AlertReceived(AlertDescription::ProtocolVersion) => {
            "the server does not support this TLS version"
        }
        TlsError::AlertReceived(AlertDescription::HandshakeFailure) => {
            "the server refuses the handshake; it may accept other ciphers only, or ask for a certificate of the client"
        }
        TlsError::AlertReceived(AlertDescription::UnrecognisedName) => {
            "the server does not know the host of the URL"
        }
        TlsError::NoCertificatesPresented => "the server has no certificate",
        other => return format!("the handshake fails ({other})"),
    };
    text.to_owned()
}

fn tls_error(error: &io::Error) -> Option<&TlsError> {
    error.get_ref()?.downcast_ref()
}

/// Why the certificate of a server is refused, as the predicate of a sentence.
pub(crate) fn certificate_fault(fault: &CertificateError) -> &'static str {
    match fault {
        CertificateError::UnknownIssuer => {
            "is of an unknown authority, or an intermediate certificate is missing"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "is not valid yet"
        }
        CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => {
            "has no `subjectAltName`, and its CN does not count"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "is for another name"
        }
        CertificateError::Revoked => "has been revoked",
        CertificateError::BadEncoding => "is malformed",
        fault if is_of_authority(fault) => {
            "is that of an authority, self-signed or not, and cannot be a server's"
        }
        fault if depends_on_unsupported_key(fault) => {
            "depends on a key or an algorithm that is not supported, such as P-521 or SHA-1"
        }
        fault if fails_signature_check(fault) => {
            "fails a signature check: the authority that it names was renewed, or a key is RSA below 2048 bits, which is not supported"
        }
        _ => "is not valid",
    }
}

/// Whether the certificate or its authority has a key, or a signature was made by an algorithm, that is not supported.
pub(crate) fn depends_on_unsupported_key(fault: &CertificateError) -> bool {
    match fault {
        CertificateError::UnsupportedSignatureAlgorithmContext { .. } => true,
        CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext {
            public_key_algorithm_id,
            ..
        } => !is_supported_key(public_key_algorithm_id),
        _ => false,
    }
}

/// Whether keys of this algorithm, with this curve, are supported.
fn is_supported_key(public_key_algorithm_id: &[u8]) -> bool {
    let supported = rustls::crypto::ring::default_provider().signature_verification_algorithms;
    supported.all.iter().any(|one| one.public_key_alg_id().as_ref() == public_key_algorithm_id)
}

/// Whether a signature does not fit its key. Usually the authority was renewed: the trusted one has the name of the
/// certificate's issuer, but another key. An RSA key below 2048 bits fits no signature. The signature may also be that
/// of the handshake, by the key of the certificate.
pub(crate) fn fails_signature_check(fault: &CertificateError) -> bool {
    matches!(
        fault,
        CertificateError::BadSignature
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. }
    ) && !depends_on_unsupported_key(fault)
}

/// Whether the certificate of a server is refused because it is that of an authority. A self-signed certificate
/// usually is one.
pub(crate) fn is_of_authority(fault: &CertificateError) -> bool {
    match fault {
        CertificateError::Other(OtherError(other)) => {
            matches!(other.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
        }
        _ => false,
    }
}
