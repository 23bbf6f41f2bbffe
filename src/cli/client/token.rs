//! Access tokens for client credentials (RFC 6749, section 4.4). The client authenticates as Okta does: with
//! its secret (`client_secret_post`), or with a signed assertion (`private_key_jwt`, RFC 7523).

use std::{
    path::Path,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use derive_more::Display;
use jiff::Timestamp;
use ring::{
    rand::{SecureRandom as _, SystemRandom},
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject as _};
use serde::{Deserialize, Serialize};
use ureq::http::{
    HeaderValue, Request,
    header::{ACCEPT, CONTENT_TYPE},
};
use url::{Url, form_urlencoded};

use crate::{
    escape,
    file::{self, FileKind, Links},
    http_client::{HttpClient, describe_request_error},
};

/// How long an assertion is valid, in seconds.
const ASSERTION_SECONDS: i64 = 300;
/// The lifetime of a token whose server sends no `expires_in`, in seconds.
const DEFAULT_LIFETIME: u64 = 60;
/// A day, in seconds. A token is replaced after a day, even if the server states a longer lifetime.
const LONGEST_LIFETIME: u64 = 86_400;
/// A token is replaced this long before it expires.
const EXPIRY_MARGIN: Duration = Duration::from_secs(10);
/// The largest answer of an authorization server, in bytes.
const ANSWER_LIMIT: u64 = 1 << 16;
/// How many characters of the server's error are shown.
const ERROR_LIMIT: usize = 200;

/// A client of an authorization server.
pub(super) struct ClientCredentials {
    pub(super) client_id: String,
    pub(super) token_url: Url,
    pub(super) scope: Option<String>,
    pub(super) proof: ClientProof,
}

/// How a client authenticates.
pub(super) enum ClientProof {
    Secret(String),
    Key(Box<ClientKey>),
}

/// A key that signs assertions.
pub(super) struct ClientKey {
    pair: RsaKeyPair,
    id: Option<String>,
}

/// Why there is no access token.
#[derive(Clone, Debug, Display, PartialEq, Eq)]
pub(in crate::cli) enum NoToken {
    #[display("the token URL does not answer within 3 s")]
    TimedOut,
    #[display("no connection to the token URL, or a broken one: {_0}")]
    Connection(String),
    /// The server refuses to issue a token or sends none, or the client cannot make the request.
    #[display("{_0}")]
    Refused(String),
}

pub(super) struct AccessToken {
    /// The value of the header `Authorization`.
    pub(super) authorization: HeaderValue,
    expires: Instant,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    /// The lifetime in seconds. Any value but a number, such as `"3600"`, counts as if it were missing.
    #[serde(default)]
    expires_in: serde_json::Value,
}

#[derive(Deserialize)]
struct TokenError {
    error: String,
    #[serde(default)]
    error_description: String,
}

#[derive(Serialize)]
struct AssertionHeader<'c> {
    alg: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'c str>,
}

#[derive(Serialize)]
struct AssertionClaims<'c> {
    iss: &'c str,
    sub: &'c str,
    aud: &'c str,
    iat: i64,
    exp: i64,
    jti: String,
}

impl AccessToken {
    pub(super) fn is_valid(&self, now: Instant) -> bool {
        now + EXPIRY_MARGIN < self.expires
    }
}

impl ClientKey {
    /// Reads an RSA key in PEM. An error never repeats the content of the file.
    pub(super) fn read(path: &Path, id: Option<String>) -> Result<Self, String> {
        let pem = file::read_bytes(path, FileKind::Secret, Links::Follow)
            .map_err(|error| format!("cannot read the file: {error}"))?;
        let pair = match PrivateKeyDer::from_pem_slice(&pem) {
            Ok(PrivateKeyDer::Pkcs8(key)) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
            Ok(PrivateKeyDer::Pkcs1(key)) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
            _ => return Err("expected an RSA private key in PEM".to_owned()),
        };
        match pair {
            Ok(pair) => Ok(Self { pair, id }),
            Err(why) => Err(format!("expected an RSA private key of 2048 bits or more: {why}")),
        }
    }

