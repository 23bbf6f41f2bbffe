//! Authentication of callers: HTTP Basic, a secret in a header, OAuth 2.0 access tokens. Any
//! configured method admits a caller.
//!
//! Depends on no HTTP library and reads no clock and no body: it is given the time and the values of headers. The
//! SHA-256 digest of a presented secret is compared with those of all secrets, in constant time. So
//! the duration shows neither how much of a secret is right nor which one it is. To save the time of a digest,
//! admitted secrets and tokens are remembered: a keyed hash finds them again, and then the whole value is
//! compared, in constant time as well.

use std::{sync::Arc, time::SystemTime};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use derive_more::Display;

mod bearer;
mod claims;
mod diagnosis;
mod digest;
mod issuer;
mod jwk;
mod keyed_hash;
pub mod keys;
mod reason;
mod refresh;
pub mod refresh_state;
mod scheme;
pub mod token;

pub use bearer::Bearer;
pub use diagnosis::Diagnosis;
pub use digest::Secrets;
pub use issuer::Issuer;
pub use reason::Reason;
pub use refresh::Keys;
pub use refresh_state::{FetchCounts, Freshness};
use scheme::{credentials_of_scheme, reason_of_other_scheme};

/// The realm named in challenges.
const REALM: &str = "registration-hook";

/// An admitted caller, by the authentication method.
#[derive(Clone, Debug, Display, PartialEq, Eq)]
pub enum Caller {
    /// A user name and password.
    #[display("basic")]
    Basic,
    /// A secret in a header.
    #[display("header")]
    Header,
    /// An access token that was issued to this client.
    #[display("oauth:{_0}")]
    OAuth(String),
}

/// The value of a header. `None` if the request does not have the header; [`Reason::Repeated`] if it
/// has the header twice, since it is then unclear which one counts.
pub type SingleHeader<'a> = Result<Option<&'a [u8]>, Reason>;

/// Admits callers by the configured methods. Without any, it admits no caller.
#[derive(Default)]
pub struct Authenticator {
    /// A user name with any of its passwords (RFC 7617).
    pub basic: Option<Secrets>,
    /// A header whose value is a secret.
    pub header: Option<SecretHeader>,
    /// An access token (RFC 6750).
    pub bearer: Option<Arc<Bearer>>,
}

/// A header that admits a caller if its whole value is one of these secrets.
pub struct SecretHeader {
    /// The header's name, in lower case.
    pub name: String,
    /// The values that admit.
    pub secrets: Secrets,
}

impl Authenticator {
    /// Whether access tokens are the only method.
    pub fn accepts_only_tokens(&self) -> bool {
        self.bearer.is_some() && self.basic.is_none() && self.header.is_none()
    }

    /// Returns the caller, or the reason why it is not admitted. `value_of` returns the value of a header
    /// by its name.
    pub async fn authenticate<'a>(
        &self,
        value_of: impl Fn(&str) -> SingleHeader<'a>,
        now: SystemTime,
    ) -> Result<Caller, Reason> {
        let mut reason = Reason::Missing;
        if let Some(SecretHeader { name, secrets }) = &self.header {
            match value_of(name) {
                Ok(Some(value)) if secrets.contains(value) => return Ok(Caller::Header),
                Ok(Some(_)) => reason = Reason::Wrong,
                Ok(None) => {}
                Err(repeated) => reason = repeated,
            }
        }
        let Some(authorization) = value_of("authorization")? else {
            return Err(reason);
        };
        if let Some(secrets) = &self.basic
            && let Some(encoded) = credentials_of_scheme(authorization, "Basic")
        {
            return admit_user(secrets, encoded);
        }
        if let Some(bearer) = &self.bearer
            && let Some(token) = credentials_of_scheme(authorization, "Bearer")
        {
            let token = str::from_utf8(token).map_err(|_| Reason::Malformed)?;
            return bearer.verify(token, now).await.map(Caller::OAuth);
        }
        // A wrong or repeated secret in its own header explains more than an unknown scheme.
        if reason == Reason::Missing && (self.basic.is_some() || self.bearer.is_some()) {
            reason = reason_of_other_scheme(authorization);
        }
        Err(reason)
    }

    /// Returns the values of `WWW-Authenticate` after a refusal, one per configured method (RFC 9110
    /// §11.6.1). The scheme for a secret in a header is our own, since none is registered.
    pub fn challenges(&self, reason: Reason) -> Vec<String> {
        let mut challenges = Vec::new();
        if self.basic.is_some() {
            challenges.push(format!(r#"Basic realm="{REALM}", charset="UTF-8""#));
        }
        if self.header.is_some() {
            challenges.push(format!(r#"Hook-Secret realm="{REALM}""#));
        }
        if let Some(bearer) = &self.bearer {
            challenges.push(bearer.challenge(REALM, reason));
        }
        challenges
    }
}

/// Admits a user by the credentials of HTTP Basic.
fn admit_user(secrets: &Secrets, encoded: &[u8]) -> Result<Caller, Reason> {
    match STANDARD.decode(encoded) {
        // Each secret is a whole `user:password`. A configured user name has no colon, so two equal pairs have
        // the same user name and the same password.
        Ok(pair) if secrets.contains(&pair) => Ok(Caller::Basic),
        Ok(_) | Err(_) => Err(Reason::Wrong),
    }
}
