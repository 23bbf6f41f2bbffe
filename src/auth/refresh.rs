//! Keeps an issuer's keys at hand: a thread that fetches them before they expire, one fetch at a
//! time, and what callers wait for when they need keys that are not there.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::{sync::watch, time::timeout_at};

use super::{
    issuer::{Fetched, Issuer},
    keys::KeySet,
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

/// The keys there are.
#[derive(Clone, Debug, Default)]
struct Snapshot {
    /// The last good ones, and when they came.
    keys: Option<(Arc<KeySet>, Instant)>,
    /// Why the last attempt failed, if it did.
    failure: Option<String>,
}

/// An issuer's keys, kept up to date.
#[derive(Debug)]
pub(super) struct Keys {
    shared: Arc<Shared>,
    /// Wakes the thread.
    wanted: SyncSender<()>,
    max_stale: Duration,
}

#[derive(Debug)]
struct Shared {
    snapshot: watch::Sender<Snapshot>,
    control: Mutex<Control>,
}

#[derive(Debug)]
struct Control {
    /// A fetch is under way, or about to be.
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
        let shared = Arc::new(Shared {
            snapshot: watch::Sender::default(),
            control: Mutex::new(Control { fetching: true, unknown: None }),
        });
        let (wanted, wishes) = sync_channel(1);
        let thread = thread::Builder::new().name("token-keys".to_owned());
        thread.spawn({
            let shared = shared.clone();
            move || shared.run(&issuer, max_stale, &wishes)
        })?;
        Ok(Self { shared, wanted, max_stale })
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
            Some(_) if self.shared.snapshot.borrow().failure.is_some() => Freshness::Stale,
            Some(_) => Freshness::Fresh,
        }
    }

    /// Waits for the fetch that is under way, if one is, on behalf of a caller who came at `since`.
    pub(super) async fn pending(&self, since: Instant) {
        let seen = self.shared.snapshot.subscribe();
        if self.shared.lock().fetching {
            wait(seen, since).await;
        }
    }

    /// Waits for a fetch on behalf of a key that is unknown: the one that is under way, or a new one,
    /// unless there has been one lately. True if there was something to wait for.
    pub(super) async fn look_for_new(&self, now: Instant) -> bool {
        let seen = self.shared.snapshot.subscribe();
        {
            let mut control = self.shared.lock();
            if !control.fetching {
                let lately = |then| now.saturating_duration_since(then) < COOLDOWN;
                if control.unknown.is_some_and(lately) {
                    return false;
                }
                control.unknown = Some(now);
                control.fetching = true;
                // Full, it has been woken already.
                let _ = self.wanted.try_send(());
            }
        }
        wait(seen, now).await;
        true
    }
}

async fn wait(mut seen: watch::Receiver<Snapshot>, since: Instant) {
    // Too late or in time, the caller looks at what there is.
    let _ = timeout_at((since + CALLER_WAIT).into(), seen.changed()).await;
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Control> {
        self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, issuer: &Issuer, max_stale: Duration, wishes: &Receiver<()>) {
        loop {
            // The resolver of names panics where no thread can be had.
            let fetched = catch_unwind(AssertUnwindSafe(|| issuer.fetch()))
                .unwrap_or_else(|_| Err("the fetch panicked".to_owned()));
            let pause = self.publish(fetched, max_stale);
            if wishes.recv_timeout(pause) == Err(RecvTimeoutError::Disconnected) {
                return;
            }
            self.lock().fetching = true;
        }
    }

    /// Publishes what came of a fetch; says how long to wait for the next one.
    fn publish(&self, fetched: Result<Fetched, String>, max_stale: Duration) -> Duration {
        let mut pause = COOLDOWN.min(max_stale / 2);
        // Held while publishing, so that nobody waits for what has just been published.
        let mut control = self.lock();
        control.fetching = false;
        self.snapshot.send_modify(|snapshot| match fetched {
            Ok(Fetched { keys, max_age }) => {
                // Somewhat before they expire, and before they are too old.
                let fresh = max_age.unwrap_or(*FRESH.end()).mul_f64(0.8);
                pause = fresh.clamp(*FRESH.start(), *FRESH.end()).min(max_stale / 2);
                if snapshot.failure.is_some() || snapshot.keys.is_none() {
                    log::info!("token keys: fetched");
                }
                *snapshot =
                    Snapshot { keys: Some((Arc::new(keys), Instant::now())), failure: None };
            }
            Err(why) => {
                let good =
                    snapshot.keys.as_ref().is_some_and(|(_, since)| since.elapsed() <= max_stale);
                if !good {
                    pause = COLD_RETRY;
                }
                let so = if good { "going on with the last ones" } else { "no token is accepted" };
                let failure = format!("token keys: cannot fetch them, {so}: {why}");
                if snapshot.failure.as_ref() != Some(&failure) {
                    log::warn!("{failure}");
                }
                snapshot.failure = Some(failure);
            }
        });
        pause
    }
}
