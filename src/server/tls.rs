//! HTTPS: TLS 1.2 and 1.3, with a pair that can be replaced while it runs.

use std::{path::Path, sync::Arc};

use arc_swap::ArcSwap;
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio_rustls::TlsAcceptor;

use crate::{
    file::{self, FileKind},
    problem::Problem,
    settings::Tls,
};

/// The certificate in force and its key.
#[derive(Debug)]
pub(crate) struct Certificate(ArcSwap<CertifiedKey>);

impl Certificate {
    /// Reads a pair.
    pub(crate) fn read(files: &Tls) -> Result<CertifiedKey, Problem> {
        let (certificate, key) = ("server.tls.certificate", "server.tls.key");
        let pem = text(certificate, &files.certificate)?;
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
        let none = || Problem::named(certificate, "the file holds no certificate in PEM");
        let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or_else(none)?;
        let none = "the file holds no private key in PEM that is not encrypted";
        let private = PrivateKeyDer::from_pem_slice(text(key, &files.key)?.as_bytes())
            .map_err(|_| Problem::named(key, none))?;
        CertifiedKey::from_der(chain, private, &ring::default_provider()).map_err(|error| {
            Problem::named(key, format!("this key cannot be used with the certificate: {error}"))
        })
    }

    /// Puts a pair in force.
    pub(crate) fn new(pair: CertifiedKey) -> Self {
        Self(ArcSwap::from_pointee(pair))
    }

    /// Puts another pair in force, and says so if it is another.
    pub(crate) fn replace(&self, pair: CertifiedKey) -> Option<String> {
        if self.0.load().cert == pair.cert {
            return None;
        }
        self.0.store(Arc::new(pair));
        Some("new connections get the new certificate".to_owned())
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

/// Serves TLS handshakes with the active certificate.
pub(super) fn acceptor(certificate: Arc<Certificate>) -> Result<TlsAcceptor, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(certificate);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.ticketer = ring::Ticketer::new()?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn text(key: &str, path: &Path) -> Result<String, Problem> {
    file::read_text(path, FileKind::Certificate).map_err(|error| {
        Problem::of_reading(key, format!("cannot read `{}`: {error}", path.display()), &error)
    })
}
