//! Keeps an issuer's keys up to date. A thread fetches them before they expire, one fetch at a time.
//! Callers who need a key that is missing wait for a fetch.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tokio::{
    sync::{Notify, futures::Notified},
    time::timeout_at,
};

use super::{
    issuer::Issuer,
    keys::{KeySet, KeysError, KeysErrorKind, Leaks},
    refresh_state::{FetchCounts, Freshness, RefreshState, TrustedKeys},
};

/// The longest time that a caller waits for fetches. A single fetch takes less.
const CALLER_WAIT: Duration = Duration::from_millis(1800);

/// The keys of an issuer, kept up to date.
pub struct Keys {
    shared: Arc<Shared>,
    /// Wakes the thread. The thread ends when this is dropped. `None` for keys that are never fetched.
    wake: Option<SyncSender<()>>,
}

/// The state that callers and the thread share.
struct Shared {
    state: Mutex<RefreshState>,
    /// Notified at the end of each fetch.
    fetched: Notify,
}

/// The result of a search for the keys that a caller needs.
enum KeySearch<'s> {
    /// The keys to verify with: they have the key, or no fetch that may bring it is in progress.
    Done(Option<Arc<TrustedKeys>>),
    /// The key is missing, and a fetch is in progress that may bring it. The future completes when the fetch ends.
    Fetching(Notified<'s>),
}

impl Shared {
    fn new(state: RefreshState) -> Self {
        Self { state: Mutex::new(state), fetched: Notify::new() }
    }
}

impl Keys {
    /// Starts a thread that fetches the keys at once, and again before they expire. Leaves out the keys in
    /// `leaks`. Until the first fetch succeeds, uses the keys of `previous`, which must be of the same issuer.
    /// Fails if the thread cannot be started.
    pub fn start(
        issuer: Issuer,
        max_stale: Duration,
        leaks: Leaks,
        previous: Option<&Self>,
    ) -> io::Result<Self> {
        let state = match previous {
            Some(previous) => {
                RefreshState::new(max_stale, leaks, Some(&previous.shared.state.lock()))
            }
            None => RefreshState::new(max_stale, leaks, None),
        };
        let shared = Arc::new(Shared::new(state));
        let (wake, woken) = sync_channel(1);
        let keys = Self { shared: shared.clone(), wake: Some(wake) };
        let thread = thread::Builder::new().name("token-keys".to_owned());
        thread.spawn(move || fetch_forever(&shared, &issuer, &woken))?;
        Ok(keys)
    }

    /// Keys that are never fetched and never too old, for the fuzz targets. Callers do not wait.
    pub fn fixed(keys: KeySet) -> Self {
        let state = RefreshState::fixed(keys, Instant::now());
        Self { shared: Arc::new(Shared::new(state)), wake: None }
    }

    /// How fresh the keys are.
    pub fn freshness(&self) -> Freshness {
        self.shared.state.lock().freshness(Instant::now())
    }

    /// The number of fetches since the start.
    pub fn fetches(&self) -> FetchCounts {
        self.shared.state.lock().counts
    }

    /// Returns the keys in use, or `None` if there are none or they are too old.
    pub(super) fn usable(&self) -> Option<Arc<TrustedKeys>> {
        self.shared.state.lock().usable(Instant::now()).cloned()
    }

    /// Returns the keys in use. If they lack the key `kid`, first waits for a fetch already in progress, or
    /// starts one. Waits for [`CALLER_WAIT`] at most. Unknown keys start at most one fetch per 30 s.
    pub(super) async fn keys_for(&self, kid: &str) -> Option<Arc<TrustedKeys>> {
        let deadline = Instant::now() + CALLER_WAIT;
        loop {
            let end_of_fetch = match self.search(kid) {
                KeySearch::Done(keys) => return keys,
                KeySearch::Fetching(end_of_fetch) => end_of_fetch,
            };
            if timeout_at(deadline.into(), end_of_fetch).await.is_err() {
                return self.usable();
            }
        }
    }

    /// Looks for a key in the keys in use. If they lack it, wakes the thread to fetch it, unless a fetch for an
    /// unknown key began shortly before.
    fn search(&self, kid: &str) -> KeySearch<'_> {
        let now = Instant::now();
        let mut state = self.shared.state.lock();
        let usable = state.usable(now).cloned();
        // Without usable keys, the thread already tries again by itself, so it is not woken.
        if let Some(trusted) = &usable {
            if trusted.key_set.get(kid).is_some() {
                return KeySearch::Done(usable);
            }
            if let Some(wake) = &self.wake
                && state.claim_fetch_for_unknown_key(now)
            {
                // This fails if the channel is full. Then the thread has a wake-up waiting for it already.
                let _ = wake.try_send(());
            }
        }
        if !state.is_fetching {
            return KeySearch::Done(usable);
        }
        // The future notices each end of a fetch from here on, even before it is awaited. The present fetch cannot
        // end before this line, since `finish_fetch` needs the lock, which is held here.
        KeySearch::Fetching(self.shared.fetched.notified())
    }
}

/// Fetches the keys at once, and again after each pause or wake-up, until the [`Keys`] are dropped.
fn fetch_forever(shared: &Shared, issuer: &Issuer, woken: &Receiver<()>) {
    loop {
        // ureq looks up names in a thread, and panics if it cannot start one.
        let fetched = match catch_unwind(AssertUnwindSafe(|| issuer.fetch())) {
            Ok(fetched) => fetched,
            Err(_) => Err(KeysError::new(KeysErrorKind::Panic, "the fetch panicked")),
        };
        let pause = {
            let mut state = shared.state.lock();
            let pause = state.finish_fetch(fetched, Instant::now());
            // Notify while the lock is held. Once it is released, a caller may start the next fetch, and a later
            // notification would wake that caller too early.
            shared.fetched.notify_waiters();
            pause
        };
        if woken.recv_timeout(pause) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
        // A caller who has woken this thread has set `is_fetching` already. After a pause, no caller has.
        shared.state.lock().is_fetching = true;
        // A caller may have sent a wake-up after the pause, but before the line above. The fetch that begins now
        // serves that caller, so a second fetch is not needed.
        let _ = woken.try_recv();
    }
}
