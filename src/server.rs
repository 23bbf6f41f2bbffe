//! The service: binds, runs and stops.

use std::{
    io,
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::SyncSender,
    },
};

use actix_web::rt::{System, spawn};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{
    runtime,
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc,
    time::timeout,
};

use crate::{
    decision_log::DecisionLog, metrics::Metrics, preview::Feed, settings::Settings,
    state::LiveState,
};

mod accept;
mod admit;
mod body;
mod connection;
mod decision_counters;
mod diagnosis;
mod handler;
mod http_response;
mod not_http;
mod operations;
mod path_diagnosis;
mod refusal;
mod request_context;
mod routes;
mod session;
mod slot;
mod slots;
mod tls;
mod turns;
mod warnings;
mod worker;

use accept::Acceptor;
pub(crate) use accept::bind;
pub(crate) use refusal::REASONS;
use routes::Listener;
pub(crate) use warnings::Warnings;
use worker::WorkerOptions;

/// File descriptors kept for everything but connections to the hooks.
const OTHER_FILES: usize = 512;
/// The most connections of the operators' listener.
const OPERATIONS_CONNECTIONS: usize = 128;

/// The state that all workers share.
pub(crate) struct State {
    /// The settings at the start, without `auth` and `sources`. Reloads replace these two, so they are in `live`.
    pub(crate) settings: Arc<Settings>,
    pub(crate) live: Arc<LiveState>,
    /// Whether the service is stopping. `/readyz` then reports that it wants no further requests.
    pub(crate) draining: AtomicBool,
    pub(crate) warnings: Warnings,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) log: Option<Arc<DecisionLog>>,
    /// The latest requests, for the page of `preview`. `None` in `serve`, which keeps no request.
    pub(crate) feed: Option<Arc<Feed>>,
}

/// How the service stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// After all requests in flight, or after `server.shutdown_timeout`.
    Gracefully,
    /// By a second signal, before the requests in flight had ended.
    AtOnce,
}

/// Serves the hooks, and the metrics if there is a listener for them. Stops gracefully after SIGTERM or SIGINT, and
/// at once after a second signal. SIGHUP reopens the log's file and sends a message to `reload`, which asks for a
/// reload. Calls `ready` as soon as requests are answered and signals are handled.
pub(crate) fn run(
    hooks: TcpListener,
    metrics: Option<TcpListener>,
    state: &Arc<State>,
    reload: SyncSender<()>,
    ready: impl FnOnce(),
) -> io::Result<Stopped> {
    System::new().block_on(async {
        let mut stop_signals = StopSignals::new()?;
        reload_on_sighup(state, reload)?;
        if let Some(listener) = metrics {
            start_operations(listener, state)?;
        }
        let (running, all_done) = mpsc::channel(1);
        let limit = connection_limit(state.settings.server.max_connections);
        let acceptor = start_hooks(hooks, limit, state, &running)?;
        // Each worker drops its clone when it ends. `all_done` waits until no sender is left, so drop this one, too.
        drop(running);
        ready();
        Ok(serve_until_stopped(acceptor, all_done, &mut stop_signals, state).await)
    })
}

/// Starts the workers of the hooks. `limit` is the most connections of all workers together.
fn start_hooks(
    listener: TcpListener,
    limit: usize,
    state: &Arc<State>,
    running: &mpsc::Sender<()>,
) -> io::Result<Acceptor> {
    let settings = &state.settings.server;
    let tls = match &state.live.certificate {
        Some(certificate) => Some(tls::config(certificate.clone()).map_err(io::Error::other)?),
        None => None,
    };
    let options = WorkerOptions {
        listener: Listener::Hooks,
        tls,
        limit: limit.div_ceil(settings.workers),
        state: state.clone(),
    };
    let mut workers = Vec::new();
    for _ in 0..settings.workers {
        workers.push(worker::start(options.clone(), running.clone())?);
    }
    Acceptor::new(listener, workers)
}

