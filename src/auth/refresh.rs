//! Keeps an issuer's keys at hand: a thread that fetches them before they expire, one fetch at a
//! time, and what callers wait for when they need keys that are not there.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use tokio::{sync::watch, time::timeout};

use super::{issuer::Issuer, keys::KeySet};

/// How long keys are used before they are fetched again, whatever the issuer says.
const FRESH: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(30)..=Duration::from_secs(3600);
/// Between attempts while there are no keys at all.
const COLD_RETRY: Duration = Duration::from_secs(1);
/// Between attempts after a bad answer, and between fetches for the sake of unknown keys.
const COOLDOWN: Duration = Duration::from_secs(30);
/// How long a caller waits for a fetch, which itself ends sooner.
const CALLER_WAIT: Duration = Duration::from_millis(1800);

/// The keys there are.
#[derive(Clone, Debug, Default)]
struct Snapshot {
    /// The last good ones, and when they came.
    keys: Option<(Arc<KeySet>, Instant)>,
    /// Whether the last attempt failed.
    failing: bool,
}

/// An issuer's keys, kept up to date until this is dropped.
#[derive(Debug)]
pub(super) struct Keys {
    shared: Arc<Shared>,
    max_stale: Duration,
}

#[derive(Debug)]
struct Shared {
    snapshot: watch::Sender<Snapshot>,
    control: Mutex<Control>,
    wake: Condvar,
}

#[derive(Debug, Default)]
struct Control {
    stopping: bool,
    wanted: bool,
    fetching: bool,
    /// The last time that an unknown key led to a fetch.
    unknown: Option<Instant>,
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

impl Keys {
    /// Starts fetching, at once and then in time.
    pub(super) fn keep(issuer: Issuer, max_stale: Duration) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            snapshot: watch::Sender::default(),
            // The first fetch is under way for whoever comes before it is.
            control: Mutex::new(Control { fetching: true, ..Control::default() }),
            wake: Condvar::new(),
        });
        let thread = thread::Builder::new().name("token-keys".to_owned());
        thread.spawn({
            let shared = shared.clone();
            move || shared.run(&issuer)
        })?;
        Ok(Self { shared, max_stale })
    }

    /// The keys, unless they are too old.
    pub(super) fn current(&self, now: Instant) -> Option<Arc<KeySet>> {
        let snapshot = self.shared.snapshot.borrow();
        let (keys, since) = snapshot.keys.as_ref()?;
        (now.saturating_duration_since(*since) <= self.max_stale).then(|| keys.clone())
    }

    pub(super) fn freshness(&self, now: Instant) -> Freshness {
        match self.current(now) {
            None => Freshness::None,
            Some(_) if self.shared.snapshot.borrow().failing => Freshness::Stale,
            Some(_) => Freshness::Fresh,
        }
    }

    /// Waits for the fetch that is under way, if one is.
    pub(super) async fn pending(&self) {
        let seen = self.shared.snapshot.subscribe();
        if self.shared.lock().fetching {
            wait(seen).await;
        }
    }

    /// Waits for a fetch on behalf of a key that is unknown: the one that is under way, or a new one,
    /// unless there has been one lately. True if there was something to wait for.
    pub(super) async fn look_for_new(&self, now: Instant) -> bool {
        let seen = self.shared.snapshot.subscribe();
        {
            let mut control = self.shared.lock();
            if !control.fetching && !control.wanted {
                let lately = |then| now.saturating_duration_since(then) < COOLDOWN;
                if control.unknown.is_some_and(lately) {
                    return false;
                }
                control.unknown = Some(now);
                control.wanted = true;
                self.shared.wake.notify_all();
            }
        }
        wait(seen).await;
        true
    }
}

async fn wait(mut seen: watch::Receiver<Snapshot>) {
    // Too late or in time, the caller looks at what there is.
    let _ = timeout(CALLER_WAIT, seen.changed()).await;
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.shared.lock().stopping = true;
        self.shared.wake.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Control> {
        self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, issuer: &Issuer) {
        loop {
            let started = Instant::now();
            let pause = self.attempt(issuer);
            let mut control = self.lock();
            control.fetching = false;
            while !control.stopping && !control.wanted && started.elapsed() < pause {
                let left = pause.saturating_sub(started.elapsed());
                let waited = self.wake.wait_timeout(control, left);
                control = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
            if control.stopping {
                return;
            }
            control.wanted = false;
            control.fetching = true;
        }
    }

    /// Fetches once; says how long to wait for the next time.
    fn attempt(&self, issuer: &Issuer) -> Duration {
        let fetched = issuer.fetch();
        let mut pause = COOLDOWN;
        self.snapshot.send_modify(|snapshot| match fetched {
            Ok(fetched) => {
                // Somewhat before they expire.
                let fresh = fetched.max_age.unwrap_or(*FRESH.end()).mul_f64(0.8);
                pause = fresh.clamp(*FRESH.start(), *FRESH.end());
                if snapshot.failing || snapshot.keys.is_none() {
                    log::info!("token keys: fetched");
                }
                *snapshot = Snapshot {
                    keys: Some((Arc::new(fetched.keys), Instant::now())),
                    failing: false,
                };
            }
            Err(why) => {
                let cold = snapshot.keys.is_none();
                if cold {
                    pause = COLD_RETRY;
                }
                if !snapshot.failing {
                    let so =
                        if cold { "no token is accepted" } else { "going on with the last ones" };
                    log::warn!("token keys: cannot fetch them, {so}: {why}");
                }
                snapshot.failing = true;
            }
        });
        pause
    }
}
