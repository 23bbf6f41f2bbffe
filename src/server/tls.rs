//! HTTPS: TLS 1.2 and 1.3, with the certificate that is live at the time of the handshake.

use std::{io, sync::Arc};

use rustls::{
    AlertDescription, ServerConfig,
    crypto::ring,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use crate::state::Live;

impl ResolvesServerCert for Live<CertifiedKey> {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.load_full())
    }
}

/// The TLS configuration. Each handshake takes the certificate that is live at that time.
pub(super) fn config(
    certificate: Arc<Live<CertifiedKey>>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(certificate);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.ticketer = ring::Ticketer::new()?;
    Ok(Arc::new(config))
}

/// Returns why a handshake failed. `None` if the error is not one of TLS, such as a closed connection.
pub(super) fn why_handshake_failed(error: &io::Error) -> Option<&'static str> {
    match error.get_ref()?.downcast_ref::<rustls::Error>()? {
        rustls::Error::InvalidMessage(_) => Some(
            "the client does not speak TLS; does it, or a proxy, call with http instead of https?",
        ),
        rustls::Error::AlertReceived(alert) if is_distrust(*alert) => Some(
            "the client does not trust the certificate; does `server.tls.certificate` have the \
             intermediate certificates and the name that the client calls?",
        ),
        _ => Some(
            "the client has no TLS version or cipher in common with us, or breaks the protocol",
        ),
    }
}

/// Whether the client refuses our certificate.
fn is_distrust(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
    )
}
