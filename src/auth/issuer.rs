//! Fetches the keys of an issuer: first its metadata (RFC 8414, or OpenID Connect Discovery), then its
//! key set.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use serde::Deserialize;
use ureq::http::{HeaderMap, Request, header};

use super::{
    jwk::read_object,
    keys::{KeysError, KeysErrorKind, PublishedKeySet},
};
use crate::{
    escape,
    http_client::{HttpClient, IdleConnections, NameLookup, describe_request_error},
    proxies::Proxies,
    trusted_url,
};

/// The longest time for a whole fetch, metadata and keys together.
const FETCH_TIMEOUT: Duration = Duration::from_millis(1500);
/// The largest document, in bytes.
const SIZE_LIMIT: u64 = 1 << 20;

/// How many characters of an issuer's name are logged.
const NAME_LIMIT: usize = 200;

/// Metadata of RFC 8414.
const OAUTH_METADATA: &str = "oauth-authorization-server";
/// Metadata of OpenID Connect Discovery.
const OPENID_METADATA: &str = "openid-configuration";

/// An issuer whose keys can be fetched.
#[derive(Debug)]
pub struct Issuer {
    name: String,
    /// The URL of the keys. `None` to read it from the metadata.
    jwks_uri: Option<String>,
    client: HttpClient,
}

#[derive(Deserialize)]
struct IssuerMetadata {
    issuer: String,
    jwks_uri: String,
}

/// A document of the issuer, fetched with status 200.
struct IssuerDocument {
    body: Vec<u8>,
    max_age: Option<Duration>,
}

impl Issuer {
    /// An issuer by its name. With `jwks_uri`, the keys are fetched from there, without metadata. With
    /// `ca_file`, the certificates in that file are trusted instead of the system's. Fails if the file
    /// cannot be read or has no certificate.
    pub fn new(
        name: String,
        jwks_uri: Option<String>,
        ca_file: Option<&Path>,
        proxies: Proxies,
    ) -> Result<Self, KeysError> {
        // The key set may be fetched on the connection of the metadata.
        let idle = IdleConnections { count: 1, time: FETCH_TIMEOUT };
        match HttpClient::new(ca_file, proxies, idle, NameLookup::InSeparateThread) {
            Ok(client) => Ok(Self { name, jwks_uri, client }),
            Err(why) => Err(KeysError::new(KeysErrorKind::Certificates, why)),
        }
    }

    /// Fetches the keys. Ends within [`FETCH_TIMEOUT`], whatever the issuer does.
    pub(super) fn fetch(&self) -> Result<PublishedKeySet, KeysError> {
        let start = Instant::now();
        let deadline = start + FETCH_TIMEOUT;
        let uri = match &self.jwks_uri {
            Some(uri) => uri.clone(),
            None => self.find_keys_url(start, deadline)?,
        };
        let IssuerDocument { body, max_age } = self.fetch_document(&uri, deadline)?;
        PublishedKeySet::from_json(&body, max_age).map_err(|error| error.at(&uri))
    }

    /// Returns the URL of the keys, from either kind of metadata.
    fn find_keys_url(&self, start: Instant, deadline: Instant) -> Result<String, KeysError> {
        // If the issuer does not answer the first request, most of the time is left for the second.
        let first_deadline = start + FETCH_TIMEOUT / 3;
        let oauth_error = match self.fetch_keys_url(OAUTH_METADATA, first_deadline) {
            Ok(url) => return Ok(url),
            Err(error) => error,
        };
        match self.fetch_keys_url(OPENID_METADATA, deadline) {
            Ok(url) => Ok(url),
            Err(error) => Err(KeysError::new(error.kind, format!("{oauth_error}; {error}"))),
        }
    }

