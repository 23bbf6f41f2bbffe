//! A worker: one thread that serves its share of the connections.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    io,
    net::TcpStream as StdStream,
    rc::Rc,
    sync::{Arc, atomic::Ordering},
    thread,
    time::Duration,
};

use actix_http::{Request, ServiceConfig, h1::Codec};
use actix_web::rt::{Runtime, net::TcpStream, spawn};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{Notify, mpsc},
    task::{AbortHandle, JoinSet},
    time::{Instant, timeout},
};
use tokio_rustls::TlsAcceptor;

use super::{
    State,
    answer::{Answer, Refusal},
    body::Body,
    connection, handler,
    load::Load,
    operations,
};

/// Connections that may wait for a worker to take them.
const QUEUE: usize = 64;
/// The time for a TLS handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(3);

/// What a worker serves.
#[derive(Clone)]
pub(super) enum Role {
    /// The hooks and the probes, over TLS if there is an acceptor.
    Hooks(Option<TlsAcceptor>),
    /// Metrics and the probes.
    Operations,
}

/// What the connections of a worker share.
pub(super) struct Worker {
    role: Role,
    pub(super) state: Arc<State>,
    pub(super) load: Load,
    config: ServiceConfig,
    /// The most connections at a time.
    limit: usize,
    slots: RefCell<BTreeMap<u64, Rc<Slot>>>,
}

/// What a worker knows of one connection.
pub(super) struct Slot {
    /// Since when the connection waits for its client; `None` while a request is answered.
    waiting_since: Cell<Option<Instant>>,
    stop: Notify,
    task: RefCell<Option<AbortHandle>>,
}

/// Starts a worker. It ends when the returned sender and `running` are dropped and its
/// connections have ended; it then drops its copy of `running`.
///
/// # Errors
///
/// No thread can be started.
pub(super) fn start(
    role: Role,
    limit: usize,
    state: &Arc<State>,
    running: &mpsc::Sender<()>,
) -> io::Result<mpsc::Sender<StdStream>> {
    let (sender, incoming) = mpsc::channel(QUEUE);
    let (state, running) = (state.clone(), running.clone());
    let serve = move || {
        let runtime = match Runtime::new() {
            Ok(runtime) => runtime,
            Err(error) => return log::error!("a worker cannot start: {error}"),
        };
        runtime.block_on(async {
            let worker = Rc::new(Worker::new(role, limit, state));
            let measuring = worker.clone();
            spawn(async move { measuring.load.measure().await });
            worker.run(incoming).await;
        });
        drop(running);
    };
    thread::Builder::new().name("worker".to_owned()).spawn(serve)?;
    Ok(sender)
}

impl Worker {
    fn new(role: Role, limit: usize, state: Arc<State>) -> Self {
        let config = ServiceConfig::default();
        Self { role, state, load: Load::new(), config, limit, slots: RefCell::default() }
    }

    /// Serves the connections that come. When no more are to come, tells those that wait for a
    /// client to stop, and waits for all to end.
    async fn run(self: &Rc<Self>, mut incoming: mpsc::Receiver<StdStream>) {
        let mut tasks = JoinSet::new();
        let mut next_id = 0;
        while let Some(stream) = incoming.recv().await {
            while tasks.try_join_next().is_some() {}
            if self.make_room() {
                next_id += 1;
                self.start_connection(next_id, stream, &mut tasks);
            }
        }
        for slot in self.slots.borrow().values() {
            slot.stop.notify_one();
        }
        while tasks.join_next().await.is_some() {}
    }

    /// Closes the connection that has waited longest for its client, if there are too many. Returns
    /// false if there is no room all the same: every connection has a request in progress.
    fn make_room(&self) -> bool {
        let slots = self.slots.borrow();
        if slots.len() < self.limit {
            return true;
        }
        let mut longest: Option<(Instant, &Slot)> = None;
        for slot in slots.values() {
            if let Some(since) = slot.waiting_since.get()
                && longest.is_none_or(|(other, _)| since < other)
            {
                longest = Some((since, slot));
            }
        }
        self.state.warnings.warn("max_connections", || {
            "server.max_connections is reached: each further connection closes the one that has \
             been idle longest"
                .to_owned()
        });
        let Some((_, slot)) = longest else {
            return false;
        };
        // Nobody chooses it again before its task has ended.
        slot.waiting_since.set(None);
        if let Some(task) = slot.task.take() {
            task.abort();
        }
        true
    }

    fn start_connection(self: &Rc<Self>, id: u64, stream: StdStream, tasks: &mut JoinSet<()>) {
        let slot = Rc::new(Slot::new());
        self.slots.borrow_mut().insert(id, slot.clone());
        let entry = Entry { worker: self.clone(), id };
        let ours = slot.clone();
        let task = tasks.spawn_local(async move {
            let entry = entry;
            entry.worker.serve(stream, &ours).await;
        });
        slot.task.replace(Some(task));
    }

    async fn serve(self: &Rc<Self>, stream: StdStream, slot: &Slot) {
        // An answer is one small write; to wait for more would only delay it.
        let _ = stream.set_nodelay(true);
        let Ok(stream) = TcpStream::from_std(stream) else {
            return;
        };
        let _counted = match self.role {
            Role::Hooks(_) => Some(self.state.metrics.connection()),
            Role::Operations => None,
        };
        match &self.role {
            Role::Hooks(Some(tls)) => {
                if let Ok(Ok(stream)) = timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)).await {
                    connection::serve(stream, self, slot).await;
                }
            }
            Role::Hooks(None) | Role::Operations => connection::serve(stream, self, slot).await,
        }
    }

    /// Answers a request.
    pub(super) async fn answer<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        request: &Request,
        body: &mut Body<'_, S>,
    ) -> Answer {
        match self.role {
            Role::Hooks(_) => handler::answer(self, request.head(), body).await,
            Role::Operations => operations::answer(&self.state, request.head()),
        }
    }

    /// Answers what did not become a request.
    pub(super) fn refuse(&self, refusal: Refusal) -> Answer {
        match self.role {
            Role::Hooks(_) => handler::refuse_head(&self.state, refusal),
            Role::Operations => Answer::refusal(refusal, &self.state),
        }
    }

    /// Whether the service is about to end, so that clients had better open another connection.
    pub(super) fn is_stopping(&self) -> bool {
        self.state.draining.load(Ordering::Acquire)
    }

    /// How long a connection may wait for its next request.
    pub(super) fn keep_alive(&self) -> Duration {
        self.state.settings.server.keep_alive
    }

    /// A codec that has decoded nothing.
    pub(super) fn codec(&self) -> Codec {
        Codec::new(self.config.clone())
    }
}

impl Slot {
    fn new() -> Self {
        let waiting_since = Cell::new(Some(Instant::now()));
        Self { waiting_since, stop: Notify::new(), task: RefCell::default() }
    }

    /// Notes that the connection waits for its client: for a request, or for an answer to be taken.
    pub(super) fn wait_for_client(&self) {
        if self.waiting_since.get().is_none() {
            self.waiting_since.set(Some(Instant::now()));
        }
    }

    /// Notes that a request is being answered.
    pub(super) fn answer(&self) {
        self.waiting_since.set(None);
    }

    /// Ends when the service stops.
    pub(super) async fn told_to_stop(&self) {
        self.stop.notified().await;
    }
}

/// A connection's place among those of its worker; given up when dropped.
struct Entry {
    worker: Rc<Worker>,
    id: u64,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.worker.slots.borrow_mut().remove(&self.id);
    }
}
