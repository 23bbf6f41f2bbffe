//! Fetches the keys of an issuer: first its metadata (RFC 8414, or OpenID Connect Discovery), then its
//! key set.

use std::{
    io,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use derive_more::{Display, Error};
use serde::Deserialize;
use ureq::{
    Agent,
    http::{HeaderMap, header},
    tls::{PemItem, RootCerts, TlsConfig, parse_pem},
};

use super::{
    json::read_object,
    keys::{KeySetError, Published},
};
use crate::{
    file::{self, FileKind, Links},
    origin,
};

/// The longest time for a whole fetch, metadata and keys together.
const FETCH_TIMEOUT: Duration = Duration::from_millis(1500);
/// The largest answer, in bytes.
const SIZE_LIMIT: u64 = 1 << 20;

/// Metadata of RFC 8414.
const OAUTH_METADATA: &str = "oauth-authorization-server";
/// Metadata of OpenID Connect Discovery.
const OPENID_METADATA: &str = "openid-configuration";

/// An issuer whose keys can be fetched.
#[derive(Debug)]
pub struct Issuer {
    name: String,
    jwks_uri: Option<String>,
    agent: Agent,
}

/// The keys of an issuer.
pub(super) struct Fetched {
    pub(super) published: Published,
    /// How long the issuer allows their use. `None` if it does not say.
    pub(super) max_age: Option<Duration>,
}

/// Why the certificates of a private authority cannot be used.
#[derive(Debug, Display, Error)]
pub enum CaFileError {
    /// The file cannot be read.
    #[display("cannot read the file: {_0}")]
    Unreadable(io::Error),
    /// The file holds something else.
    #[display("the file has no PEM certificate")]
    NoCertificate,
}

/// Why a fetch has failed.
#[derive(Debug, Display, Error, PartialEq, Eq)]
pub(super) enum FetchError {
    #[display("{uri}: {error}")]
    Answer { uri: String, error: AnswerError },
    /// Neither kind of metadata could be fetched.
    #[display("{oauth}; {openid}")]
    Metadata { oauth: Box<Self>, openid: Box<Self> },
}

/// Why an answer of the issuer cannot be used, or why there is none.
#[derive(Debug, Display, Error, PartialEq, Eq)]
pub(super) enum AnswerError {
    /// There is no complete answer. The reason is in the words of the HTTP client.
    #[display("{_0}")]
    Transport(#[error(not(source))] String),
    #[display("status {_0}")]
    Status(#[error(not(source))] u16),
    #[display("the answer is not metadata with `issuer` and `jwks_uri`")]
    NotMetadata,
    #[display("`issuer` is not exactly `{_0}`")]
    OtherIssuer(#[error(not(source))] String),
    #[display("`jwks_uri`: {_0}")]
    KeysUrl(#[error(not(source))] &'static str),
    #[display("`jwks_uri` is not `https`, as the issuer is")]
    KeysUrlNotHttps,
    #[display("{_0}")]
    KeySet(KeySetError),
}

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

/// An answer with status 200.
struct HttpAnswer {
    body: Vec<u8>,
    max_age: Option<Duration>,
}

impl Issuer {
    /// An issuer by its name. With `jwks_uri`, the keys are fetched from there, without metadata. With
    /// `ca_file`, the certificates in it are trusted instead of the system's.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or has no certificate.
    pub fn new(
        name: String,
        jwks_uri: Option<String>,
        ca_file: Option<&Path>,
    ) -> Result<Self, CaFileError> {
        let roots = match ca_file {
            Some(path) => read_certificates(path)?,
            None => RootCerts::PlatformVerifier,
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
            // The key set may be fetched on the connection of the metadata.
            .max_idle_connections(1)
            .max_idle_age(FETCH_TIMEOUT)
            .user_agent(concat!("registration-hook/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Ok(Self { name, jwks_uri, agent })
    }

    /// Fetches the keys. Ends within [`FETCH_TIMEOUT`], whatever the issuer does.
    pub(super) fn fetch(&self) -> Result<Fetched, FetchError> {
        let start = Instant::now();
        let deadline = start + FETCH_TIMEOUT;
        let uri = match &self.jwks_uri {
            Some(uri) => uri.clone(),
            None => self.find_keys_url(start, deadline)?,
        };
        self.fetch_keys(&uri, deadline).map_err(|error| FetchError::Answer { uri, error })
    }

    /// Returns the URL of the keys, from either kind of metadata.
    fn find_keys_url(&self, start: Instant, deadline: Instant) -> Result<String, FetchError> {
        // If the issuer does not answer the first request, there is time for the second.
        let oauth = match self.read_metadata(OAUTH_METADATA, start + FETCH_TIMEOUT / 3) {
            Ok(url) => return Ok(url),
            Err(error) => Box::new(error),
        };
        match self.read_metadata(OPENID_METADATA, deadline) {
            Ok(url) => Ok(url),
            Err(error) => Err(FetchError::Metadata { oauth, openid: Box::new(error) }),
        }
    }

    /// Returns the URL of the keys, from metadata of this kind.
    fn read_metadata(&self, kind: &str, deadline: Instant) -> Result<String, FetchError> {
        let uri = format!("{}/.well-known/{kind}", self.name.trim_end_matches('/'));
        self.read_metadata_at(&uri, deadline).map_err(|error| FetchError::Answer { uri, error })
    }

    fn read_metadata_at(&self, uri: &str, deadline: Instant) -> Result<String, AnswerError> {
        let answer = self.get(uri, deadline)?;
        let Some(metadata) = read_object::<Metadata>(&answer.body) else {
            return Err(AnswerError::NotMetadata);
        };
        if metadata.issuer != self.name {
            return Err(AnswerError::OtherIssuer(self.name.clone()));
        }
        let keys_url = origin::trusted(&metadata.jwks_uri).map_err(AnswerError::KeysUrl)?;
        if self.name.starts_with("https:") && keys_url.scheme() != "https" {
            return Err(AnswerError::KeysUrlNotHttps);
        }
        Ok(keys_url.into())
    }

    fn fetch_keys(&self, uri: &str, deadline: Instant) -> Result<Fetched, AnswerError> {
        let HttpAnswer { body, max_age } = self.get(uri, deadline)?;
        let published = Published::read(&body).map_err(AnswerError::KeySet)?;
        Ok(Fetched { published, max_age })
    }

    fn get(&self, uri: &str, deadline: Instant) -> Result<HttpAnswer, AnswerError> {
        let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        let request = self.agent.get(uri).header(header::ACCEPT, "application/json");
        let request = request.config().timeout_global(Some(left)).build();
        let mut answer = request.call().map_err(transport_error)?;
        if answer.status() != 200 {
            return Err(AnswerError::Status(answer.status().as_u16()));
        }
        let max_age = max_age(&cache_control(answer.headers()));
        let reader = answer.body_mut().with_config().limit(SIZE_LIMIT);
        let body = reader.read_to_vec().map_err(transport_error)?;
        Ok(HttpAnswer { body, max_age })
    }
}

fn transport_error(error: ureq::Error) -> AnswerError {
    AnswerError::Transport(error.to_string())
}

/// Reads every certificate of a file in PEM.
fn read_certificates(path: &Path) -> Result<RootCerts, CaFileError> {
    let pem = file::read_bytes(path, FileKind::Certificate, Links::Follow)
        .map_err(CaFileError::Unreadable)?;
    let mut certificates = Vec::new();
    for item in parse_pem(&pem) {
        if let Ok(PemItem::Certificate(certificate)) = item {
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() {
        return Err(CaFileError::NoCertificate);
    }
    Ok(RootCerts::new_with_certs(&certificates))
}

/// The values of `Cache-Control`, joined by commas.
fn cache_control(headers: &HeaderMap) -> String {
    let mut directives = String::new();
    for value in headers.get_all(header::CACHE_CONTROL) {
        if let Ok(value) = value.to_str() {
            directives.push_str(value);
            directives.push(',');
        }
    }
    directives
}

/// Returns the shortest time that `Cache-Control` allows. This is zero for `no-store`, `no-cache` and
/// a number that cannot be read.
fn max_age(directives: &str) -> Option<Duration> {
    let mut shortest = None;
    for directive in directives.to_ascii_lowercase().split(',') {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        let age = match name.trim() {
            "no-store" | "no-cache" => Duration::ZERO,
            "max-age" => Duration::from_secs(read_seconds(value)),
            _ => continue,
        };
        shortest = match shortest {
            Some(other) if other < age => Some(other),
            _ => Some(age),
        };
    }
    shortest
}

/// Reads a number, in quotes or not. Returns 0 if this is not a number.
fn read_seconds(value: &str) -> u64 {
    let digits = value.trim_matches(|c: char| !c.is_ascii_digit() && c != '-');
    digits.parse().unwrap_or(0)
}
