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
    keys::KeySet,
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
    remembered: Mutex<Remembered>,
}

/// Tokens that were verified with these keys, by their digests. Other keys, and they are forgotten.
#[derive(Default)]
struct Remembered {
    keys: Option<Arc<KeySet>>,
    tokens: HashMap<[u8; SHA256_OUTPUT_LEN], Verified>,
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
        let mut keys = match self.keys.current(now.monotonic) {
            Some(keys) => keys,
            None => {
                // Nobody waits for the sake of what is no token.
                Token::read(token)?;
                self.keys.pending(now.monotonic).await;
                self.keys.current(now.monotonic).ok_or(Reason::KeysUnavailable)?
            }
        };
        if let Some(client) = self.recall(&digest, &keys, now) {
            return Ok(client);
        }
        let read = Token::read(token)?;
        if keys.get(&read.kid).is_none() && self.keys.look_for_new(now.monotonic).await {
            keys = self.keys.current(now.monotonic).ok_or(Reason::KeysUnavailable)?;
        }
        let key = keys.get(&read.kid).ok_or(Reason::UnknownKey)?;
        let verified = read.verify(key, &self.expected, now.unix)?;
        let client = self.name(&verified);
        self.remember(digest, verified, keys);
        Ok(client)
    }

    fn name(&self, verified: &Verified) -> String {
        self.expected.clients.get(verified.client).cloned().unwrap_or_default()
    }

    fn recall(
        &self,
        digest: &[u8; SHA256_OUTPUT_LEN],
        keys: &Arc<KeySet>,
        now: Moment,
    ) -> Option<String> {
        let remembered = self.lock();
        // The same set, or one that says the same.
        let same =
            remembered.keys.as_ref().is_some_and(|known| Arc::ptr_eq(known, keys) || known == keys);
        let verified = remembered.tokens.get(digest).filter(|_| same)?;
        let lasts = now.unix < verified.expires + self.expected.leeway.as_secs_f64();
        lasts.then(|| self.name(verified))
    }

    fn remember(&self, digest: [u8; SHA256_OUTPUT_LEN], verified: Verified, keys: Arc<KeySet>) {
        let mut remembered = self.lock();
        let same = remembered.keys.as_ref() == Some(&keys);
        if !same || remembered.tokens.len() >= REMEMBERED {
            remembered.tokens.clear();
        }
        remembered.keys = Some(keys);
        remembered.tokens.insert(digest, verified);
    }

    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
