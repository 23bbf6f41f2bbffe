//! A queue for slow work: one task at a time, first come first served.
//!
//! A worker has one thread, so only one request at a time can be judged. The others wait for their turn. Between
//! turns, the worker does quick work: it accepts and reads connections, responds to probes and refuses callers.
//!
//! The wait for a turn measures the load. If it is long, requests arrive faster than the worker can judge them,
//! whatever the machine and the rules are.

use std::{cell::Cell, time::Duration};

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    task::yield_now,
    time::{Instant, timeout_at},
};

/// How long turns may follow each other before other tasks run.
const LONGEST_SERIES: Duration = Duration::from_millis(1);

/// The queue of one worker for one kind of work.
pub(super) struct Turns {
    longest_wait: Duration,
    /// One permit per task that may wait.
    waiting: Semaphore,
    /// One permit, for the task whose turn it is.
    turn: Semaphore,
    /// When [`Turn::end`] last let other tasks run.
    last_pause: Cell<Instant>,
}

/// A task's turn. Until it ends, no other begins.
pub(super) struct Turn<'t> {
    turns: &'t Turns,
    _permit: SemaphorePermit<'t>,
}

impl Turns {
    /// At most `waiting_limit` tasks wait for a turn, each no longer than `longest_wait`.
    pub(super) fn new(waiting_limit: usize, longest_wait: Duration) -> Self {
        let (waiting, turn) = (Semaphore::new(waiting_limit), Semaphore::new(1));
        Self { longest_wait, waiting, turn, last_pause: Cell::new(Instant::now()) }
    }

    /// Waits for a turn until the deadline, and at most for `longest_wait`. Returns `None` if no turn comes in that
    /// time, or at once if too many tasks wait already.
    pub(super) async fn acquire(&self, deadline: Instant) -> Option<Turn<'_>> {
        let permit = match self.turn.try_acquire() {
            Ok(permit) => permit,
            Err(_) => self.wait(deadline).await?,
        };
        Some(Turn { turns: self, _permit: permit })
    }

    async fn wait(&self, deadline: Instant) -> Option<SemaphorePermit<'_>> {
        let _place = self.waiting.try_acquire().ok()?;
        let deadline = deadline.min(Instant::now() + self.longest_wait);
        // The semaphore is fair: first come, first served.
        timeout_at(deadline, self.turn.acquire()).await.ok()?.ok()
    }
}

impl Turn<'_> {
    /// Ends the turn. If the last pause is at least [`LONGEST_SERIES`] ago, first lets other tasks run. The permit is
    /// kept during this pause, so that no other turn begins and these tasks can only do quick work.
    pub(super) async fn end(self) {
        let last_pause = &self.turns.last_pause;
        if last_pause.get().elapsed() >= LONGEST_SERIES {
            yield_now().await;
            last_pause.set(Instant::now());
        }
    }
}
