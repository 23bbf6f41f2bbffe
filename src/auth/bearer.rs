//! Callers with an OAuth 2.0 access token (RFC 6750).

use std::time::{Duration, Instant};

use super::{
    Moment, Reason,
    issuer::Issuer,
    refresh::{Freshness, Keys},
    sha256,
    token::{Expected, Token},
};

/// How many verified tokens are remembered. Okta uses one for as long as it lasts.
const REMEMBERED: usize = 1000;

/// Accepts one issuer's tokens.
pub struct Bearer {
    expected: Expected,
    keys: Keys,
}

impl Bearer {
    /// Accepts tokens of this issuer that say this; starts fetching its keys.
    ///
    /// # Errors
    ///
    /// No thread can be started.
    pub fn new(issuer: Issuer, expected: Expected, max_stale: Duration) -> std::io::Result<Self> {
        Ok(Self { expected, keys: Keys::keep(issuer, max_stale)? })
    }

    /// How fresh the issuer's keys are.
    pub fn freshness(&self) -> Freshness {
        self.keys.freshness(Instant::now())
    }

    /// How many fetches of the issuer's keys went well since the start, and how many did not.
    pub fn fetches(&self) -> (u64, u64) {
        self.keys.fetches()
    }

    /// The scope that tokens need.
    pub(super) fn scope(&self) -> &str {
        &self.expected.scope
    }

    /// The client that this token was issued to.
    pub(super) async fn client(&self, token: &str, now: Moment) -> Result<String, Reason> {
        let digest = sha256(token.as_bytes());
        let mut trusted = match self.keys.current(now.monotonic) {
            Some(trusted) => trusted,
            None => {
                // Nobody waits for the sake of what is no token.
                Token::read(token)?;
                self.keys.wait(now.monotonic, false).await;
                self.keys.current(now.monotonic).ok_or(Reason::KeysUnavailable)?
            }
        };
        let leeway = self.expected.leeway.as_secs_f64();
        if let Some(known) = trusted.verified.lock().get(&digest)
            && now.unix < known.expires + leeway
        {
            return Ok(known.client.clone());
        }
        let read = Token::read(token)?;
        if trusted.keys.get(&read.kid).is_none() && self.keys.wait(now.monotonic, true).await {
            trusted = self.keys.current(now.monotonic).ok_or(Reason::KeysUnavailable)?;
        }
        let key = trusted.keys.get(&read.kid).ok_or(Reason::UnknownKey)?;
        let verified = read.verify(key, &self.expected, now.unix)?;
        let client = verified.client.clone();
        let mut remembered = trusted.verified.lock();
        if remembered.len() >= REMEMBERED {
            remembered.clear();
        }
        remembered.insert(digest, verified);
        Ok(client)
    }
}
