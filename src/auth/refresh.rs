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

use derive_more::Display;
use parking_lot::Mutex;
use tokio::{sync::Notify, time::timeout_at};

use super::{
    issuer::Issuer,
    keys::{KeySet, Leaks, Published, Trusted},
};
use crate::escape;

/// How long keys are used before they are fetched again, whatever the issuer says.
const FRESH: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(30)..=Duration::from_secs(3600);
/// Between attempts while there are no keys at all.
const COLD_RETRY: Duration = Duration::from_secs(1);
/// Between attempts after a bad answer, and between fetches for the sake of unknown keys.
const COOLDOWN: Duration = Duration::from_secs(30);
/// How many leaked keys a fetch logs by name, and how much of each name, in characters.
const LEAKS_LOGGED: usize = 10;
const KID_LIMIT: usize = 64;
/// How long a caller waits for fetches in all; one of them ends sooner.
const CALLER_WAIT: Duration = Duration::from_millis(1800);

/// An issuer's keys, kept up to date.
pub struct Keys {
    shared: Arc<Shared>,
    /// Wakes the thread; without it, the thread ends. `None` for keys that are fixed.
    wanted: Option<SyncSender<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Tells of the end of a fetch.
    fetched: Notify,
}

/// The keys there are, and what is done to get others.
#[derive(Default)]
struct State {
    /// For how long keys are good.
    max_stale: Duration,
    /// The last good ones, and when they came.
    keys: Option<(Arc<Trusted>, Instant)>,
    /// The keys that are good no more, because the issuer has published their private half.
    leaks: Leaks,
    /// Why the last attempt failed, if it did.
    failure: Option<String>,
    /// How many attempts went well, and how many did not.
    fetches: (u64, u64),
    /// A fetch is under way, or about to be.
    fetching: bool,
    /// The last time that an unknown key led to a fetch.
    unknown: Option<Instant>,
}

/// How fresh the keys are; printed, the word for it in readiness.
#[derive(Clone, Copy, Debug, Display, PartialEq, Eq)]
pub enum Freshness {
    /// The last attempt gave them.
    #[display("ok")]
    Fresh,
    /// Older, and good for now.
    #[display("stale")]
    Stale,
    /// There are none, or they are older than `max_stale`.
    #[display("none")]
    None,
}

impl Keys {
    /// Starts fetching, at once and then in time. Until then the `last` keys are good, if there are any
    /// of this issuer.
    ///
    /// # Errors
    ///
    /// No thread can be started.
    pub fn keep(issuer: Issuer, max_stale: Duration, last: Option<&Self>) -> std::io::Result<Self> {
        let shared = Arc::<Shared>::default();
        let mut state = State { max_stale, fetching: true, ..State::default() };
        if let Some(last) = last {
            let last = last.shared.state.lock();
            state.leaks = last.leaks.clone();
            // Without the tokens verified by them: other claims may be expected now.
            let renewed = |trusted: &Trusted| Arc::new(Trusted::new(trusted.keys.clone()));
            state.keys = last.keys.as_ref().map(|(trusted, since)| (renewed(trusted), *since));
        }
        *shared.state.lock() = state;
        let (wanted, wishes) = sync_channel(1);
        let keys = Self { shared: shared.clone(), wanted: Some(wanted) };
        let thread = thread::Builder::new().name("token-keys".to_owned());
        thread.spawn(move || run(&shared, &issuer, &wishes))?;
        Ok(keys)
    }

    /// Keys that are never fetched and never too old. No caller waits for others.
    pub fn fixed(keys: KeySet) -> Self {
        let state = State {
            max_stale: Duration::MAX,
            keys: Some((Arc::new(Trusted::new(keys)), Instant::now())),
            ..State::default()
        };
        Self { shared: Arc::new(Shared { state: state.into(), ..Shared::default() }), wanted: None }
    }

    /// How fresh they are.
    pub fn freshness(&self) -> Freshness {
        let state = self.shared.state.lock();
        match state.good() {
            None => Freshness::None,
            Some(_) if state.failure.is_some() => Freshness::Stale,
            Some(_) => Freshness::Fresh,
        }
    }

    /// How many fetches went well since the start, and how many did not.
    pub fn fetches(&self) -> (u64, u64) {
        self.shared.state.lock().fetches
    }

    /// The keys, unless they are too old.
    pub(super) fn current(&self) -> Option<Arc<Trusted>> {
        self.shared.state.lock().good().cloned()
    }

