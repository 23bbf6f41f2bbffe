//! Whether a worker is overloaded, judged by the time that a request waits for its turn.
//!
//! Tasks of a worker take turns in the order in which they became ready. A probe that becomes ready
//! together with a request waits as long as a request that arrives then. Its wait says when the
//! worker cannot keep up, whatever a request costs on this machine and by these rules.

use std::{cell::Cell, time::Duration};

use tokio::{sync::Notify, time::Instant};

/// The longest wait at which requests are still judged. A new connection waits twice, to be taken and
/// to be read; Okta gives up after 3 s.
const LONGEST_WAIT: Duration = Duration::from_millis(250);
/// How often the wait is measured while requests come.
const MEASURE_EVERY: Duration = Duration::from_millis(10);
/// How long a measured wait counts.
const FRESH: Duration = Duration::from_millis(100);

/// The wait of requests in one worker.
pub(super) struct QueueTime {
    wait: Cell<Duration>,
    measured: Cell<Instant>,
    /// When the probe became ready that has not had its turn.
    probe_ready: Cell<Option<Instant>>,
    wake: Notify,
}

impl QueueTime {
    pub(super) fn new() -> Self {
        let (wait, measured) = (Cell::new(Duration::ZERO), Cell::new(Instant::now()));
        Self { wait, measured, probe_ready: Cell::new(None), wake: Notify::new() }
    }

    /// Says whether a request that has its turn now has waited too long, and measures on.
    pub(super) fn is_overloaded(&self, now: Instant) -> bool {
        let age = now.saturating_duration_since(self.measured.get());
        let last_was_long = age < FRESH && self.wait.get() > LONGEST_WAIT;
        match self.probe_ready.get() {
            Some(since) => last_was_long || now.saturating_duration_since(since) > LONGEST_WAIT,
            None => {
                if age >= MEASURE_EVERY {
                    self.probe_ready.set(Some(now));
                    self.wake.notify_one();
                }
                last_was_long
            }
        }
    }

    /// Takes the probe's turns, for as long as the worker runs.
    pub(super) async fn measure(&self) {
        loop {
            self.wake.notified().await;
            if let Some(since) = self.probe_ready.take() {
                let now = Instant::now();
                self.wait.set(now.saturating_duration_since(since));
                self.measured.set(now);
            }
        }
    }
}
