//! Reads a TLS certificate with its private key.

use std::path::Path;

use rustls::{
    Error,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    sign::CertifiedKey,
};

use crate::{
    file::{self, FileKind},
    problem::Problem,
    settings::TlsFiles,
};

const CERTIFICATE_SETTING: &str = "server.tls.certificate";
const PRIVATE_KEY_SETTING: &str = "server.tls.key";

/// Reads a certificate chain and the private key that belongs to it.
pub(crate) fn read_pair(files: &TlsFiles) -> Result<CertifiedKey, Problem> {
    let chain = read_chain(&files.certificate)?;
    let private_key = read_private_key(&files.key)?;
    CertifiedKey::from_der(chain, private_key, &ring::default_provider()).map_err(pair_problem)
}

/// The problem of a certificate and a key that cannot be used together.
fn pair_problem(error: Error) -> Problem {
    let why = match error {
        Error::InconsistentKeys(_) => {
            "this is not the key of the first certificate in `server.tls.certificate`"
        }
        Error::InvalidCertificate(_) => {
            "the first certificate in `server.tls.certificate` is malformed"
        }
        _ => "this kind of key is not supported; use RSA, ECDSA (P-256 or P-384) or Ed25519",
    };
    Problem::named(PRIVATE_KEY_SETTING, why)
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, Problem> {
    let pem = read_pem(CERTIFICATE_SETTING, path)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    match chain {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        Ok(_) | Err(_) => {
            Err(Problem::named(CERTIFICATE_SETTING, "the file has no PEM certificate"))
        }
    }
}

fn read_private_key(path: &Path) -> Result<PrivateKeyDer<'static>, Problem> {
    let pem = read_pem(PRIVATE_KEY_SETTING, path)?;
    PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| {
        Problem::named(PRIVATE_KEY_SETTING, "the file has no unencrypted PEM private key")
    })
}

fn read_pem(setting: &str, path: &Path) -> Result<String, Problem> {
    file::read_text(path, FileKind::Certificate).map_err(|error| {
        let why = format!("cannot read `{}`: {error}", path.display());
        Problem::caused_by_io(setting, why, &error)
    })
}
