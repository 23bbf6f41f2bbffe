//! Who may call: HTTP Basic, a secret in a header, OAuth 2.0 tokens. Any configured way admits a
//! caller.
//!
//! Knows neither HTTP library nor body: the caller hands over the time and the values of the headers
//! asked for.
//! Secrets are kept and compared as SHA-256 digests, all of them and in constant time, so that the
//! time taken tells neither how much of a secret was right nor which one was.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use derive_more::Display;
use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use serde::Deserialize;
use subtle::{Choice, ConstantTimeEq};

mod issuer;
mod jwk;
pub mod keys;
mod reason;
mod refresh;
pub mod token;

pub use issuer::Issuer;
pub use reason::Reason;
pub use refresh::{Freshness, Keys};
use token::{Expected, Token};

/// Reads a JSON object. Derived readers take an array for one, member by member; this does not.
fn object<'de, T: Deserialize<'de>>(json: &'de [u8]) -> Option<T> {
    serde_json::from_slice(json).ok().filter(|_| json.trim_ascii_start().starts_with(b"{"))
}

/// How many verified tokens are remembered. Okta uses one for as long as it lasts.
const REMEMBERED: usize = 1000;
/// The realm named in challenges.
const REALM: &str = "registration-hook";

/// How a caller was admitted.
#[derive(Clone, Debug, Display, PartialEq, Eq)]
pub enum Caller {
    /// By user name and password.
    #[display("basic")]
    Basic,
    /// By the secret in a header.
    #[display("header")]
    Header,
    /// By an access token that was issued to this client.
    #[display("oauth:{_0}")]
    OAuth(String),
}

/// A header's value, if it is there; [`Reason::Repeated`] where it is there twice, and nobody can
/// tell which one is meant.
pub type Presented<'a> = Result<Option<&'a [u8]>, Reason>;

/// Admits callers by what is configured; nobody, if nothing is.
#[derive(Default)]
pub struct Authenticator {
    /// A user and any of their passwords (RFC 7617).
    pub basic: Option<Secrets>,
    /// Any of these, verbatim, in the header of this name.
    pub header: Option<(String, Secrets)>,
    /// An access token.
    pub bearer: Option<Arc<Bearer>>,
}

impl Authenticator {
    /// Whether nobody gets in but with a token.
    pub fn needs_tokens(&self) -> bool {
        self.bearer.is_some() && self.basic.is_none() && self.header.is_none()
    }

    /// Who calls, by the values of the headers that `header` is asked for.
    ///
    /// # Errors
    ///
    /// Why nobody is admitted.
    pub async fn authenticate<'a>(
        &self,
        header: impl Fn(&str) -> Presented<'a>,
        now: SystemTime,
    ) -> Result<Caller, Reason> {
        let mut reason = Reason::Missing;
        if let Some((name, secrets)) = &self.header {
            match header(name) {
                Ok(Some(value)) if secrets.contain(value) => return Ok(Caller::Header),
                Ok(Some(_)) => reason = Reason::Wrong,
                Ok(None) => {}
                Err(repeated) => reason = repeated,
            }
        }
        let authorization = header("authorization")?.ok_or(reason)?;
        if let Some(secrets) = &self.basic
            && let Some(encoded) = with_scheme(authorization, "Basic")
        {
            return match STANDARD.decode(encoded) {
                // A configured user name has no colon, so that comparing the pair whole is to split
                // it at the first one.
                Ok(pair) if secrets.contain(&pair) => Ok(Caller::Basic),
                _ => Err(Reason::Wrong),
            };
        }
        if let Some(bearer) = &self.bearer
            && let Some(token) = with_scheme(authorization, "Bearer")
        {
            let token = str::from_utf8(token).map_err(|_| Reason::Malformed)?;
            return bearer.client(token, now).await.map(Caller::OAuth);
        }
        Err(reason)
    }

    /// The values of `WWW-Authenticate` after a refusal, one a configured way (RFC 9110 §11.6.1).
    /// The scheme of a secret in a header is our own, since there is none for it.
    pub fn challenges(&self, reason: Reason) -> impl Iterator<Item = String> {
        let basic =
            self.basic.as_ref().map(|_| format!(r#"Basic realm="{REALM}", charset="UTF-8""#));
        let header = self.header.as_ref().map(|_| format!(r#"Hook-Secret realm="{REALM}""#));
        let bearer = self.bearer.as_ref().map(|bearer| {
            let mut challenge = format!(r#"Bearer realm="{REALM}""#);
            if let Some(error) = reason.oauth_error() {
                challenge += &format!(r#", error="{error}""#);
            }
            if reason == Reason::Scope {
                challenge += &format!(r#", scope="{}""#, bearer.expected.scope);
            }
            challenge
        });
        [basic, header, bearer].into_iter().flatten()
    }
}

/// Accepts one issuer's tokens (RFC 6750).
pub struct Bearer {
    /// What a token must say.
    pub expected: Expected,
    /// The issuer's keys.
    pub keys: Keys,
}

impl Bearer {
    /// The client that this token was issued to.
    async fn client(&self, token: &str, now: SystemTime) -> Result<String, Reason> {
        let now = now.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
        let digest = sha256(token.as_bytes());
        if let Some(trusted) = self.keys.current()
            && let Some(known) = trusted.verified.lock().get(&digest)
            && now < known.expires + self.expected.leeway.as_secs_f64()
        {
            return Ok(known.client.clone());
        }
        // Nobody waits for the sake of what is no token.
        let read = Token::read(token)?;
        let trusted = self.keys.with(&read.kid).await.ok_or(Reason::KeysUnavailable)?;
        let key = trusted.keys.get(&read.kid).ok_or(Reason::UnknownKey)?;
        let verified = read.verify(key, &self.expected, now)?;
        let client = verified.client.clone();
        let mut remembered = trusted.verified.lock();
        if remembered.len() >= REMEMBERED {
            remembered.clear();
        }
        remembered.insert(digest, verified);
        Ok(client)
    }
}

/// Digests of secrets.
pub struct Secrets(Vec<[u8; SHA256_OUTPUT_LEN]>);

impl Secrets {
    /// Any of these.
    pub fn new(secrets: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        Self(secrets.into_iter().map(|secret| sha256(secret.as_ref())).collect())
    }

    /// This user with any of these passwords.
    pub fn of_user<'s>(name: &str, passwords: impl IntoIterator<Item = &'s str>) -> Self {
        Self::new(passwords.into_iter().map(|password| format!("{name}:{password}")))
    }

    fn contain(&self, presented: &[u8]) -> bool {
        let presented = sha256(presented);
        let none = Choice::from(0);
        self.0.iter().fold(none, |found, secret| found | secret.ct_eq(&presented)).into()
    }
}

fn sha256(data: &[u8]) -> [u8; SHA256_OUTPUT_LEN] {
    let mut output = [0; SHA256_OUTPUT_LEN];
    output.copy_from_slice(digest(&SHA256, data).as_ref());
    output
}

/// The credentials of this scheme (RFC 9110 §11.4: the scheme in any case, one or more spaces).
fn with_scheme<'h>(authorization: &'h [u8], scheme: &str) -> Option<&'h [u8]> {
    let (given, rest) = authorization.split_at_checked(scheme.len())?;
    let named = given.eq_ignore_ascii_case(scheme.as_bytes());
    let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
    (named && (spaces > 0 || rest.is_empty())).then(|| rest.get(spaces..)).flatten()
}
