//! Reads the certificates of the authorities that verify a server.

use std::path::Path;

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use crate::file::{self, FileKind, Links};

/// The authorities of a file.
pub(crate) struct Authorities {
    /// The certificates, in the form for ureq.
    pub(crate) certificates: Vec<CertificateDer<'static>>,
    /// The same certificates, in the form for rustls.
    pub(crate) roots: RootCertStore,
}

/// Reads a file in PEM. Fails, with the reason, if it has no certificate or an invalid one.
pub(crate) fn read_authorities(path: &Path) -> Result<Authorities, String> {
    let pem = file::read_bytes(path, FileKind::Certificate, Links::Follow)
        .map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
    let mut certificates = Vec::new();
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|_| invalid_certificate(path))?;
        roots.add(certificate.clone()).map_err(|_| invalid_certificate(path))?;
        certificates.push(certificate);
    }
    if certificates.is_empty() {
        return Err(format!("`{}` has no PEM certificate", path.display()));
    }
    Ok(Authorities { certificates, roots })
}

fn invalid_certificate(path: &Path) -> String {
    format!("`{}` has an invalid PEM certificate", path.display())
}