    /// The keys. Where the one of this name is not among them, a caller waits for the fetch that is
    /// under way; where none is and there are others, one is begun, unless such a one was lately.
    pub(super) async fn with(&self, kid: &str) -> Option<Arc<Trusted>> {
        let since = Instant::now();
        let lately = |then| since.saturating_duration_since(then) < COOLDOWN;
        loop {
            let fetched = {
                let mut state = self.shared.state.lock();
                let good = state.good().cloned();
                if good.as_ref().is_some_and(|trusted| trusted.keys.get(kid).is_some()) {
                    return good;
                }
                if let Some(wanted) = &self.wanted
                    && good.is_some()
                    && !state.fetching
                    && !state.unknown.is_some_and(lately)
                {
                    state.unknown = Some(Instant::now());
                    state.fetching = true;
                    // Full, it has been woken already.
                    let _ = wanted.try_send(());
                }
                if !state.fetching {
                    return good;
                }
                self.shared.fetched.notified()
            };
            if timeout_at((since + CALLER_WAIT).into(), fetched).await.is_err() {
                return self.current();
            }
        }
    }
}

fn run(shared: &Shared, issuer: &Issuer, wishes: &Receiver<()>) {
    loop {
        // The resolver of names panics where no thread can be had.
        let fetched = catch_unwind(AssertUnwindSafe(|| issuer.fetch()))
            .unwrap_or_else(|_| Err("the fetch panicked".to_owned()));
        let mut state = shared.state.lock();
        let pause = state.take(fetched);
        // Under the lock, so that nobody who begins the next one is woken by this one.
        shared.fetched.notify_waiters();
        drop(state);
        if wishes.recv_timeout(pause) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
        let mut state = shared.state.lock();
        state.fetching = true;
        // A wish that came meanwhile is what is done now.
        let _ = wishes.try_recv();
    }
}

impl State {
    /// The keys, unless they are too old.
    fn good(&self) -> Option<&Arc<Trusted>> {
        let (keys, since) = self.keys.as_ref()?;
        (since.elapsed() <= self.max_stale).then_some(keys)
    }

    /// Takes what came of a fetch; says how long to wait for the next one.
    fn take(&mut self, fetched: Result<(Published, Option<Duration>), String>) -> Duration {
        self.fetching = false;
        let usable = match fetched {
            Ok((published, max_age)) => self.refuse_leaked(published).map(|keys| (keys, max_age)),
            Err(why) => Err(why),
        };
        match usable {
            Ok((keys, max_age)) => {
                self.fetches.0 += 1;
                if self.failure.take().is_some() || self.keys.is_none() {
                    log::info!("token keys: fetched");
                }
                let trusted = match self.keys.take() {
                    Some((trusted, _)) if trusted.keys == keys => trusted,
                    _ => Arc::new(Trusted::new(keys)),
                };
                self.keys = Some((trusted, Instant::now()));
                // Somewhat before they expire, and before they are too old.
                let fresh = max_age.unwrap_or(*FRESH.end()).mul_f64(0.8);
                fresh.clamp(*FRESH.start(), *FRESH.end()).min(self.max_stale / 2)
            }
            Err(why) => {
                self.fetches.1 += 1;
                let (so, pause) = match self.good() {
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

    /// The published keys without those whose private half is published, too. These are refused among
    /// the last good keys as well, so that they verify no token from now on.
    fn refuse_leaked(&mut self, published: Published) -> Result<KeySet, String> {
        let (trusted, since) = match self.keys.take() {
            Some((trusted, since)) => (Some(trusted), since),
            None => (None, Instant::now()),
        };
        let taken = self.leaks.take(published, trusted.as_ref().map(|trusted| &trusted.keys));
        self.keys = match (trusted, taken.last) {
            (Some(trusted), Some(left)) if trusted.keys == left => Some((trusted, since)),
            (_, Some(left)) => Some((Arc::new(Trusted::new(left)), since)),
            (_, None) => None,
        };
        log_leaks(&taken.newly_leaked);
        taken.fresh.map_err(str::to_owned)
    }
}

fn log_leaks(kids: &[String]) {
    for kid in kids.iter().take(LEAKS_LOGGED) {
        let kid = escape::excerpt(kid, KID_LIMIT);
        log::error!(
            "token keys: the issuer publishes the private half of the key `{kid}`, with which \
             anybody can sign; it is refused from now on"
        );
    }
    let others = kids.len().saturating_sub(LEAKS_LOGGED);
    if others > 0 {
        log::error!(
            "token keys: the issuer publishes {others} more private keys; they are refused"
        );
    }
}
