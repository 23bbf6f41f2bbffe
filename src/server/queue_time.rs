//! Whether a worker is overloaded, judged by the time that a request waits for its turn.
//!
//! Tasks of a worker take turns in the order in which they became ready. A measuring task becomes
//! ready when a request has been answered. Its wait is that of a request that arrives then, whatever a
//! request costs on this machine and by these rules. It does not include the time that a connection
//! waits in the kernel to be accepted.

use std::{cell::Cell, time::Duration};

use tokio::{sync::Notify, time::Instant};

/// A wait that counts as long. A new connection waits twice, to be taken and to be read; Okta gives
/// up after 3 s.
const LONG: Duration = Duration::from_millis(250);
/// A wait that is not over yet and too long already.
const TOO_LONG: Duration = Duration::from_secs(1);
/// The shortest time between two measurements.
const MEASURE_EVERY: Duration = Duration::from_millis(10);
/// How long a measured wait counts.
const FRESH: Duration = Duration::from_millis(100);

/// The wait of requests in one worker.
pub(super) struct QueueTime {
    /// The last two measured waits, the newest first.
    waits: Cell<[Duration; 2]>,
    measured: Cell<Instant>,
    /// When the measuring task became ready, while it waits for its turn.
    ready_since: Cell<Option<Instant>>,
    wake: Notify,
}

impl QueueTime {
    pub(super) fn new() -> Self {
        Self {
            waits: Cell::new([Duration::ZERO; 2]),
            measured: Cell::new(Instant::now()),
            ready_since: Cell::new(None),
            wake: Notify::new(),
        }
    }

    /// Whether requests have waited too long lately: two waits in a row, since a pause of the machine
    /// makes one wait long as well, or one that does not end.
    pub(super) fn is_overloaded(&self, now: Instant) -> bool {
        let waiting = match self.ready_since.get() {
            Some(since) => now.saturating_duration_since(since),
            None => Duration::ZERO,
        };
        let [last, before] = self.waits.get();
        let is_fresh = now.saturating_duration_since(self.measured.get()) < FRESH;
        waiting > TOO_LONG || is_fresh && last > LONG && (before > LONG || waiting > LONG)
    }

    /// Starts a measurement after a request was answered, unless there was one just before.
    pub(super) fn request_answered(&self) {
        if self.ready_since.get().is_some() {
            return;
        }
        let now = Instant::now();
        if now.saturating_duration_since(self.measured.get()) >= MEASURE_EVERY {
            self.ready_since.set(Some(now));
            self.wake.notify_one();
        }
    }

    /// Measures, for as long as the worker runs.
    pub(super) async fn measure(&self) {
        loop {
            self.wake.notified().await;
            if let Some(since) = self.ready_since.take() {
                let now = Instant::now();
                let [last, _] = self.waits.get();
                self.waits.set([now.saturating_duration_since(since), last]);
                self.measured.set(now);
            }
        }
    }
}
