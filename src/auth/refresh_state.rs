//! The state of an issuer's keys: the present keys, and the results of fetches.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use derive_more::Display;

use super::{
    issuer::{FetchError, Fetched},
    keys::{KeySet, KeySetError, Leaks, Published, Remaining},
    trusted::TrustedKeys,
};
use crate::escape;

/// The shortest and the longest time before keys are fetched again, whatever the issuer says.
const SHORTEST_FRESH: Duration = Duration::from_secs(30);
const LONGEST_FRESH: Duration = Duration::from_secs(3600);
/// The pause after a failed fetch if there are no keys.
const RETRY_WITHOUT_KEYS: Duration = Duration::from_secs(1);
/// The pause after a failed fetch if there are keys.
const RETRY_WITH_KEYS: Duration = Duration::from_secs(30);
/// The shortest time between two fetches for unknown keys.
const COOLDOWN: Duration = Duration::from_secs(30);
/// How many leaked keys of a fetch are logged by name, and how many characters of each name.
const LEAKS_LOGGED: usize = 10;
const KID_LIMIT: usize = 64;

/// The present keys, and what is known of the fetches.
pub(super) struct RefreshState {
    /// The age at which keys become unusable.
    max_stale: Duration,
    current: Option<CurrentKeys>,
    /// The keys that must not be used, because the issuer has published their private keys.
    leaks: Leaks,
    /// The failure of the last fetch. `None` if it succeeded.
    failure: Option<Failure>,
    counts: FetchCounts,
    /// Whether a fetch is in progress or about to start.
    is_fetching: bool,
    /// When an unknown key last led to a fetch.
    unknown_key_at: Option<Instant>,
}

/// The keys of the last successful fetch.
struct CurrentKeys {
    trusted: Arc<TrustedKeys>,
    fetched_at: Instant,
}

/// The number of fetches since the start, by their result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FetchCounts {
    /// Fetches that returned usable keys.
    pub succeeded: u64,
    /// All others.
    pub failed: u64,
}

/// A failed fetch, as it is logged.
#[derive(Display, PartialEq, Eq)]
#[display("token keys: cannot fetch them, {consequence}: {cause}")]
struct Failure {
    cause: FailureCause,
    consequence: Consequence,
}

#[derive(Display, PartialEq, Eq)]
pub(super) enum FailureCause {
    #[display("{_0}")]
    Fetch(FetchError),
    #[display("{_0}")]
    KeySet(KeySetError),
    #[display("the fetch panicked")]
    Panic,
}

#[derive(Clone, Copy, Display, PartialEq, Eq)]
enum Consequence {
    #[display("the last ones stay in use")]
    LastKeysInUse,
    #[display("no token is accepted")]
    NoTokenAccepted,
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
    None,
}

impl CurrentKeys {
    /// The same keys without the tokens that they have verified: a token must be verified again where
    /// other claims are expected.
    fn without_tokens(&self) -> Self {
        let trusted = Arc::new(TrustedKeys::new(self.trusted.keys.clone()));
        Self { trusted, fetched_at: self.fetched_at }
    }
}

impl RefreshState {
    /// The state just before the first fetch. Until it succeeds, the keys of `last` are used.
    pub(super) fn new(max_stale: Duration, last: Option<&Self>) -> Self {
        let mut state = Self {
            max_stale,
            current: None,
            leaks: Leaks::default(),
            failure: None,
            counts: FetchCounts::default(),
            is_fetching: true,
            unknown_key_at: None,
        };
        if let Some(last) = last {
            state.leaks = last.leaks.clone();
            if let Some(current) = &last.current {
                state.current = Some(current.without_tokens());
            }
        }
        state
    }

    /// The state of keys that are never fetched and never too old.
    pub(super) fn fixed(keys: KeySet) -> Self {
        let trusted = Arc::new(TrustedKeys::new(keys));
        let current = Some(CurrentKeys { trusted, fetched_at: Instant::now() });
        Self { current, is_fetching: false, ..Self::new(Duration::MAX, None) }
    }

    /// Whether a fetch is in progress or about to start.
    pub(super) fn is_fetching(&self) -> bool {
        self.is_fetching
    }

    /// Notes that a fetch is about to start.
    pub(super) fn start_fetch(&mut self) {
        self.is_fetching = true;
    }

