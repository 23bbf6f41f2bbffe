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

use super::keys::KeySet;
use crate::origin;

/// The time for a whole fetch, metadata and keys.
const FETCH_TIMEOUT: Duration = Duration::from_millis(1500);
/// The largest answer, in bytes.
const SIZE_LIMIT: u64 = 1 << 20;
/// Where metadata may be, below the issuer.
const METADATA: [&str; 2] = ["oauth-authorization-server", "openid-configuration"];

/// Where an issuer's keys are.
#[derive(Debug)]
pub struct Issuer {
    name: String,
    jwks_uri: Option<String>,
    agent: Agent,
}

/// Keys, and for how long the issuer says that they are good.
pub(super) struct Fetched {
    pub(super) keys: KeySet,
    pub(super) max_age: Option<Duration>,
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
                let pem = std::fs::read(path)
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
            .max_idle_connections(0)
            .user_agent(concat!("registration-hook/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Ok(Self { name, jwks_uri, agent })
    }

    /// Fetches the keys; ends within [`FETCH_TIMEOUT`] whatever the issuer does.
    pub(super) fn fetch(&self) -> Result<Fetched, String> {
        let deadline = Instant::now() + FETCH_TIMEOUT;
        let uri = match &self.jwks_uri {
            Some(uri) => uri.clone(),
            None => self.discover(deadline)?,
        };
        let (body, max_age) = self.get(&uri, deadline)?;
        let keys = KeySet::read(&body).map_err(|error| format!("{uri}: {error}"))?;
        Ok(Fetched { keys, max_age })
    }

    fn discover(&self, deadline: Instant) -> Result<String, String> {
        let mut failures = Vec::new();
        for kind in METADATA {
            match self.metadata(kind, deadline) {
                Ok(uri) => return Ok(uri),
                Err(why) => failures.push(why),
            }
        }
        Err(failures.join("; "))
    }

    fn metadata(&self, kind: &str, deadline: Instant) -> Result<String, String> {
        let uri = format!("{}/.well-known/{kind}", self.name.trim_end_matches('/'));
        let (body, _) = self.get(&uri, deadline)?;
        let Ok(metadata) = serde_json::from_slice::<Metadata>(&body) else {
            return Err(format!("{uri}: the answer is no metadata with `issuer` and `jwks_uri`"));
        };
        if metadata.issuer != self.name {
            return Err(format!("{uri}: `issuer` is not `{}` to the letter", self.name));
        }
        origin::trusted(&metadata.jwks_uri).map_err(|why| format!("{uri}: `jwks_uri`: {why}"))?;
        Ok(metadata.jwks_uri)
    }

    fn get(&self, uri: &str, deadline: Instant) -> Result<(Vec<u8>, Option<Duration>), String> {
        let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        let request = self.agent.get(uri).header(header::ACCEPT, "application/json");
        let request = request.config().timeout_global(Some(left)).build();
        let mut answer = request.call().map_err(|error| format!("{uri}: {error}"))?;
        if answer.status() != 200 {
            return Err(format!("{uri}: status {}", answer.status().as_u16()));
        }
        let max_age = answer
            .headers()
            .get(header::CACHE_CONTROL)
            .and_then(|value| max_age(value.to_str().ok()?));
        let body = answer.body_mut().with_config().limit(SIZE_LIMIT).read_to_vec();
        Ok((body.map_err(|error| format!("{uri}: {error}"))?, max_age))
    }
}

/// The freshness that `Cache-Control` gives; none at all for `no-store` and `no-cache`.
fn max_age(control: &str) -> Option<Duration> {
    let control = control.to_ascii_lowercase();
    let mut directives = control.split(',').map(str::trim);
    if directives.clone().any(|one| one == "no-store" || one == "no-cache") {
        return Some(Duration::ZERO);
    }
    let seconds = directives.find_map(|one| one.strip_prefix("max-age="))?;
    seconds.trim_matches('"').parse().ok().map(Duration::from_secs)
}
