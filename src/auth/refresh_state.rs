//! The state of an issuer's keys: the keys in use with the tokens that they have verified, and the
//! results of fetches. Reads no clock: its functions are given the time.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use derive_more::Display;
use parking_lot::Mutex;

use super::{
    keyed_hash::{HashKey, KeyedHash, equal_in_constant_time},
    keys::{KeySet, KeysError, KeysErrorKind, Leaks, PublishedKeySet},
    token::VerifiedToken,
};
use crate::escape;

/// The shortest pause after a successful fetch, whatever the issuer says.
const SHORTEST_PAUSE: Duration = Duration::from_secs(30);
/// The longest pause after a successful fetch, whatever the issuer says.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// The pause after a failed fetch if there are no keys.
const RETRY_WITHOUT_KEYS: Duration = Duration::from_secs(1);
/// The longest pause after a failed fetch if there are keys.
const RETRY_WITH_KEYS: Duration = Duration::from_secs(30);
/// The shortest time between two fetches for unknown keys.
const COOLDOWN: Duration = Duration::from_secs(30);
/// How many leaked keys of a fetch are logged by name.
const LEAKS_LOGGED: usize = 10;
/// How many characters of such a name are logged.
const KID_LIMIT: usize = 64;
/// How many verified tokens are remembered. Okta uses one token until it expires.
const TOKENS_LIMIT: usize = 1000;

/// Keys in use, and the tokens that they have verified.
pub struct TrustedKeys {
    pub(super) key_set: KeySet,
    /// The key of the hashes of `remembered`. It has nothing to do with the issuer's keys.
    hash_key: HashKey,
    remembered: Mutex<HashMap<KeyedHash, RememberedToken>>,
}

struct RememberedToken {
    token: Box<[u8]>,
    verified: VerifiedToken,
}

impl TrustedKeys {
    fn new(key_set: KeySet) -> Arc<Self> {
        Arc::new(Self { key_set, hash_key: HashKey::default(), remembered: Mutex::default() })
    }

    /// Returns the client of a token that was verified before and has not expired. `now` is in seconds
    /// since 1970.
    pub(super) fn remembered_client(
        &self,
        token: &str,
        now: f64,
        leeway: Duration,
    ) -> Option<String> {
        let hash = self.hash_key.hash(token.as_bytes());
        let remembered = self.remembered.lock();
        let RememberedToken { token: known, verified } = remembered.get(&hash)?;
        let is_valid = now < verified.expires + leeway.as_secs_f64();
        // Another token may have the same hash.
        if is_valid && equal_in_constant_time(known, token.as_bytes()) {
            Some(verified.client.clone())
        } else {
            None
        }
    }

    /// Remembers a verified token. If there are [`TOKENS_LIMIT`] already, forgets them first.
    pub(super) fn remember(&self, token: &str, verified: VerifiedToken) {
        let hash = self.hash_key.hash(token.as_bytes());
        let token = token.as_bytes().into();
        let mut remembered = self.remembered.lock();
        if remembered.len() >= TOKENS_LIMIT {
            remembered.clear();
        }
        remembered.insert(hash, RememberedToken { token, verified });
    }
}

/// The keys in use, and the results of the fetches.
pub struct RefreshState {
    /// The age at which keys become unusable.
    max_stale: Duration,
    /// The keys of the last successful fetch.
    current: Option<CurrentKeys>,
    /// The keys that must not be used, because their private keys were published.
    leaks: Leaks,
    /// The failure of the last fetch. `None` if the fetch succeeded.
    failure: Option<FetchFailure>,
    pub(super) counts: FetchCounts,
    /// Whether a fetch is in progress or about to start.
    pub(super) is_fetching: bool,
    /// When a fetch for an unknown key last began.
    last_fetch_for_unknown_key: Option<Instant>,
}

struct CurrentKeys {
    trusted: Arc<TrustedKeys>,
    fetched_at: Instant,
}

/// How a fetch failed. The next failure is logged only if it differs.
#[derive(Clone, Copy, PartialEq, Eq)]
struct FetchFailure {
    kind: KeysErrorKind,
    /// Whether older keys stay in use.
    has_older_keys: bool,
}

/// The number of fetches since the start, by their result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FetchCounts {
    /// Fetches that returned usable keys.
    pub succeeded: u64,
    /// Fetches that failed or returned no usable key.
    pub failed: u64,
}

/// How fresh the keys are. Printed, it is the word in `/readyz`.
#[derive(Clone, Copy, Debug, Display, PartialEq, Eq)]
pub enum Freshness {
    /// The keys of the last fetch, which succeeded.
    #[display("ok")]
    Fresh,
    /// Older keys, since the last fetch has failed. They are still usable.
    #[display("stale")]
    Stale,
    /// There are no keys, or they are older than `max_stale`.
    #[display("none")]
    Unusable,
}

impl RefreshState {
    /// The state just before the first fetch. `leaks` has the keys that have leaked so far. `previous` is the
    /// state before a reload of the settings. Its keys stay in use until the first fetch succeeds. Its verified
    /// tokens are forgotten, since the new settings may expect other claims.
    pub fn new(max_stale: Duration, leaks: Leaks, previous: Option<&Self>) -> Self {
        let mut state = Self {
            max_stale,
            current: None,
            leaks,
            failure: None,
            counts: FetchCounts::default(),
            is_fetching: true,
            last_fetch_for_unknown_key: None,
        };
        if let Some(previous) = previous
            && let Some(CurrentKeys { trusted, fetched_at }) = &previous.current
        {
            let trusted = TrustedKeys::new(trusted.key_set.clone());
            state.current = Some(CurrentKeys { trusted, fetched_at: *fetched_at });
        }
        state
    }