/// Starts a worker that serves the operators for as long as the process runs.
fn start_operations(listener: TcpListener, state: &Arc<State>) -> io::Result<()> {
    // The stop does not wait for this worker, so the receiver is dropped at once.
    let (running, _) = mpsc::channel(1);
    let options = WorkerOptions {
        listener: Listener::Operations,
        tls: None,
        limit: OPERATIONS_CONNECTIONS,
        state: state.clone(),
    };
    let worker = worker::start(options, running)?;
    let mut acceptor = Acceptor::new(listener, vec![worker])?;
    let state = state.clone();
    spawn(async move { acceptor.run(&state).await });
    Ok(())
}

/// Raises the soft limit of open files to the hard limit. Returns how many connections to allow: `setting`, or fewer
/// to keep [`OTHER_FILES`] descriptors free, so that operators still get responses.
fn connection_limit(setting: usize) -> usize {
    let mut limits = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limits.maximum, ..limits };
    if setrlimit(Resource::Nofile, raised).is_ok() {
        limits = raised;
    }
    // `None` means unlimited.
    let available = match limits.current {
        Some(files) => usize::try_from(files).unwrap_or(usize::MAX),
        None => usize::MAX,
    };
    // If fewer than `OTHER_FILES` may be open, the subtraction gives 0. Connections get a quarter at least.
    let allowed = available.saturating_sub(OTHER_FILES).max(available / 4);
    if allowed >= setting {
        return setting;
    }
    log::warn!(
        "server.max_connections: lowered to {allowed}, since each connection is an open file, and only {available} files may be open; raise `ulimit -n`, or lower the setting"
    );
    allowed
}

/// Makes the process ignore SIGHUP until [`run`] handles it. By default, SIGHUP would end the process. During the
/// start it needs no reload, since the start itself reads the files.
pub(crate) fn ignore_sighup() -> io::Result<()> {
    // tokio replaces the default action, and does not restore it when the receiver is dropped.
    let runtime = runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async { signal(SignalKind::hangup()).map(drop) })
}

/// Starts a task that at each SIGHUP reopens the log and asks for a reload.
fn reload_on_sighup(state: &State, reload: SyncSender<()>) -> io::Result<()> {
    let mut sighups = signal(SignalKind::hangup())?;
    let log = state.log.clone();
    spawn(async move {
        while sighups.recv().await.is_some() {
            if let Some(log) = &log {
                log.sink.reopen();
            }
            // If the channel is full, it already has a request to reload.
            let _ = reload.try_send(());
        }
    });
    Ok(())
}

/// SIGTERM and SIGINT.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    fn new() -> io::Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        Ok(Self { terminate, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Serves until a signal, then stops gracefully. A second signal cuts the graceful stop short.
async fn serve_until_stopped(
    mut acceptor: Acceptor,
    all_done: mpsc::Receiver<()>,
    signals: &mut StopSignals,
    state: &State,
) -> Stopped {
    tokio::select! {
        () = signals.next() => {}
        // `Acceptor::run` accepts connections meanwhile, and never returns.
        () = acceptor.run(state) => {}
    }
    state.draining.store(true, Ordering::Release);
    log::info!("stopping: finishing requests in flight; a second signal stops at once");
    tokio::select! {
        () = stop_gracefully(acceptor, all_done, state) => Stopped::Gracefully,
        () = signals.next() => {
            log::warn!("stopping: second signal, open connections are closed");
            Stopped::AtOnce
        }
    }
}

/// Accepts connections during the drain delay. Then stops listening, and waits for the requests in
/// flight, but no longer than the shutdown timeout.
async fn stop_gracefully(mut acceptor: Acceptor, mut all_done: mpsc::Receiver<()>, state: &State) {
    let settings = &state.settings.server;
    // `Acceptor::run` never returns, so this always times out.
    let _ = timeout(settings.drain_delay, acceptor.run(state)).await;
    let finish = async {
        acceptor.finish().await;
        // No message is ever sent. `recv` returns `None` when every worker has dropped its sender.
        let _ = all_done.recv().await;
    };
    if timeout(settings.shutdown_timeout, finish).await.is_err() {
        log::warn!("stopping: `server.shutdown_timeout` is over, open connections are closed");
    }
}
