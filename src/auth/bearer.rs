//! Callers with an OAuth 2.0 access token (RFC 6750).

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use ring::digest::SHA256_OUTPUT_LEN;

use super::{
    Moment, Reason,
    issuer::Issuer,
    keys::{KeySet, PublicKey},
    refresh::{Freshness, Keys},
    sha256,
    token::{Expected, Token, Verified},
};

/// How many verified tokens are remembered. Okta uses one for as long as it lasts.
const REMEMBERED: usize = 1000;

/// Accepts one issuer's tokens.
pub struct Bearer {
    expected: Expected,
    keys: Keys,
    remembered: Mutex<HashMap<[u8; SHA256_OUTPUT_LEN], Remembered>>,
}

/// A token that was verified. It is good for as long as it lasts and its key stays in the set.
struct Remembered {
    verified: Verified,
    kid: String,
    key: PublicKey,
}

impl fmt::Debug for Bearer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Bearer").field("expected", &self.expected).finish_non_exhaustive()
    }
}

impl Bearer {
    /// Accepts tokens of this issuer that say this; starts fetching its keys.
    ///
    /// # Errors
    ///
    /// No thread can be started.
    pub fn new(issuer: Issuer, expected: Expected, max_stale: Duration) -> std::io::Result<Self> {
        let keys = Keys::keep(issuer, max_stale)?;
        Ok(Self { expected, keys, remembered: Mutex::default() })
    }

    /// How fresh the issuer's keys are.
    pub fn freshness(&self) -> Freshness {
        self.keys.freshness(Instant::now())
    }

    /// The scope that tokens need.
    pub(super) fn scope(&self) -> &str {
        &self.expected.scope
    }

    /// The client that this token was issued to.
    pub(super) async fn client(&self, token: &str, now: Moment) -> Result<String, Reason> {
        let digest = sha256(token.as_bytes());
        let keys = self.current_keys(now).await.ok_or(Reason::KeysUnavailable)?;
        if let Some(client) = self.recall(&digest, &keys, now) {
            return Ok(client);
        }
        let read = Token::read(token)?;
        let verify = |keys: &KeySet| {
            let key = keys.get(&read.kid)?;
            let verified = read.verify(key, &self.expected, now.unix);
            Some(verified.map(|verified| (verified, key.clone())))
        };
        let (verified, key) = match verify(&keys) {
            Some(done) => done?,
            None if self.keys.look_for_new(now.monotonic).await => {
                let keys = self.keys.current(now.monotonic).ok_or(Reason::KeysUnavailable)?;
                verify(&keys).unwrap_or(Err(Reason::UnknownKey))?
            }
            None => return Err(Reason::UnknownKey),
        };
        let client = self.name(&verified);
        self.remember(digest, Remembered { verified, kid: read.kid, key }, now);
        Ok(client)
    }

    async fn current_keys(&self, now: Moment) -> Option<Arc<KeySet>> {
        if let Some(keys) = self.keys.current(now.monotonic) {
            return Some(keys);
        }
        self.keys.pending().await;
        self.keys.current(now.monotonic)
    }

    fn name(&self, verified: &Verified) -> String {
        self.expected.clients.get(verified.client).cloned().unwrap_or_default()
    }

    fn recall(
        &self,
        digest: &[u8; SHA256_OUTPUT_LEN],
        keys: &KeySet,
        now: Moment,
    ) -> Option<String> {
        let remembered = self.lock();
        let known = remembered.get(digest)?;
        let good = self.lasts(&known.verified, now) && keys.get(&known.kid) == Some(&known.key);
        good.then(|| self.name(&known.verified))
    }

    fn remember(&self, digest: [u8; SHA256_OUTPUT_LEN], token: Remembered, now: Moment) {
        let mut remembered = self.lock();
        if remembered.len() >= REMEMBERED {
            remembered.retain(|_, token| self.lasts(&token.verified, now));
        }
        // Still full of good ones: to verify a token again is cheap, to grow is not.
        if remembered.len() < REMEMBERED {
            remembered.insert(digest, token);
        }
    }

    fn lasts(&self, verified: &Verified, now: Moment) -> bool {
        now.unix < verified.expires + self.expected.leeway.as_secs_f64()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; SHA256_OUTPUT_LEN], Remembered>> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
