//! Fetches an issuer's key set: its metadata (RFC 8414, or OpenID Connect Discovery), then the keys.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use serde::Deserialize;
use ureq::{
    Agent,
    http::header,
    tls::{PemItem, RootCerts, TlsConfig, parse_pem},
};

use super::{keys::Published, object};
use crate::{
    file::{self, FileKind, Links},
    origin,
};

/// The time for a whole fetch, metadata and keys.
const FETCH_TIMEOUT: Duration = Duration::from_millis(1500);
/// The largest answer, in bytes.
const SIZE_LIMIT: u64 = 1 << 20;

/// Where an issuer's keys are.
#[derive(Debug)]
pub struct Issuer {
    name: String,
    jwks_uri: Option<String>,
    agent: Agent,
}

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

impl Issuer {
    /// An issuer by its name; by `jwks_uri`, where its metadata are not to be asked; with a private
    /// authority's certificates in `ca_file` in place of the system's.
    ///
    /// # Errors
    ///
    /// The file cannot be read or has no certificate.
    pub fn new(
        name: String,
        jwks_uri: Option<String>,
        ca_file: Option<&PathBuf>,
    ) -> Result<Self, String> {
        let roots = match ca_file {
            None => RootCerts::PlatformVerifier,
            Some(path) => {
                let pem = file::read_bytes(path, FileKind::Certificate, Links::Follow)
                    .map_err(|error| format!("cannot read the file: {error}"))?;
                let certificates: Vec<_> = parse_pem(&pem)
                    .filter_map(|item| match item {
                        Ok(PemItem::Certificate(certificate)) => Some(certificate),
                        _ => None,
                    })
                    .collect();
                if certificates.is_empty() {
                    return Err("the file has no PEM certificate".to_owned());
                }
                RootCerts::new_with_certs(&certificates)
            }
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = TlsConfig::builder()
            .root_certs(roots)
            .unversioned_rustls_crypto_provider(provider)
            .build();
        let agent = Agent::config_builder()
            .tls_config(tls)
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            // One, from the metadata to the keys.
            .max_idle_connections(1)
            .max_idle_age(FETCH_TIMEOUT)
            .user_agent(concat!("registration-hook/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Ok(Self { name, jwks_uri, agent })
    }

    /// Fetches the keys, and for how long the issuer says that they are good; ends within
    /// [`FETCH_TIMEOUT`] whatever the issuer does.
    pub(super) fn fetch(&self) -> Result<(Published, Option<Duration>), String> {
        let start = Instant::now();
        let deadline = start + FETCH_TIMEOUT;
        let uri = match &self.jwks_uri {
            Some(uri) => uri.clone(),
            // One that is silent leaves the other its time.
            None => self
                .metadata("oauth-authorization-server", start + FETCH_TIMEOUT / 3)
                .or_else(|why| {
                    self.metadata("openid-configuration", deadline)
                        .map_err(|other| format!("{why}; {other}"))
                })?,
        };
        let (body, max_age) = self.get(&uri, deadline)?;
        let keys = Published::read(&body).map_err(|error| format!("{uri}: {error}"))?;
        Ok((keys, max_age))
    }

    /// Where the keys are, by the metadata of this kind.
    fn metadata(&self, kind: &str, deadline: Instant) -> Result<String, String> {
        let uri = format!("{}/.well-known/{kind}", self.name.trim_end_matches('/'));
        let (body, _) = self.get(&uri, deadline)?;
        let Some(metadata) = object::<Metadata>(&body) else {
            return Err(format!("{uri}: the answer is no metadata with `issuer` and `jwks_uri`"));
        };
        if metadata.issuer != self.name {
            return Err(format!("{uri}: `issuer` is not `{}` to the letter", self.name));
        }
        let keys = origin::trusted(&metadata.jwks_uri)
            .map_err(|why| format!("{uri}: `jwks_uri`: {why}"))?;
        if self.name.starts_with("https:") && keys.scheme() != "https" {
            return Err(format!("{uri}: `jwks_uri` is not `https`, as the issuer is"));
        }
        Ok(keys.into())
    }

    fn get(&self, uri: &str, deadline: Instant) -> Result<(Vec<u8>, Option<Duration>), String> {
        let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        let request = self.agent.get(uri).header(header::ACCEPT, "application/json");
        let request = request.config().timeout_global(Some(left)).build();
        let mut answer = request.call().map_err(|error| format!("{uri}: {error}"))?;
        if answer.status() != 200 {
            return Err(format!("{uri}: status {}", answer.status().as_u16()));
        }
        let control = answer.headers().get_all(header::CACHE_CONTROL).into_iter();
        let control: Vec<_> = control.filter_map(|value| value.to_str().ok()).collect();
        let max_age = max_age(&control.join(","));
        let body = answer.body_mut().with_config().limit(SIZE_LIMIT).read_to_vec();
        Ok((body.map_err(|error| format!("{uri}: {error}"))?, max_age))
    }
}

/// The freshness that `Cache-Control` gives: none at all for `no-store`, `no-cache` and what cannot be
/// read.
fn max_age(control: &str) -> Option<Duration> {
    let control = control.to_ascii_lowercase();
    let directives = control.split(',').filter_map(|directive| {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim() {
            "no-store" | "no-cache" => Some(Duration::ZERO),
            "max-age" => {
                let seconds = value.trim_matches(|c: char| !c.is_ascii_digit() && c != '-').parse();
                Some(Duration::from_secs(seconds.unwrap_or(0)))
            }
            _ => None,
        }
    });
    directives.min()
}
