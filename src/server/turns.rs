//! Slow work of a worker: one task at a time has its turn.
//!
//! A worker has one thread, so only one request at a time can be judged. While all turns are short, no task waits for
//! its turn: the runtime polls one ready task after another.
//!
//! After a long turn, there is a pause: the worker does quick work, such as to read from connections, respond to probes
//! and refuse callers. Requests that come meanwhile queue up. As long as turns are long, they get theirs one by one, in
//! their order. After a short turn, they all get theirs at once: a queue would cost each request a second poll.
//!
//! The wait in the queue measures the load. If it is long, requests arrive faster than the worker can judge them,
//! whatever the machine and the rules are.

use std::{cell::Cell, time::Duration};

use tokio::{
    sync::{Notify, Semaphore},
    task::yield_now,
    time::{Instant, timeout_at},
};

/// A turn that takes this long is a long one.
const LONG_TURN: Duration = Duration::from_micros(100);

/// The turns of one worker for one kind of work.
pub(super) struct Turns {
    longest_wait: Duration,
    waiting_limit: usize,
    /// One permit per task that may still begin to wait.
    places: Semaphore,
    /// Wakes tasks that wait, in their order.
    queue: Notify,
    /// Whether other tasks run after a long turn, so that no turn may begin.
    is_paused: Cell<bool>,
    /// Whether the last turn was a long one.
    was_last_long: Cell<bool>,
}

/// A task's turn. Its work must not wait for anything: nothing else keeps other turns from beginning.
pub(super) struct Turn<'t> {
    turns: &'t Turns,
    begun: Instant,
}

impl Turns {
    /// At most `waiting_limit` tasks wait for a turn, each no longer than `longest_wait`.
    pub(super) fn new(waiting_limit: usize, longest_wait: Duration) -> Self {
        Self {
            longest_wait,
            waiting_limit,
            places: Semaphore::new(waiting_limit),
            queue: Notify::new(),
            is_paused: Cell::new(false),
            was_last_long: Cell::new(false),
        }
    }

    /// Begins a turn, if need be after a wait. Returns `None` if no turn comes until the deadline or for
    /// `longest_wait`, or at once if too many tasks wait already.
    pub(super) async fn acquire(&self, deadline: Instant) -> Option<Turn<'_>> {
        // After a short turn, all tasks in the queue are ready. The runtime polls each within a round, so a new task
        // may go first.
        if self.is_paused.get() || (self.was_last_long.get() && self.has_waiting_tasks()) {
            self.wait(deadline).await?;
        }
        Some(Turn { turns: self, begun: Instant::now() })
    }

    async fn wait(&self, deadline: Instant) -> Option<()> {
        let _place = self.places.try_acquire().ok()?;
        let deadline = deadline.min(Instant::now() + self.longest_wait);
        let begins = async {
            self.queue.notified().await;
            // Another task had a long turn since this one was woken.
            while self.is_paused.get() {
                self.queue.notified().await;
            }
        };
        timeout_at(deadline, begins).await.ok()
    }

    fn has_waiting_tasks(&self) -> bool {
        self.places.available_permits() < self.waiting_limit
    }
}

impl Turn<'_> {
    /// Ends the turn. If it was a long one, lets other tasks run first.
    pub(super) async fn end(self) {
        let Self { turns, begun } = self;
        let was_long = begun.elapsed() >= LONG_TURN;
        turns.was_last_long.set(was_long);
        if was_long {
            let _pause = Pause::begin(turns);
            yield_now().await;
        } else if turns.has_waiting_tasks() {
            turns.queue.notify_waiters();
        }
    }
}

/// A pause after a long turn. It ends when it is dropped, so it ends even if its task is aborted.
struct Pause<'t>(&'t Turns);

impl<'t> Pause<'t> {
    fn begin(turns: &'t Turns) -> Self {
        turns.is_paused.set(true);
        Self(turns)
    }
}

impl Drop for Pause<'_> {
    fn drop(&mut self) {
        self.0.is_paused.set(false);
        if self.0.has_waiting_tasks() {
            self.0.queue.notify_one();
        }
    }
}
