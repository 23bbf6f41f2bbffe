//! A queue for slow work: one task at a time, first come first served.
//!
//! A worker has one thread, so while it judges one request, the others wait. It does the quick work
//! between two turns: it accepts and reads connections, responds to probes and refuses callers. The wait
//! for a turn is therefore the time that a request spends in the queue. A long wait shows that the worker
//! cannot keep up, on any machine and with any rules.

use std::{cell::Cell, time::Duration};

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    task::yield_now,
    time::{Instant, timeout_at},
};

/// How long queued work may take before other tasks run.
const WORK_AT_A_TIME: Duration = Duration::from_millis(1);

/// The queue of one worker for one kind of work.
pub(super) struct Turns {
    longest_wait: Duration,
    /// One permit per task that may wait.
    waiting: Semaphore,
    /// One permit, for the task whose turn it is.
    turn: Semaphore,
    /// The time that queued work has taken since other tasks last ran.
    worked: Cell<Duration>,
}

/// A task's turn. Until it ends, no other begins.
pub(super) struct Turn<'t> {
    turns: &'t Turns,
    begun: Instant,
    _permit: SemaphorePermit<'t>,
}

impl Turns {
    /// At most `waiting_limit` tasks wait for a turn, each no longer than `longest_wait`.
    pub(super) fn new(waiting_limit: usize, longest_wait: Duration) -> Self {
        let (waiting, turn) = (Semaphore::new(waiting_limit), Semaphore::new(1));
        Self { longest_wait, waiting, turn, worked: Cell::default() }
    }

    /// Waits for a turn until the deadline. Returns `None` if too many wait already, or if the wait is
    /// too long.
    pub(super) async fn acquire(&self, deadline: Instant) -> Option<Turn<'_>> {
        let permit = match self.turn.try_acquire() {
            Ok(permit) => permit,
            Err(_) => self.wait(deadline).await?,
        };
        Some(Turn { turns: self, begun: Instant::now(), _permit: permit })
    }

    async fn wait(&self, deadline: Instant) -> Option<SemaphorePermit<'_>> {
        let _place = self.waiting.try_acquire().ok()?;
        // The semaphore is fair: first come, first served.
        let deadline = deadline.min(Instant::now() + self.longest_wait);
        timeout_at(deadline, self.turn.acquire()).await.ok()?.ok()
    }
}

impl Turn<'_> {
    /// Ends the turn. After [`WORK_AT_A_TIME`], first lets other tasks run. Keeps the permit meanwhile,
    /// so that only quick work runs.
    pub(super) async fn end(self) {
        let mut worked = self.turns.worked.get() + self.begun.elapsed();
        if worked >= WORK_AT_A_TIME {
            yield_now().await;
            worked = Duration::ZERO;
        }
        self.turns.worked.set(worked);
    }
}
