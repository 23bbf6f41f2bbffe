//! A worker: one thread that serves its share of the connections.

use std::{io, net::TcpStream as StdStream, rc::Rc, sync::Arc, thread, time::Duration};

use rustls::{ServerConfig, server::Acceptor as TlsAcceptor};
use tokio::{
    net::TcpStream,
    runtime::{self, LocalOptions},
    sync::mpsc,
    task::{JoinSet, spawn_local, yield_now},
    time::{Instant, timeout_at},
};
use tokio_rustls::{LazyConfigAcceptor, server::TlsStream};

use super::{
    State,
    connection::CLOSE_TIMEOUT,
    handler::Handler,
    routes::Listener,
    session,
    slot::Slot,
    slots::{Room, Slots},
    tls,
    turns::Turns,
    warnings::Warning,
};
use crate::metrics::OpenConnection;

/// How many connections may wait for a worker to take them.
const QUEUE: usize = 64;
/// How many tasks the runtime polls before it looks at the sockets again (tokio's `event_interval`). Under load there
/// is always a task to poll, so a request that has just arrived is noticed only after this many polls.
const EVENT_INTERVAL: u32 = 16;
/// At least so many of the clients that are turned away at the same time get time to read the response. The connections
/// of further ones are closed at once.
const LINGERING: usize = 64;
/// The time for a TLS handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(3);
/// How many handshakes may wait for their turn. Further ones fail at once.
const WAITING_HANDSHAKES: usize = 64;

/// The properties of a worker.
#[derive(Clone)]
pub(super) struct WorkerOptions {
    pub(super) listener: Listener,
    /// Present if the listener speaks TLS.
    pub(super) tls: Option<Arc<ServerConfig>>,
    /// The most connections at a time, not counting evicted ones that have not ended yet.
    pub(super) limit: usize,
    pub(super) state: Arc<State>,
}

/// Starts a worker, which serves the connections sent to it. Once the returned sender is dropped and all connections
/// have ended, the worker ends and drops `running`.
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
        .event_interval(EVENT_INTERVAL)
        .build_local(LocalOptions::default());
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return log::error!("a worker cannot start: {error}"),
    };
    runtime.block_on(async {
        let worker = Rc::new(Worker::new(options));
        // Run the worker as a task, which takes its turn among those of the connections. Under load, the runtime polls
        // the future of `block_on` itself only once per `EVENT_INTERVAL` tasks.
        let run = spawn_local(async move { worker.run(incoming).await });
        if run.await.is_err() {
            log::error!("a worker has ended by an internal error; please report it");
        }
    });
}

/// The data that the tasks of a worker share.
struct Worker {
    handler: Handler,
    tls: Option<Arc<ServerConfig>>,
    /// The queue for handshakes, each of which needs a slow signature. Requests are judged in a queue of their own, so
    /// that strangers who ask for many signatures do not keep admitted callers waiting.
    handshakes: Turns,
    slots: Slots,
}

impl Worker {
    fn new(options: WorkerOptions) -> Self {
        let WorkerOptions { listener, tls, limit, state } = options;
        let handler = Handler::new(listener, limit, state);
        // `SlotGuard::serve` limits the whole handshake, so the wait for a turn needs no shorter limit.
        let handshakes = Turns::new(WAITING_HANDSHAKES, HANDSHAKE_TIMEOUT);
        Self { handler, tls, handshakes, slots: Slots::new(limit) }
    }

    /// Serves the connections that arrive in the channel. When its sender is dropped, asks all connections to end,
    /// and waits until they have ended.
    async fn run(self: &Rc<Self>, mut incoming: mpsc::Receiver<StdStream>) {
        let mut tasks = JoinSet::new();
        while let Some(stream) = incoming.recv().await {
            remove_ended(&mut tasks);
            match self.find_room().await {
                Room::Free => self.start_connection(stream, &mut tasks),
                Room::Evicted => {
                    self.handler.state.warnings.log(&Warning::ConnectionEvicted);
                    self.start_connection(stream, &mut tasks);
                }
                Room::Full => {
                    self.turn_away(stream, &mut tasks);
                    // Let other tasks run before the next connection is taken. Two can then end, and free a file
                    // descriptor each: the task that turns this connection away, and that of an evicted connection.
                    // `make_room` has aborted the latter if too many evicted ones had not ended yet.
                    yield_now().await;
                }
            }
        }
        self.slots.stop_all();
        while tasks.join_next().await.is_some() {}
    }

    /// Makes room for one more connection: at the limit, evicts an idle one. If none can be evicted, lets the other
    /// tasks run and tries once more, since a new connection counts as idle only after its task has looked for a
    /// request.
    async fn find_room(&self) -> Room {
        match self.slots.make_room() {
            Room::Full => {
                yield_now().await;
                self.slots.make_room()
            }
            room => room,
        }
    }