    /// Returns the URL of the keys, from metadata of this kind.
    fn fetch_keys_url(&self, kind: &str, deadline: Instant) -> Result<String, KeysError> {
        let uri = format!("{}/.well-known/{kind}", self.name.trim_end_matches('/'));
        let document = self.fetch_document(&uri, deadline)?;
        match self.read_metadata(&document.body) {
            Ok(url) => Ok(url),
            Err(why) => Err(KeysError::new(KeysErrorKind::Metadata, why).at(&uri)),
        }
    }

    /// Reads the URL of the keys from metadata. An error says why the metadata cannot be used.
    fn read_metadata(&self, json: &[u8]) -> Result<String, String> {
        let Some(metadata) = read_object::<IssuerMetadata>(json) else {
            return Err("this is not metadata with `issuer` and `jwks_uri`".to_owned());
        };
        if metadata.issuer != self.name {
            let issuer = escape::in_backticks(&metadata.issuer, NAME_LIMIT);
            return Err(format!(
                "`issuer` is {issuer}, but `auth.oauth.issuer` is `{}`; both must be exactly equal",
                self.name
            ));
        }
        match trusted_url::parse(&metadata.jwks_uri) {
            Err(untrusted) => Err(format!("`jwks_uri`: {untrusted}")),
            Ok(url) if url.scheme() == "http" && self.name.starts_with("https:") => {
                Err("`jwks_uri` must begin with `https`, since the issuer does".to_owned())
            }
            Ok(url) => Ok(url.into()),
        }
    }

    /// Fetches a document. If the connection fails, tries once more: the first try may have used the
    /// connection of an earlier document, which the issuer has closed since.
    fn fetch_document(&self, uri: &str, deadline: Instant) -> Result<IssuerDocument, KeysError> {
        let mut fetched = self.fetch_document_once(uri, deadline);
        if let Err(ureq::Error::Io(_)) = fetched {
            fetched = self.fetch_document_once(uri, deadline);
        }
        let error = match fetched {
            Ok(document) => return Ok(document),
            Err(ureq::Error::StatusCode(status)) => {
                KeysError::new(KeysErrorKind::Status(status), format!("status {status}"))
            }
            Err(error) => KeysError::new(KeysErrorKind::Connection, describe_request_error(&error)),
        };
        Err(error.at(uri))
    }

    fn fetch_document_once(
        &self,
        uri: &str,
        deadline: Instant,
    ) -> Result<IssuerDocument, ureq::Error> {
        // At least a millisecond, since ureq treats a time-out of zero as one second.
        let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        let request = Request::get(uri).header(header::ACCEPT, "application/json").body(())?;
        let mut response = self.client.send(request, left)?;
        if response.status() != 200 {
            return Err(ureq::Error::StatusCode(response.status().as_u16()));
        }
        let max_age = max_age(response.headers());
        let body = response.body_mut().with_config().limit(SIZE_LIMIT).read_to_vec()?;
        Ok(IssuerDocument { body, max_age })
    }
}

/// Returns how long the directives of `Cache-Control` allow the use of a document: the shortest of their
/// times. Returns `None` if no directive limits the time.
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let mut ages = Vec::new();
    for value in headers.get_all(header::CACHE_CONTROL) {
        let directives = value.to_str().unwrap_or_default().to_ascii_lowercase();
        for directive in directives.split(',') {
            if let Some(age) = age_of_directive(directive) {
                ages.push(age);
            }
        }
    }
    ages.into_iter().min()
}

/// How long a directive allows the use of a document: no time for `no-store`, `no-cache` and an invalid
/// number. `None` for directives that do not limit the time.
fn age_of_directive(directive: &str) -> Option<Duration> {
    let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
    match name.trim() {
        "no-store" | "no-cache" => Some(Duration::ZERO),
        "max-age" => Some(Duration::from_secs(read_seconds(value))),
        _ => None,
    }
}

/// Reads a number, in quotes or not. Returns 0 if this is not a number.
fn read_seconds(value: &str) -> u64 {
    // Keep a minus, so that a negative number is invalid.
    let digits = value.trim_matches(|c: char| !c.is_ascii_digit() && c != '-');
    digits.parse().unwrap_or(0)
}