    /// Signs a statement that the client is `client_id`, for the server at `audience`.
    fn assertion(&self, client_id: &str, audience: &str) -> Result<String, String> {
        let random = SystemRandom::new();
        let mut jti = [0; 16];
        if random.fill(&mut jti).is_err() {
            return Err("the system has no random numbers".to_owned());
        }
        let now = Timestamp::now().as_second();
        let header = AssertionHeader { alg: "RS256", kid: self.id.as_deref() };
        let claims = AssertionClaims {
            iss: client_id,
            sub: client_id,
            aud: audience,
            iat: now,
            exp: now + ASSERTION_SECONDS,
            jti: URL_SAFE_NO_PAD.encode(jti),
        };
        let statement = format!("{}.{}", encode_part(&header)?, encode_part(&claims)?);
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &random, statement.as_bytes(), &mut signature)
            .or(Err("the key cannot sign"))?;
        Ok(format!("{statement}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// Encodes the header or the claims of a JWT.
fn encode_part(part: &impl Serialize) -> Result<String, String> {
    let json = serde_json::to_vec(part).map_err(|error| error.to_string())?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

impl ClientCredentials {
    /// Fetches a token. An error never repeats a secret of ours.
    pub(super) fn fetch(
        &self,
        http: &HttpClient,
        timeout: Duration,
    ) -> Result<AccessToken, NoToken> {
        let start = Instant::now();
        let form = self.form().map_err(NoToken::Refused)?;
        let request = Request::post(self.token_url.as_str())
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.clone())
            .map_err(ureq::Error::from)?;
        let mut response = http.send(request, timeout)?;
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(ANSWER_LIMIT).read_to_vec()?;
        if status != 200 {
            return Err(NoToken::Refused(describe_error(status, &body, &form)));
        }
        let Ok(answer) = serde_json::from_slice::<TokenAnswer>(&body) else {
            let why = "the answer of the token URL has no `access_token`";
            return Err(NoToken::Refused(why.to_owned()));
        };
        let Ok(mut authorization) =
            HeaderValue::from_str(&format!("Bearer {}", answer.access_token))
        else {
            let why = "the `access_token` does not fit into a header";
            return Err(NoToken::Refused(why.to_owned()));
        };
        authorization.set_sensitive(true);
        let seconds = answer.expires_in.as_u64().unwrap_or(DEFAULT_LIFETIME).min(LONGEST_LIFETIME);
        Ok(AccessToken { authorization, expires: start + Duration::from_secs(seconds) })
    }

    /// The form that the token URL expects.
    fn form(&self) -> Result<String, String> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        if let Some(scope) = &self.scope {
            form.append_pair("scope", scope);
        }
        form.append_pair("client_id", &self.client_id);
        match &self.proof {
            ClientProof::Secret(secret) => form.append_pair("client_secret", secret),
            ClientProof::Key(key) => {
                let assertion = key.assertion(&self.client_id, self.token_url.as_str())?;
                form.append_pair(
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                );
                form.append_pair("client_assertion", &assertion)
            }
        };
        Ok(form.finish())
    }
}

impl From<ureq::Error> for NoToken {
    fn from(error: ureq::Error) -> Self {
        match error {
            ureq::Error::Timeout(_) => Self::TimedOut,
            error => Self::Connection(describe_request_error(&error)),
        }
    }
}

/// Describes an answer without a token: its status, and the error of RFC 6749 if the body has one. Leaves out an
/// error that repeats the secret of the request's form.
fn describe_error(status: u16, body: &[u8], form: &str) -> String {
    let Ok(TokenError { error, error_description }) = serde_json::from_slice(body) else {
        return format!("the token URL answers with status {status}");
    };
    if repeats_secret(&error, form) || repeats_secret(&error_description, form) {
        return format!(
            "the token URL answers with status {status}; its error repeats our secret, so it is left out"
        );
    }
    let error = escape::excerpt(&error, ERROR_LIMIT);
    let description = escape::excerpt(&error_description, ERROR_LIMIT);
    format!("the token URL answers with status {status}: {error} {description}")
        .trim_end()
        .to_owned()
}

/// Whether a text repeats the secret of a form, as it is or as the form encodes it.
fn repeats_secret(text: &str, form: &str) -> bool {
    for pair in form.split('&') {
        let Some(("client_secret" | "client_assertion", encoded)) = pair.split_once('=') else {
            continue;
        };
        if text.contains(encoded) {
            return true;
        }
        for (_, secret) in form_urlencoded::parse(pair.as_bytes()) {
            if text.contains(&*secret) {
                return true;
            }
        }
    }
    false
}