    /// Responds with 503 without reading a request. With TLS, closes the connection instead, since a response would
    /// need a handshake.
    fn turn_away(self: &Rc<Self>, stream: StdStream, tasks: &mut JoinSet<()>) {
        if self.tls.is_some() {
            return;
        }
        // At most `hard_limit` of the tasks serve connections, evicted ones included. The others turn connections away.
        // So the bound leaves at least `LINGERING` tasks for clients that get time, and more if fewer are served.
        let may_linger = tasks.len() < self.slots.hard_limit() + LINGERING;
        let time_limit = if may_linger { CLOSE_TIMEOUT } else { Duration::ZERO };
        if let Ok(stream) = TcpStream::from_std(stream) {
            let worker = self.clone();
            tasks.spawn_local(async move {
                session::turn_away(stream, &worker.handler, time_limit).await;
            });
        }
    }

    /// Spawns the task that serves a connection.
    fn start_connection(self: &Rc<Self>, stream: StdStream, tasks: &mut JoinSet<()>) {
        // Register the stream with the runtime here and not in the task. Between this and the first poll of
        // the task, the runtime can then notice bytes that are already in the socket.
        let Ok(stream) = TcpStream::from_std(stream) else {
            return;
        };
        let slot = Rc::new(Slot::new());
        let guard = SlotGuard {
            worker: self.clone(),
            id: self.slots.add(slot.clone()),
            slot: slot.clone(),
            _counted: self.count_connection(),
        };
        // The task owns the guard, so that an abort removes the slot, too.
        let task = tasks.spawn_local(async move { guard.serve(stream).await });
        slot.set_task(task);
    }

    /// Counts a connection to the hooks until the returned guard is dropped. Does not count one to the operations.
    fn count_connection(&self) -> Option<OpenConnection> {
        match self.handler.listener {
            Listener::Hooks => Some(self.handler.state.metrics.count_connection()),
            Listener::Operations => None,
        }
    }

    /// Does a TLS handshake. Returns `None` if the client does not complete it.
    async fn shake_hands(
        &self,
        stream: TcpStream,
        tls: &Arc<ServerConfig>,
        deadline: Instant,
    ) -> Option<TlsStream<TcpStream>> {
        let hello = LazyConfigAcceptor::new(TlsAcceptor::default(), stream).await;
        let hello = self.ok_or_warn(hello)?;
        // `acquire` has this parameter for requests, whose deadline may come before the longest wait. Here it is the
        // deadline of `serve`, which never comes later.
        let turn = self.handshakes.acquire(deadline).await?;
        // `into_stream` signs before it returns a future, which then only sends and receives. So the turn may end
        // before the handshake does.
        let handshake = hello.into_stream(tls.clone());
        turn.end().await;
        self.ok_or_warn(handshake.await)
    }

    /// Unwraps `Ok`. Otherwise returns `None`, and warns if TLS is what failed, not the connection.
    fn ok_or_warn<T>(&self, result: io::Result<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                if let Some(why) = tls::why_handshake_failed(&error) {
                    self.handler.state.warnings.log(&Warning::Handshake(why));
                }
                None
            }
        }
    }
}

/// Removes the tasks that have ended, which the set keeps until they are joined.
fn remove_ended(tasks: &mut JoinSet<()>) {
    while tasks.try_join_next().is_some() {}
}

/// The slot of a connection, among those of its worker. Removes the slot when dropped.
struct SlotGuard {
    worker: Rc<Worker>,
    id: u64,
    slot: Rc<Slot>,
    /// Counts the connection until the guard is dropped.
    _counted: Option<OpenConnection>,
}

impl SlotGuard {
    /// Serves the connection, after a handshake if the listener speaks TLS.
    async fn serve(&self, stream: TcpStream) {
        let Self { worker, slot, .. } = self;
        slot.set_waiting_for_client(Instant::now());
        // A response is one small write; waiting for more bytes would only delay it.
        let _ = stream.set_nodelay(true);
        match &worker.tls {
            None => session::serve(stream, &worker.handler, slot).await,
            Some(tls) => {
                let deadline = Instant::now() + HANDSHAKE_TIMEOUT;
                let handshake = timeout_at(deadline, worker.shake_hands(stream, tls, deadline));
                if let Ok(Some(stream)) = handshake.await {
                    session::serve(stream, &worker.handler, slot).await;
                }
            }
        }
    }
}

impl Drop for SlotGuard {
    fn drop(&mut self) {
        self.worker.slots.remove(self.id);
    }
}
