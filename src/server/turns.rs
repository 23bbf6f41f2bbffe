//! A queue for slow work: one task at a time, first come first served.
//!
//! A worker has one thread, so only one request at a time can be judged. After a long turn, the others wait for
//! theirs, and the worker first does quick work: it accepts and reads connections, responds to probes and refuses
//! callers.
//!
//! The wait for a turn measures the load. If it is long, requests arrive faster than the worker can judge them,
//! whatever the machine and the rules are.
//!
//! While all turns are short, no task waits: the runtime polls one ready task after another, so quick work has its
//! share. A queue would then cost each request a second poll.

use std::{cell::Cell, time::Duration};

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    task::yield_now,
    time::{Instant, timeout_at},
};

/// A turn that takes this long is a long one.
const LONG_TURN: Duration = Duration::from_micros(100);
/// After so many short turns in a row, tasks no longer wait.
const SHORT_SERIES: u32 = 100;

/// The queue of one worker for one kind of work.
pub(super) struct Turns {
    longest_wait: Duration,
    /// One permit per task that may wait.
    waiting: Semaphore,
    /// One permit, for the task whose turn it is.
    turn: Semaphore,
    /// How many turns have ended since the last long one.
    short_turns: Cell<u32>,
}

/// A task's turn. No other turn begins until it ends: between the two, the task does not wait for anything.
pub(super) struct Turn<'t> {
    turns: &'t Turns,
    begun: Instant,
    /// `None` if the turn has overtaken a task that waits.
    permit: Option<SemaphorePermit<'t>>,
}

impl Turns {
    /// At most `waiting_limit` tasks wait for a turn, each no longer than `longest_wait`.
    pub(super) fn new(waiting_limit: usize, longest_wait: Duration) -> Self {
        let (waiting, turn) = (Semaphore::new(waiting_limit), Semaphore::new(1));
        Self { longest_wait, waiting, turn, short_turns: Cell::new(SHORT_SERIES) }
    }

    /// Waits for a turn until the deadline, and at most for `longest_wait`. Returns `None` if no turn comes in that
    /// time, or at once if too many tasks wait already.
    pub(super) async fn acquire(&self, deadline: Instant) -> Option<Turn<'_>> {
        let mut permit = self.turn.try_acquire().ok();
        // After a long turn, all tasks queue up. In a series of short turns, new ones go first, so the queue empties.
        if permit.is_none() && self.short_turns.get() < SHORT_SERIES {
            permit = Some(self.wait(deadline).await?);
        }
        Some(Turn { turns: self, begun: Instant::now(), permit })
    }

    async fn wait(&self, deadline: Instant) -> Option<SemaphorePermit<'_>> {
        let _place = self.waiting.try_acquire().ok()?;
        let deadline = deadline.min(Instant::now() + self.longest_wait);
        // The semaphore is fair: first come, first served.
        timeout_at(deadline, self.turn.acquire()).await.ok()?.ok()
    }
}

impl Turn<'_> {
    /// Ends the turn. After a long one, lets other tasks run. The permit is kept during this pause, so that they can
    /// only do quick work.
    pub(super) async fn end(self) {
        let Self { turns, begun, permit } = self;
        if begun.elapsed() < LONG_TURN {
            turns.short_turns.set(turns.short_turns.get().saturating_add(1));
            return;
        }
        turns.short_turns.set(0);
        let _permit = match permit {
            Some(permit) => Some(permit),
            None => turns.turn.try_acquire().ok(),
        };
        yield_now().await;
    }
}
