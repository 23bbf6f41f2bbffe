//! The worker's view of one connection: the event it waits for, since when, and how to end it.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use tokio::{sync::Notify, task::AbortHandle, time::Instant};

/// When the service stops: the time for a request that lies in the socket to be noticed.
const LAST_LOOK: Duration = Duration::from_millis(100);
/// When the service stops: the time for the rest of a head.
const LAST_HEAD: Duration = Duration::from_secs(1);

/// One connection, as its worker sees it.
pub(super) struct Slot {
    waits: Cell<WaitsFor>,
    evicted: Cell<Evicted>,
    stop: Notify,
    task: RefCell<Option<AbortHandle>>,
}

/// Whether a connection is about to end because another one needs its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Evicted {
    Yes,
    No,
}

/// The event that a connection waits for.
#[derive(Clone, Copy)]
enum WaitsFor {
    /// For its first turn. It may have brought a request.
    Turn,
    /// Since then, for a request.
    Request(Instant),
    /// Since then, for the client to take part in something else: a handshake, an answer, the end.
    Client(Instant),
    /// For the rest of a body or for its turn, of a caller who was admitted.
    Answer,
}

impl Slot {
    /// A connection that has just been accepted.
    pub(super) fn new() -> Self {
        Self {
            waits: Cell::new(WaitsFor::Turn),
            evicted: Cell::new(Evicted::No),
            stop: Notify::new(),
            task: RefCell::default(),
        }
    }

    /// Notes the task that serves the connection.
    pub(super) fn runs_as(&self, task: AbortHandle) {
        self.task.replace(Some(task));
    }

    /// Notes that the connection waits for its client: to show credentials, to take an answer, to send
    /// another request. It has been idle from here on.
    pub(super) fn waits_for_client(&self) {
        self.waits.set(WaitsFor::Client(Instant::now()));
    }

    /// Notes that the next request may come, and that the connection listens to [`Slot::evict`]. It has
    /// been idle since its last answer.
    pub(super) fn waits_for_request(&self) {
        if let WaitsFor::Client(since) = self.waits.get() {
            self.waits.set(WaitsFor::Request(since));
        }
    }

    /// Notes that the caller was admitted. Until the answer is written the connection is not idle.
    pub(super) fn waits_for_answer(&self) {
        self.waits.set(WaitsFor::Answer);
    }

    /// Tells the connection that the service stops.
    pub(super) fn tell_to_stop(&self) {
        self.stop.notify_one();
    }

    /// Ends the connection. A request that has arrived is answered all the same.
    pub(super) fn evict(&self) {
        self.evicted.set(Evicted::Yes);
        match self.waits.get() {
            WaitsFor::Request(_) => self.stop.notify_one(),
            WaitsFor::Client(_) | WaitsFor::Turn | WaitsFor::Answer => self.abort(),
        }
    }

    /// Ends the connection with its task's next turn, whatever it is doing.
    pub(super) fn abort(&self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }

    /// Since when the connection is idle; `None` if it is not, or is about to end by force.
    fn idle_since(&self) -> Option<Instant> {
        if self.task.borrow().is_none() {
            return None;
        }
        match self.waits.get() {
            WaitsFor::Request(since) | WaitsFor::Client(since) => Some(since),
            WaitsFor::Turn | WaitsFor::Answer => None,
        }
    }

    /// Whether the connection is to end after the next answer.
    pub(super) fn is_evicted(&self) -> bool {
        self.evicted.get() == Evicted::Yes
    }

    /// Completes when the connection must stop.
    pub(super) async fn stopped(&self) {
        self.stop.notified().await;
    }

    /// How long a connection that must stop still waits for a request.
    pub(super) fn patience(&self, head_has_begun: bool) -> Duration {
        if self.is_evicted() {
            Duration::ZERO
        } else if head_has_begun {
            LAST_HEAD
        } else {
            LAST_LOOK
        }
    }
}

/// The connection that has been idle longest of those that were evicted or not, if any is idle.
pub(super) fn idle_longest<'s>(
    slots: impl Iterator<Item = &'s Rc<Slot>>,
    evicted: Evicted,
) -> Option<&'s Slot> {
    let mut longest: Option<(Instant, &Slot)> = None;
    for slot in slots {
        if let Some(since) = slot.idle_since()
            && slot.evicted.get() == evicted
            && longest.is_none_or(|(other, _)| since < other)
        {
            longest = Some((since, slot));
        }
    }
    longest.map(|(_, slot)| slot)
}

/// How many connections are about to end for others.
pub(super) fn count_evicted<'s>(slots: impl Iterator<Item = &'s Rc<Slot>>) -> usize {
    slots.filter(|slot| slot.is_evicted()).count()
}
