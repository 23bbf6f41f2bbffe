//! One connection as its worker sees it: the event that it waits for, since when, and how to end it.

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use tokio::{sync::Notify, task::AbortHandle, time::Instant};

/// When the service stops: the time for a request that may be in the socket of an idle connection.
const STOP_IDLE_GRACE: Duration = Duration::from_millis(100);
/// When the service stops: the time for the rest of a head.
const STOP_HEAD_GRACE: Duration = Duration::from_secs(1);

/// One connection, as its worker sees it.
pub(super) struct Slot {
    waits_for: Cell<WaitsFor>,
    /// When the connection last began to wait for its client.
    idle_since: Cell<Instant>,
    is_evicted: Cell<bool>,
    /// Whether a caller was admitted on the connection. If not, it is a stranger's.
    is_trusted: Cell<bool>,
    stop: Notify,
    /// The task that serves the connection. `None` once it is aborted.
    task: RefCell<Option<AbortHandle>>,
}

/// The event that a connection waits for.
#[derive(Clone, Copy)]
enum WaitsFor {
    /// The first poll of its task. A request may already be in its socket.
    FirstPoll,
    /// A request.
    Request,
    /// The client, for something else: a handshake, credentials, taking a response, or closing.
    Client,
    /// The service: it reads the body of an admitted caller, waits for a turn, or judges.
    Service,
}

impl Slot {
    /// A connection that has just been accepted.
    pub(super) fn new() -> Self {
        Self {
            waits_for: Cell::new(WaitsFor::FirstPoll),
            idle_since: Cell::new(Instant::now()),
            is_evicted: Cell::new(false),
            is_trusted: Cell::new(false),
            stop: Notify::new(),
            task: RefCell::default(),
        }
    }

    /// Notes the task that serves the connection.
    pub(super) fn set_task(&self, task: AbortHandle) {
        self.task.replace(Some(task));
    }

    /// Notes that the connection waits for its client. It is idle from now on.
    pub(super) fn set_waiting_for_client(&self) {
        self.waits_for.set(WaitsFor::Client);
        self.idle_since.set(Instant::now());
    }

    /// Notes that the next request may come. The connection stays idle since its last response.
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

    /// Ends the connection, because another one needs its place. A connection that waits for a request first
    /// answers one that has already arrived. Any other connection is aborted.
    pub(super) fn evict(&self) {
        self.is_evicted.set(true);
        match self.waits_for.get() {
            WaitsFor::Request => self.stop.notify_one(),
            WaitsFor::Client | WaitsFor::FirstPoll | WaitsFor::Service => self.abort(),
        }
    }

    /// Ends the connection when its task is next polled.
    pub(super) fn abort(&self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }

    fn is_aborted(&self) -> bool {
        self.task.borrow().is_none()
    }

    /// The time since which the connection is idle. `None` if it is not idle, or is aborted.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        if self.is_aborted() {
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

    /// Whether the connection ends after the next response, because another one needs its place.
    pub(super) fn is_evicted(&self) -> bool {
        self.is_evicted.get()
    }

    /// Completes when the connection must stop.
    pub(super) async fn stopped(&self) {
        self.stop.notified().await;
    }

    /// How long a connection that must stop still waits for a request.
    pub(super) fn stop_grace(&self, head_has_begun: bool) -> Duration {
        if self.is_evicted() {
            Duration::ZERO
        } else if head_has_begun {
            STOP_HEAD_GRACE
        } else {
            STOP_IDLE_GRACE
        }
    }
}