    /// The state of keys that are never fetched and never too old.
    pub(super) fn fixed(keys: KeySet, now: Instant) -> Self {
        let current = Some(CurrentKeys { trusted: TrustedKeys::new(keys), fetched_at: now });
        Self { current, is_fetching: false, ..Self::new(Duration::MAX, Leaks::default(), None) }
    }

    /// Notes that a fetch starts because of an unknown key, and returns true. Returns false if no fetch may
    /// start: one is in progress, or one for an unknown key began within 30 s before `now`.
    pub fn claim_fetch_for_unknown_key(&mut self, now: Instant) -> bool {
        let is_cooling_down = match self.last_fetch_for_unknown_key {
            Some(last) => now.saturating_duration_since(last) < COOLDOWN,
            None => false,
        };
        if self.is_fetching || is_cooling_down {
            return false;
        }
        self.last_fetch_for_unknown_key = Some(now);
        self.is_fetching = true;
        true
    }

    /// The keys in use, or `None` if there are none or they are too old.
    pub fn usable(&self, now: Instant) -> Option<&Arc<TrustedKeys>> {
        let current = self.current.as_ref()?;
        let age = now.saturating_duration_since(current.fetched_at);
        if age <= self.max_stale { Some(&current.trusted) } else { None }
    }

    /// How fresh the keys are.
    pub fn freshness(&self, now: Instant) -> Freshness {
        match self.usable(now) {
            None => Freshness::Unusable,
            Some(_) if self.failure.is_some() => Freshness::Stale,
            Some(_) => Freshness::Fresh,
        }
    }

    /// Takes over the result of a fetch. Returns the pause before the next fetch.
    pub fn finish_fetch(
        &mut self,
        fetched: Result<PublishedKeySet, KeysError>,
        now: Instant,
    ) -> Duration {
        self.is_fetching = false;
        match fetched.and_then(|published| self.use_keys(published, now)) {
            Ok(pause) => pause,
            Err(error) => self.record_failure(error, now),
        }
    }

    /// Replaces the keys in use by the published ones that have not leaked. Returns the pause before the next
    /// fetch. Fails if no key is left. Then the keys in use stay, except for those that have leaked.
    fn use_keys(
        &mut self,
        published: PublishedKeySet,
        now: Instant,
    ) -> Result<Duration, KeysError> {
        let newly_leaked = self.leaks.remember(&published);
        log_leaks(&newly_leaked);
        let keys = match self.leaks.usable_keys(&published) {
            Ok(keys) => keys,
            Err(error) => {
                self.remove_leaked(&published);
                return Err(error);
            }
        };
        self.counts.succeeded += 1;
        if self.failure.take().is_some() || self.current.is_none() {
            log::info!("token keys: fetched");
        }
        let trusted = match self.current.take() {
            // The keys are the same, so the tokens that they have verified stay remembered.
            Some(current) if current.trusted.key_set == keys => current.trusted,
            _ => TrustedKeys::new(keys),
        };
        self.current = Some(CurrentKeys { trusted, fetched_at: now });
        let max_age = published.max_age.unwrap_or(LONGEST_PAUSE);
        // Fetch again before the keys expire, and well before they become unusable.
        let pause = max_age.mul_f64(0.8).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
        Ok(pause.min(self.max_stale / 2))
    }

    /// Removes leaked keys from those in use, so that they verify no further token.
    fn remove_leaked(&mut self, published: &PublishedKeySet) {
        if let Some(current) = &mut self.current {
            match self.leaks.without_leaked(&current.trusted.key_set, published) {
                Ok(keys) if current.trusted.key_set == keys => {}
                Ok(keys) => current.trusted = TrustedKeys::new(keys),
                Err(_) => self.current = None,
            }
        }
    }

    /// Counts and keeps the failure of a fetch. Logs it unless the last one failed in the same way. Returns the pause
    /// before the next fetch.
    fn record_failure(&mut self, error: KeysError, now: Instant) -> Duration {
        self.counts.failed += 1;
        let has_older_keys = self.usable(now).is_some();
        let failure = FetchFailure { kind: error.kind, has_older_keys };
        if self.failure != Some(failure) {
            let consequence =
                if has_older_keys { "the last ones stay in use" } else { "no token is accepted" };
            log::warn!("token keys: cannot fetch them: {error}; {consequence}");
        }
        self.failure = Some(failure);
        if has_older_keys {
            // Try again well before the older keys become unusable.
            RETRY_WITH_KEYS.min(self.max_stale / 2)
        } else {
            RETRY_WITHOUT_KEYS
        }
    }
}

fn log_leaks(kids: &[String]) {
    for kid in kids.iter().take(LEAKS_LOGGED) {
        let kid = escape::in_backticks(kid, KID_LIMIT);
        log::error!(
            "token keys: the issuer publishes the private key of {kid}, with which anybody can \
             sign; this key is refused from now on"
        );
    }
    let others = kids.len().saturating_sub(LEAKS_LOGGED);
    if others > 0 {
        log::error!(
            "token keys: the issuer publishes {others} more private keys; they are refused"
        );
    }
}
