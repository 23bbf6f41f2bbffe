//! A worker: one thread that serves its share of the connections.

use std::{
    cell::RefCell, collections::BTreeMap, io, net::TcpStream as StdStream, rc::Rc, sync::Arc,
    thread, time::Duration,
};

use rustls::{ServerConfig, server::Acceptor};
use tokio::{
    net::TcpStream,
    runtime::{self, LocalOptions},
    sync::mpsc,
    task::{JoinSet, spawn_local, yield_now},
    time::timeout,
};
use tokio_rustls::{LazyConfigAcceptor, server::TlsStream};

use super::{
    State,
    connection::CLOSE_TIMEOUT,
    responder::{Listener, Responder},
    session,
    slot::{self, Evicted, Slot},
    turns::Turns,
};
use crate::metrics::OpenConnection;

/// Connections that may wait for a worker to take them.
const QUEUE: usize = 64;
/// How many tasks have their turn before the worker looks for what has arrived. Under load a request
/// waits that long to be noticed.
const TURNS_PER_LOOK: u32 = 16;
/// How many connections beyond the limit may be about to end.
const SURPLUS: usize = 64;
/// The time for a TLS handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(3);
/// How many handshakes may wait for their turn. Further ones are refused at once.
const WAITING_HANDSHAKES: usize = 64;

/// The properties of a worker.
#[derive(Clone)]
pub(super) struct WorkerOptions {
    pub(super) listener: Listener,
    /// Present if the listener speaks TLS.
    pub(super) tls: Option<Arc<ServerConfig>>,
    /// The most connections at a time.
    pub(super) limit: usize,
    pub(super) state: Arc<State>,
}

/// Starts a worker. It ends when the returned sender is dropped and its connections have ended; it
/// then drops `running`.
pub(super) fn start(
    options: WorkerOptions,
    running: mpsc::Sender<()>,
) -> io::Result<mpsc::Sender<StdStream>> {
    let (sender, incoming) = mpsc::channel(QUEUE);
    thread::Builder::new().name("worker".to_owned()).spawn(move || {
        run_worker(options, incoming);
        drop(running);
    })?;
    Ok(sender)
}

fn run_worker(options: WorkerOptions, incoming: mpsc::Receiver<StdStream>) {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .event_interval(TURNS_PER_LOOK)
        .build_local(LocalOptions::default());
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return log::error!("a worker cannot start: {error}"),
    };
    runtime.block_on(async {
        let worker = Rc::new(Worker::new(options));
        // As a task, it takes connections in turn with those that it has taken.
        let run = spawn_local(async move { worker.run(incoming).await });
        if run.await.is_err() {
            log::error!("a worker has ended by an internal error; please report it");
        }
    });
}

/// The connections of a worker.
struct Worker {
    responder: Responder,
    tls: Option<Arc<ServerConfig>>,
    /// A handshake takes a signature. Strangers ask for those, so they have turns of their own.
    handshakes: Turns,
    limit: usize,
    slots: RefCell<BTreeMap<u64, Rc<Slot>>>,
}

impl Worker {
    fn new(options: WorkerOptions) -> Self {
        let WorkerOptions { listener, tls, limit, state } = options;
        let responder = Responder::new(listener, limit, state);
        let handshakes = Turns::new(WAITING_HANDSHAKES, HANDSHAKE_TIMEOUT);
        Self { responder, tls, handshakes, limit, slots: RefCell::default() }
    }

    /// Serves the connections that come. When no more are to come, tells those that wait for a
    /// client to stop, and waits for all to end.
    async fn run(self: &Rc<Self>, mut incoming: mpsc::Receiver<StdStream>) {
        let mut tasks = JoinSet::new();
        let mut next_id = 0;
        while let Some(stream) = incoming.recv().await {
            while tasks.try_join_next().is_some() {}
            if !self.make_room() {
                self.turn_away(stream, &mut tasks);
                // It ends first, so that its descriptor is free.
                yield_now().await;
                continue;
            }
            // Register it here and not in its own task, so that its task finds the bytes in its first turn.
            if let Ok(stream) = TcpStream::from_std(stream) {
                next_id += 1;
                self.start_connection(next_id, stream, &mut tasks);
            }
        }
        for slot in self.slots.borrow().values() {
            slot.tell_to_stop();
        }
        while tasks.join_next().await.is_some() {}
    }

