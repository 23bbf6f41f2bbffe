//! TLS to sources.

use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use rustls_platform_verifier::BuilderVerifierExt as _;

use crate::file::{self, FileKind, Links};

/// TLS that verifies certificates by those of a file, or else by the system's.
pub(super) fn tls_config(ca_file: Option<&Path>) -> Result<ClientConfig, String> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let builder = match ca_file {
        Some(path) => builder.with_root_certificates(read_roots(path)?),
        None => builder.with_platform_verifier().map_err(|error| {
            format!("the system has no certificates to trust ({error}); set `ca_file`")
        })?,
    };
    Ok(builder.with_no_client_auth())
}

fn read_roots(path: &Path) -> Result<RootCertStore, String> {
    let pem = file::read_bytes(path, FileKind::Certificate, Links::Follow)
        .map_err(|error| format!("`ca_file`: cannot read `{}`: {error}", path.display()))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let is_added = match certificate {
            Ok(certificate) => roots.add(certificate).is_ok(),
            Err(_) => false,
        };
        if !is_added {
            return Err("`ca_file`: the file has an invalid PEM certificate".to_owned());
        }
    }
    if roots.is_empty() {
        return Err("`ca_file`: the file has no PEM certificate".to_owned());
    }
    Ok(roots)
}
