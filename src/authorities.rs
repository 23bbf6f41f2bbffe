//! Reads the certificates of the authorities that verify a server.

use std::path::Path;

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use crate::file::{self, FileKind, Links};

/// The authorities of a file.
pub(crate) struct Authorities {
    /// The certificates for ureq.
    pub(crate) certificates: Vec<CertificateDer<'static>>,
    /// The same certificates for rustls.
    pub(crate) roots: RootCertStore,
}

/// Reads a file in PEM. Fails, with the reason, if it has no certificate or an invalid one.
pub(crate) fn read_authorities(path: &Path) -> Result<Authorities, String> {
    const INVALID: &str = "the file has an invalid PEM certificate";
    let pem = file::read_bytes(path, FileKind::Certificate, Links::Follow)
        .map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
    let mut certificates = Vec::new();
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.or(Err(INVALID))?;
        roots.add(certificate.clone()).or(Err(INVALID))?;
        certificates.push(certificate);
    }
    if certificates.is_empty() {
        return Err("the file has no PEM certificate".to_owned());
    }
    Ok(Authorities { certificates, roots })
}
