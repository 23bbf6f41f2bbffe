//! A worker: one thread that serves its share of the connections.

use std::{
    cell::RefCell, collections::BTreeMap, io, net::TcpStream as StdStream, rc::Rc, sync::Arc,
    thread, time::Duration,
};

use tokio::{
    net::TcpStream,
    runtime::{self, LocalOptions},
    sync::mpsc,
    task::{JoinSet, spawn_local},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

use super::{
    State,
    responder::{Listener, Responder},
    session,
    slot::{self, Evicted, Slot},
};

/// Connections that may wait for a worker to take them.
const QUEUE: usize = 64;
/// How many tasks have their turn before the worker looks for what has arrived. Under load a request
/// waits that long to be noticed.
const TURNS_PER_LOOK: u32 = 16;
/// How many connections beyond the limit may be about to end.
const SURPLUS: usize = 64;
/// The time for a TLS handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(3);

/// The connections of a worker.
struct Worker {
    responder: Responder,
    /// Present if the listener speaks TLS.
    tls: Option<TlsAcceptor>,
    /// The most connections at a time.
    limit: usize,
    slots: RefCell<BTreeMap<u64, Rc<Slot>>>,
}

/// Starts a worker. It ends when the returned sender and `running` are dropped and its
/// connections have ended; it then drops its copy of `running`.
///
/// # Errors
///
/// No thread can be started.
pub(super) fn start(
    listener: Listener,
    tls: Option<TlsAcceptor>,
    limit: usize,
    state: &Arc<State>,
    running: &mpsc::Sender<()>,
) -> io::Result<mpsc::Sender<StdStream>> {
    let (sender, incoming) = mpsc::channel(QUEUE);
    let (state, running) = (state.clone(), running.clone());
    let serve = move || {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .event_interval(TURNS_PER_LOOK)
            .build_local(LocalOptions::default());
        let runtime = match runtime {
            Ok(runtime) => runtime,
            Err(error) => return log::error!("a worker cannot start: {error}"),
        };
        runtime.block_on(async {
            let worker = Rc::new(Worker::new(listener, tls, limit, state));
            let measuring = worker.clone();
            spawn_local(async move { measuring.responder.queue_time.measure().await });
            worker.run(incoming).await;
        });
        drop(running);
    };
    thread::Builder::new().name("worker".to_owned()).spawn(serve)?;
    Ok(sender)
}

impl Worker {
    fn new(listener: Listener, tls: Option<TlsAcceptor>, limit: usize, state: Arc<State>) -> Self {
        let responder = Responder::new(listener, state);
        Self { responder, tls, limit, slots: RefCell::default() }
    }

    /// Serves the connections that come. When no more are to come, tells those that wait for a
    /// client to stop, and waits for all to end.
    async fn run(self: &Rc<Self>, mut incoming: mpsc::Receiver<StdStream>) {
        let mut tasks = JoinSet::new();
        let mut next_id = 0;
        while let Some(stream) = incoming.recv().await {
            while tasks.try_join_next().is_some() {}
            // Register it here and not in its own task, so that its task finds the bytes in its first turn.
            if let Ok(stream) = TcpStream::from_std(stream)
                && self.make_room()
            {
                next_id += 1;
                self.start_connection(next_id, stream, &mut tasks);
            }
        }
        for slot in self.slots.borrow().values() {
            slot.tell_to_stop();
        }
        while tasks.join_next().await.is_some() {}
    }

    /// Closes the connection that has been idle longest, if there are too many. Returns false if there
    /// is no room all the same: none is idle.
    fn make_room(&self) -> bool {
        let slots = self.slots.borrow();
        if slots.len() < self.limit {
            return true;
        }
        self.responder.state.warnings.warn("max_connections", || {
            "server.max_connections is reached: each further connection closes the one that has \
             been idle longest"
                .to_owned()
        });
        // An evicted connection may have a last request to answer, unless too many are about to end.
        if slots.len() >= self.limit + SURPLUS
            && let Some(slot) = slot::idle_longest(slots.values(), Evicted::Yes)
        {
            slot.abort();
        }
        if slots.len() - slot::count_evicted(slots.values()) < self.limit {
            return true;
        }
        let Some(slot) = slot::idle_longest(slots.values(), Evicted::No) else {
            return false;
        };
        slot.evict();
        true
    }

    fn start_connection(self: &Rc<Self>, id: u64, stream: TcpStream, tasks: &mut JoinSet<()>) {
        let slot = Rc::new(Slot::new());
        self.slots.borrow_mut().insert(id, slot.clone());
        let guard = SlotGuard { worker: self.clone(), id };
        let ours = slot.clone();
        let task = tasks.spawn_local(async move {
            let guard = guard;
            guard.worker.serve(stream, &ours).await;
        });
        slot.runs_as(task);
    }

    async fn serve(&self, stream: TcpStream, slot: &Slot) {
        // An answer is one small write; to wait for more would only delay it.
        let _ = stream.set_nodelay(true);
        let _counted = self.responder.count_connection();
        match &self.tls {
            None => session::serve(stream, &self.responder, slot).await,
            Some(tls) => {
                if let Ok(Ok(stream)) = timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)).await {
                    session::serve(stream, &self.responder, slot).await;
                }
            }
        }
    }
}

/// Keeps the slot of a connection until it is dropped.
struct SlotGuard {
    worker: Rc<Worker>,
    id: u64,
}

impl Drop for SlotGuard {
    fn drop(&mut self) {
        self.worker.slots.borrow_mut().remove(&self.id);
    }
}
