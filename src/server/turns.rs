//! Turns of one worker at work that takes long: one at a time, in the order of arrival.
//!
//! A worker has one thread, so while it judges one request, the others wait. It does the quick work
//! between two turns: it accepts and reads connections, answers probes and refuses callers. The wait
//! for a turn is therefore the time that a request spends in the queue, and says when the worker
//! cannot keep up, whatever a request costs on this machine and by these rules.

use std::{cell::Cell, time::Duration};

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    task::yield_now,
    time::{Instant, timeout},
};

/// How long turns last together before the worker does the quick work.
const WORK_AT_A_TIME: Duration = Duration::from_millis(1);

/// The turns of one worker at one kind of work.
pub(super) struct Turns {
    longest_wait: Duration,
    /// One permit per task that may wait.
    places: Semaphore,
    /// One permit, for the task whose turn it is.
    turn: Semaphore,
    /// How long turns have lasted since the worker last did the quick work.
    worked: Cell<Duration>,
}

/// A task's turn. Until it ends, no other begins.
pub(super) struct Turn<'t> {
    turns: &'t Turns,
    begun: Instant,
    _permit: SemaphorePermit<'t>,
}

impl Turns {
    /// At most `places` tasks wait for a turn, each no longer than `longest_wait`.
    pub(super) fn new(places: usize, longest_wait: Duration) -> Self {
        let (places, turn) = (Semaphore::new(places), Semaphore::new(1));
        Self { longest_wait, places, turn, worked: Cell::default() }
    }

    /// Waits for a turn. Returns `None` if too many wait already, or if the wait is too long.
    pub(super) async fn next(&self) -> Option<Turn<'_>> {
        let permit = match self.turn.try_acquire() {
            Ok(permit) => permit,
            Err(_) => self.wait().await?,
        };
        Some(Turn { turns: self, begun: Instant::now(), _permit: permit })
    }

    async fn wait(&self) -> Option<SemaphorePermit<'_>> {
        let _place = self.places.try_acquire().ok()?;
        // A semaphore serves those who wait in the order in which they came.
        timeout(self.longest_wait, self.turn.acquire()).await.ok()?.ok()
    }
}

impl Turn<'_> {
    /// Ends the turn, after the quick work if that is due.
    pub(super) async fn end(self) {
        let mut worked = self.turns.worked.get() + self.begun.elapsed();
        if worked >= WORK_AT_A_TIME {
            yield_now().await;
            worked = Duration::ZERO;
        }
        self.turns.worked.set(worked);
    }
}
