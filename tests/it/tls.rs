//! TLS for servers of tests, with the certificates of `tests/tls`.

use std::sync::Arc;

use rustls::{
    RootCertStore, ServerConfig, SupportedProtocolVersion,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::WebPkiClientVerifier,
};

use crate::support::repository;

/// The configuration of a server with this certificate and those after it in its file.
pub fn server_config(certificate: &str) -> Arc<ServerConfig> {
    let file = |extension: &str| repository(&format!("tests/tls/{certificate}.{extension}"));
    let certificates = CertificateDer::pem_file_iter(file("crt")).unwrap();
    let chain = certificates.map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(file("key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    Arc::new(config)
}

/// The configuration of a server that accepts only these versions, and only clients with a certificate.
pub fn mutual_tls(versions: &[&'static SupportedProtocolVersion]) -> Arc<ServerConfig> {
    let file = |name: &str| repository(&format!("tests/tls/{name}"));
    let chain = vec![CertificateDer::from_pem_file(file("rsa.crt")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(file("rsa.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file("issuer.crt")).unwrap()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(chain, key)
        .unwrap();
    Arc::new(config)
}
