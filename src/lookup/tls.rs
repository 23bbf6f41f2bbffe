//! TLS to sources.

use std::{path::Path, sync::Arc};

use rustls::{ClientConfig, crypto::ring};
use rustls_platform_verifier::BuilderVerifierExt as _;

use crate::authorities::read_authorities;

/// TLS that trusts the authorities of a file, or else those of the system.
pub(super) fn tls_config(ca_file: Option<&Path>) -> Result<ClientConfig, String> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let builder = match ca_file {
        Some(path) => {
            let authorities =
                read_authorities(path).map_err(|error| format!("`ca_file`: {error}"))?;
            builder.with_root_certificates(authorities.roots)
        }
        None => builder.with_platform_verifier().map_err(|error| {
            format!("the system has no certificates to trust ({error}); set `ca_file`")
        })?,
    };
    Ok(builder.with_no_client_auth())
}