    /// Notes that a fetch for an unknown key is about to start, and returns true. Returns false if there
    /// is to be no such fetch: one is in progress, or the last one for an unknown key began within
    /// [`COOLDOWN`] before `now`.
    pub(super) fn start_fetch_for_unknown_key(&mut self, now: Instant) -> bool {
        let is_cooling_down = match self.unknown_key_at {
            Some(last) => now.saturating_duration_since(last) < COOLDOWN,
            None => false,
        };
        if self.is_fetching || is_cooling_down {
            return false;
        }
        self.unknown_key_at = Some(Instant::now());
        self.start_fetch();
        true
    }

    /// The number of fetches so far.
    pub(super) fn counts(&self) -> FetchCounts {
        self.counts
    }

    /// The keys in use, or `None` if there are none or they are too old.
    pub(super) fn usable(&self) -> Option<&Arc<TrustedKeys>> {
        match &self.current {
            Some(current) if current.fetched_at.elapsed() <= self.max_stale => {
                Some(&current.trusted)
            }
            _ => None,
        }
    }

    /// How fresh the keys are.
    pub(super) fn freshness(&self) -> Freshness {
        match self.usable() {
            None => Freshness::None,
            Some(_) if self.failure.is_some() => Freshness::Stale,
            Some(_) => Freshness::Fresh,
        }
    }

    /// Takes over the result of a fetch. Returns the pause before the next one.
    pub(super) fn finish_fetch(&mut self, fetched: Result<Fetched, FailureCause>) -> Duration {
        self.is_fetching = false;
        let Fetched { published, max_age } = match fetched {
            Ok(fetched) => fetched,
            Err(cause) => return self.note_failure(cause),
        };
        match self.refuse_leaked(published) {
            Ok(keys) => self.use_keys(keys, max_age),
            Err(error) => self.note_failure(FailureCause::KeySet(error)),
        }
    }

    /// Puts fetched keys to use. Returns the pause before the next fetch.
    fn use_keys(&mut self, keys: KeySet, max_age: Option<Duration>) -> Duration {
        self.counts.succeeded += 1;
        if self.failure.take().is_some() || self.current.is_none() {
            log::info!("token keys: fetched");
        }
        let trusted = match self.current.take() {
            // The same keys, whose verified tokens stay remembered.
            Some(current) if current.trusted.keys == keys => current.trusted,
            _ => Arc::new(TrustedKeys::new(keys)),
        };
        self.current = Some(CurrentKeys { trusted, fetched_at: Instant::now() });
        // Some time before they expire, and well before they are too old.
        let fresh = max_age.unwrap_or(LONGEST_FRESH).mul_f64(0.8);
        fresh.clamp(SHORTEST_FRESH, LONGEST_FRESH).min(self.max_stale / 2)
    }

    /// Notes a failed fetch, and logs it unless it is the same as before. Returns the pause before the
    /// next fetch.
    fn note_failure(&mut self, cause: FailureCause) -> Duration {
        self.counts.failed += 1;
        let (consequence, pause) = match self.usable() {
            Some(_) => (Consequence::LastKeysInUse, RETRY_WITH_KEYS.min(self.max_stale / 2)),
            None => (Consequence::NoTokenAccepted, RETRY_WITHOUT_KEYS),
        };
        let failure = Failure { cause, consequence };
        if self.failure.as_ref() != Some(&failure) {
            log::warn!("{failure}");
        }
        self.failure = Some(failure);
        pause
    }

    /// Returns the published keys without leaked ones. Removes leaked ones from the present keys, too,
    /// so that they verify no further token.
    fn refuse_leaked(&mut self, published: Published) -> Result<KeySet, KeySetError> {
        let current = self.current.take();
        let last = current.as_ref().map(|current| &current.trusted.keys);
        let Remaining { published, last, newly_leaked } = self.leaks.refuse(published, last);
        if let (Some(current), Some(keys)) = (current, last) {
            let is_unchanged = current.trusted.keys == keys;
            let CurrentKeys { mut trusted, fetched_at } = current;
            if !is_unchanged {
                trusted = Arc::new(TrustedKeys::new(keys));
            }
            self.current = Some(CurrentKeys { trusted, fetched_at });
        }
        log_leaks(&newly_leaked);
        published
    }
}

fn log_leaks(kids: &[String]) {
    for kid in kids.iter().take(LEAKS_LOGGED) {
        let kid = escape::excerpt(kid, KID_LIMIT);
        log::error!(
            "token keys: the issuer publishes the private key of `{kid}`, with which anybody can \
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
