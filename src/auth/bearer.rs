//! OAuth 2.0 access tokens of one issuer (RFC 6750).

use std::time::{SystemTime, UNIX_EPOCH};

use super::{
    reason::Reason,
    refresh::Keys,
    token::{ExpectedClaims, Token},
};

/// Verifies the tokens of one issuer.
pub struct Bearer {
    /// The claims that a token must have.
    pub expected: ExpectedClaims,
    /// The keys that may sign tokens.
    pub keys: Keys,
}

impl Bearer {
    /// Verifies a token and returns the client that it was issued to. Does not verify a remembered token again
    /// until it expires or the keys change.
    pub(super) async fn verify(&self, token: &str, now: SystemTime) -> Result<String, Reason> {
        // Zero if the clock is set to a time before 1970.
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        if let Some(trusted) = self.keys.usable()
            && let Some(client) = trusted.remembered_client(token, now, self.expected.leeway)
        {
            return Ok(client);
        }
        // A malformed token is refused without a wait for keys.
        let parsed = Token::parse(token)?;
        let trusted = self.keys.keys_for(&parsed.kid).await.ok_or(Reason::KeysUnavailable)?;
        // `keys_for` has already fetched the keys again if this one was missing.
        let key = trusted.key_set.get(&parsed.kid).ok_or(Reason::UnknownKey)?;
        let verified = parsed.verify(key, &self.expected, now)?;
        let client = verified.client.clone();
        trusted.remember(token, verified);
        Ok(client)
    }

    /// Returns the value of `WWW-Authenticate` after a refusal.
    pub(super) fn challenge(&self, realm: &str, reason: Reason) -> String {
        let mut challenge = format!(r#"Bearer realm="{realm}""#);
        if let Some(error) = reason.oauth_error() {
            challenge += &format!(r#", error="{error}""#);
        }
        if reason == Reason::Scope {
            challenge += &format!(r#", scope="{}""#, self.expected.scope);
        }
        challenge
    }
}
