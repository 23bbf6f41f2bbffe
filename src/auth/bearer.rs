//! Callers with an OAuth 2.0 access token (RFC 6750).

use std::time::{SystemTime, UNIX_EPOCH};

use super::{
    Reason,
    refresh::Keys,
    sha256,
    token::{Expected, Token},
};

/// How many verified tokens are remembered. Okta uses one for as long as it lasts.
const REMEMBERED: usize = 1000;

/// Accepts one issuer's tokens.
pub struct Bearer {
    /// What they must say.
    pub expected: Expected,
    /// The issuer's keys.
    pub keys: Keys,
}

impl Bearer {
    /// The client that this token was issued to.
    pub(super) async fn client(&self, token: &str, now: SystemTime) -> Result<String, Reason> {
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
