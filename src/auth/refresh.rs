//! Keeps an issuer's keys at hand: a thread that fetches them before they expire, one fetch at a
//! time, and what callers wait for when they need keys that are not there.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tokio::{sync::watch, time::timeout_at};

use super::{
    issuer::Issuer,
    keys::{KeySet, Trusted},
};

/// How long keys are used before they are fetched again, whatever the issuer says.
const FRESH: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(30)..=Duration::from_secs(3600);
/// Between attempts while there are no keys at all.
const COLD_RETRY: Duration = Duration::from_secs(1);
/// Between attempts after a bad answer, and between fetches for the sake of unknown keys.
const COOLDOWN: Duration = Duration::from_secs(30);
/// How long a caller waits for fetches in all; one of them ends sooner.
const CALLER_WAIT: Duration = Duration::from_millis(1800);

/// The keys there are, and what is done to get others.
#[derive(Default)]
struct State {
    /// For how long keys are good.
    max_stale: Duration,
    /// The last good ones, and when they came.
    keys: Option<(Arc<Trusted>, Instant)>,
    /// Why the last attempt failed, if it did.
    failure: Option<String>,
    /// How many attempts went well, and how many did not.
    fetches: (u64, u64),
    /// A fetch is under way, or about to be.
    fetching: bool,
    /// The last time that an unknown key led to a fetch.
    unknown: Option<Instant>,
}

/// An issuer's keys, kept up to date.
pub(super) struct Keys {
    state: Arc<watch::Sender<State>>,
    /// Wakes the thread.
    wanted: SyncSender<()>,
}

/// How fresh the keys are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// The last attempt gave them.
    Fresh,
    /// Older, and good for now.
    Stale,
    /// There are none, or they are older than `max_stale`.
    None,
}

impl Freshness {
    /// The word for it in readiness.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fresh => "ok",
            Self::Stale => "stale",
            Self::None => "none",
        }
    }
}

impl Keys {
    /// Starts fetching, at once and then in time.
    pub(super) fn keep(issuer: Issuer, max_stale: Duration) -> std::io::Result<Self> {
        let state = State { max_stale, fetching: true, ..State::default() };
        let state = Arc::new(watch::Sender::new(state));
        let (wanted, wishes) = sync_channel(1);
        let thread = thread::Builder::new().name("token-keys".to_owned());
        thread.spawn({
            let state = state.clone();
            move || run(&state, &issuer, &wishes)
        })?;
        Ok(Self { state, wanted })
    }

    /// The keys, unless they are too old.
    pub(super) fn current(&self, now: Instant) -> Option<Arc<Trusted>> {
        self.state.borrow().good(now).cloned()
    }

    pub(super) fn freshness(&self, now: Instant) -> Freshness {
        let state = self.state.borrow();
        match state.good(now) {
            None => Freshness::None,
            Some(_) if state.failure.is_some() => Freshness::Stale,
            Some(_) => Freshness::Fresh,
        }
    }

    pub(super) fn fetches(&self) -> (u64, u64) {
        self.state.borrow().fetches
    }

    /// Waits for the fetch that is under way, on behalf of a caller who came at `since`. Where none
    /// is and a key is `unknown`, a new one is begun, unless such a one was lately. True if there was
    /// something to wait for.
    pub(super) async fn wait(&self, since: Instant, unknown: bool) -> bool {
        let mut seen = self.state.subscribe();
        let mut coming = false;
        self.state.send_if_modified(|state| {
            let lately = |then| since.saturating_duration_since(then) < COOLDOWN;
            if unknown && !state.fetching && !state.unknown.is_some_and(lately) {
                state.unknown = Some(since);
                state.fetching = true;
                // Full, it has been woken already.
                let _ = self.wanted.try_send(());
            }
            coming = state.fetching;
            // Those who wait are woken by what comes of it.
            false
        });
        if coming {
            // Too late or in time, the caller looks at what there is.
            let _ = timeout_at((since + CALLER_WAIT).into(), seen.changed()).await;
        }
        coming
    }
}

fn run(state: &watch::Sender<State>, issuer: &Issuer, wishes: &Receiver<()>) {
    loop {
        // The resolver of names panics where no thread can be had.
        let fetched = catch_unwind(AssertUnwindSafe(|| issuer.fetch()))
            .unwrap_or_else(|_| Err("the fetch panicked".to_owned()));
        let mut pause = COOLDOWN;
        state.send_modify(|state| pause = state.take(fetched));
        if wishes.recv_timeout(pause) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
        state.send_if_modified(|state| {
            state.fetching = true;
            false
        });
    }
}

impl State {
    /// The keys, unless they are too old.
    fn good(&self, now: Instant) -> Option<&Arc<Trusted>> {
        let (keys, since) = self.keys.as_ref()?;
        (now.saturating_duration_since(*since) <= self.max_stale).then_some(keys)
    }

    /// Takes what came of a fetch; says how long to wait for the next one.
    fn take(&mut self, fetched: Result<(KeySet, Option<Duration>), String>) -> Duration {
        self.fetching = false;
        match fetched {
            Ok((keys, max_age)) => {
                self.fetches.0 += 1;
                if self.failure.take().is_some() || self.keys.is_none() {
                    log::info!("token keys: fetched");
                }
                let trusted = match self.keys.take() {
                    Some((trusted, _)) if trusted.keys == keys => trusted,
                    _ => Arc::new(Trusted { keys, verified: Mutex::default() }),
                };
                self.keys = Some((trusted, Instant::now()));
                // Somewhat before they expire, and before they are too old.
                let fresh = max_age.unwrap_or(*FRESH.end()).mul_f64(0.8);
                fresh.clamp(*FRESH.start(), *FRESH.end()).min(self.max_stale / 2)
            }
            Err(why) => {
                self.fetches.1 += 1;
                let (so, pause) = match self.good(Instant::now()) {
                    Some(_) => ("going on with the last ones", COOLDOWN.min(self.max_stale / 2)),
                    None => ("no token is accepted", COLD_RETRY),
                };
                let failure = format!("token keys: cannot fetch them, {so}: {why}");
                if self.failure.as_ref() != Some(&failure) {
                    log::warn!("{failure}");
                }
                self.failure = Some(failure);
                pause
            }
        }
    }
}
