//! One connection as its worker sees it: the event that it waits for, how long it has been idle, and how to end it.

use std::{
    cell::{Cell, OnceCell},
    time::Duration,
};

use tokio::{sync::Notify, task::AbortHandle, time::Instant};

/// How long an idle connection still waits for a request when the service stops: one may already be in its socket.
const STOP_IDLE_GRACE: Duration = Duration::from_millis(100);
/// How long a connection waits for the rest of a head when the service stops.
const STOP_HEAD_GRACE: Duration = Duration::from_secs(1);

/// One connection, as its worker sees it.
pub(super) struct Slot {
    waits_for: Cell<WaitsFor>,
    /// When the connection last began to wait for its client.
    idle_since: Cell<Instant>,
    /// Whether another connection has taken the place of this one.
    is_evicted: Cell<bool>,
    /// Whether the task ends when it is next polled.
    is_aborted: Cell<bool>,
    /// Whether a caller was admitted on the connection. If not, the connection is a stranger's.
    is_trusted: Cell<bool>,
    /// Notified when the connection is asked to end.
    stop: Notify,
    /// The task that serves the connection. Set as soon as the task is spawned.
    task: OnceCell<AbortHandle>,
}

/// The event that a connection waits for.
#[derive(Clone, Copy)]
enum WaitsFor {
    /// The first poll of its task. A request may already be in the socket, so the connection does not count as idle.
    FirstPoll,
    /// A request. The connection is idle.
    Request,
    /// Its client, to complete a handshake, take a response or close. Also set from the arrival of a request until
    /// its caller is admitted, so that strangers' requests do not hold places. The connection is idle.
    Client,
    /// The service: it reads the body of an admitted caller, waits for a turn, or judges. The connection is not idle.
    Service,
}

impl Slot {
    /// A connection that has just been accepted.
    pub(super) fn new() -> Self {
        Self {
            waits_for: Cell::new(WaitsFor::FirstPoll),
            idle_since: Cell::new(Instant::now()),
            is_evicted: Cell::new(false),
            is_aborted: Cell::new(false),
            is_trusted: Cell::new(false),
            stop: Notify::new(),
            task: OnceCell::new(),
        }
    }

    /// Notes the task that serves the connection.
    pub(super) fn set_task(&self, task: AbortHandle) {
        // This cannot fail: a connection has one task, so the cell is empty.
        let _ = self.task.set(task);
    }

    /// Notes that the connection waits for its client, so that it is idle from `now` on.
    pub(super) fn set_waiting_for_client(&self, now: Instant) {
        self.waits_for.set(WaitsFor::Client);
        self.idle_since.set(now);
    }

    /// Notes that the connection waits for its next request. The idle time still counts from the last response.
    pub(super) fn set_waiting_for_request(&self) {
        self.waits_for.set(WaitsFor::Request);
    }

    /// Notes that the caller is admitted. The connection is not idle until the response is ready.
    pub(super) fn set_in_service(&self) {
        self.waits_for.set(WaitsFor::Service);
        self.is_trusted.set(true);
    }

    /// Asks the connection to end, because the service stops.
    pub(super) fn stop(&self) {
        self.stop.notify_one();
    }

    /// Ends an idle connection, because another one needs its place. If the connection waits for a request, it first
    /// answers a request that has already arrived. Otherwise its client may take long, so the connection is aborted.
    pub(super) fn evict(&self) {
        self.is_evicted.set(true);
        if let WaitsFor::Request = self.waits_for.get() {
            self.stop();
        } else {
            self.abort();
        }
    }

    /// Ends the connection when its task is next polled.
    pub(super) fn abort(&self) {
        self.is_aborted.set(true);
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }

    /// The time since which the connection is idle. `None` if it is not idle, or is aborted.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        if self.is_aborted.get() {
            return None;
        }
        match self.waits_for.get() {
            WaitsFor::Request | WaitsFor::Client => Some(self.idle_since.get()),
            WaitsFor::FirstPoll | WaitsFor::Service => None,
        }
    }

    /// Whether a caller was admitted on the connection.
    pub(super) fn is_trusted(&self) -> bool {
        self.is_trusted.get()
    }

    /// Whether another connection has taken the place of this one, so that this one must end.
    pub(super) fn is_evicted(&self) -> bool {
        self.is_evicted.get()
    }

    /// Completes when the connection is asked to end.
    pub(super) async fn stopped(&self) {
        self.stop.notified().await;
    }

    /// How long a connection that is asked to end still waits for the first byte of a request. Zero if the
    /// connection is evicted, since another one needs its place.
    pub(super) fn idle_grace(&self) -> Duration {
        if self.is_evicted() { Duration::ZERO } else { STOP_IDLE_GRACE }
    }

    /// How long a connection that is asked to end still waits for the rest of a head. Zero if the connection is
    /// evicted, since another one needs its place.
    pub(super) fn head_grace(&self) -> Duration {
        if self.is_evicted() { Duration::ZERO } else { STOP_HEAD_GRACE }
    }
}