    /// Makes room for one more connection. At the limit, closes the one that has been idle longest.
    /// Returns false if there is no room: none is idle, or too many are about to end.
    fn make_room(&self) -> bool {
        if self.has_room() {
            return true;
        }
        self.responder.state.warnings.warn("max_connections", || {
            "server.max_connections is reached: each further connection closes the one that has \
             been idle longest"
                .to_owned()
        });
        if self.slots.borrow().len() >= self.limit + SURPLUS {
            self.abort_one_evicted();
            return false;
        }
        self.evict_one()
    }

    /// Answers 503 without reading a request. A connection that expects TLS is closed.
    fn turn_away(self: &Rc<Self>, stream: StdStream, tasks: &mut JoinSet<()>) {
        if self.tls.is_some() {
            return;
        }
        // A request that has not arrived yet needs time, which only so many may have.
        let has_time = tasks.len() < self.limit + 2 * SURPLUS;
        let longest = if has_time { CLOSE_TIMEOUT } else { Duration::ZERO };
        if let Ok(stream) = TcpStream::from_std(stream) {
            let worker = self.clone();
            tasks.spawn_local(async move {
                session::turn_away(stream, &worker.responder, longest).await;
            });
        }
    }

    /// Whether one more connection is within the limit. Evicted ones do not count, but for a surplus.
    fn has_room(&self) -> bool {
        let slots = self.slots.borrow();
        if slots.len() < self.limit {
            return true;
        }
        let staying = slots.len() - slot::count_evicted(slots.values());
        staying < self.limit && slots.len() < self.limit + SURPLUS
    }

    /// Evicts the connection that has been idle longest. Returns false if none is idle.
    fn evict_one(&self) -> bool {
        let slots = self.slots.borrow();
        let Some(slot) = slot::idle_longest(slots.values(), Evicted::No) else {
            return false;
        };
        slot.evict();
        true
    }

    /// Ends an evicted connection that still has a last request to answer.
    fn abort_one_evicted(&self) {
        if let Some(slot) = slot::idle_longest(self.slots.borrow().values(), Evicted::Yes) {
            slot.abort();
        }
    }

    fn start_connection(self: &Rc<Self>, id: u64, stream: TcpStream, tasks: &mut JoinSet<()>) {
        let slot = Rc::new(Slot::new());
        self.slots.borrow_mut().insert(id, slot.clone());
        let counted = self.responder.count_connection();
        let guard = SlotGuard { worker: self.clone(), id, _counted: counted };
        let ours = slot.clone();
        let task = tasks.spawn_local(async move {
            let guard = guard;
            guard.worker.serve(stream, &ours).await;
        });
        slot.runs_as(task);
    }

    async fn serve(&self, stream: TcpStream, slot: &Slot) {
        slot.waits_for_client();
        // An answer is one small write; to wait for more would only delay it.
        let _ = stream.set_nodelay(true);
        match &self.tls {
            None => session::serve(stream, &self.responder, slot).await,
            Some(tls) => {
                let handshake = timeout(HANDSHAKE_TIMEOUT, self.shake_hands(stream, tls));
                if let Ok(Some(stream)) = handshake.await {
                    session::serve(stream, &self.responder, slot).await;
                }
            }
        }
    }

    /// Does a TLS handshake. Returns `None` if the client fails to take part.
    async fn shake_hands(
        &self,
        stream: TcpStream,
        tls: &Arc<ServerConfig>,
    ) -> Option<TlsStream<TcpStream>> {
        let hello = LazyConfigAcceptor::new(Acceptor::default(), stream).await.ok()?;
        let turn = self.handshakes.next().await?;
        // This signs; the rest is quick.
        let handshake = hello.into_stream(tls.clone());
        turn.end().await;
        handshake.await.ok()
    }
}

/// Keeps the slot of a connection until it is dropped.
struct SlotGuard {
    worker: Rc<Worker>,
    id: u64,
    _counted: Option<OpenConnection>,
}

impl Drop for SlotGuard {
    fn drop(&mut self) {
        self.worker.slots.borrow_mut().remove(&self.id);
    }
}
