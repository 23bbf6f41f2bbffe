//! The service: binds, runs and stops.
//!
//! Put together from actix-server and actix-http, as actix-web's `HttpServer` is, because that one
//! can time neither a connection's later heads nor a write that makes no progress.

use std::{
    future::ready,
    io,
    net::{SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::SyncSender,
    },
    time::Duration,
};

use actix_http::{HttpService, KeepAlive, Protocol};
use actix_server::{ServerBuilder, ServerHandle};
use actix_service::{IntoServiceFactory as _, ServiceFactoryExt as _, fn_service, map_config};
use actix_web::{
    App,
    dev::AppConfig,
    rt::{System, net::TcpStream, spawn},
    web,
};
use arc_swap::ArcSwap;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::{Domain, Socket, Type};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    signal::unix::{SignalKind, signal},
    time::{sleep, timeout},
};

use crate::{
    credentials::Credentials, decision_log::DecisionLog, metrics::Metrics, problem::Problem,
    rule::RuleSet, settings::Settings,
};

mod admit;
mod answer;
mod guard;
mod handler;
mod operations;
mod tls;
mod warnings;

use guard::Guarded;
pub(crate) use tls::Certificate;
pub(crate) use warnings::Warnings;

/// Files that may be open besides connections of the hooks.
const OTHER_FILES: usize = 512;
/// Connections that the kernel completes before we accept them.
const BACKLOG: i32 = 4096;
/// The time for a TLS handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a connection that is being closed may take to notice.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Of what may be stale, the one thing that readiness tells of.
pub(crate) const RULES: &str = "rules";

/// What every worker shares.
pub(crate) struct State {
    /// What the service was started with; `auth` has moved to `credentials`.
    pub(crate) settings: Settings,
    /// A request holds on to the set that it came in with.
    pub(crate) rules: ArcSwap<RuleSet>,
    pub(crate) credentials: ArcSwap<Credentials>,
    /// What HTTPS is served with, if it is.
    pub(crate) certificate: Option<Arc<Certificate>>,
    /// Whether no further requests are wanted, since the service stops.
    pub(crate) draining: AtomicBool,
    pub(crate) warnings: Warnings,
    pub(crate) metrics: Metrics,
    pub(crate) log: Option<Arc<DecisionLog>>,
}

/// How the service stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// After what was in flight.
    Gracefully,
    /// By a second signal.
    AtOnce,
}

/// Takes the address that a setting says.
pub(crate) fn bind(setting: &str, address: SocketAddr) -> Result<TcpListener, Problem> {
    let take = || {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        // A restart must not wait for the connections of the last run to be forgotten.
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        Ok(socket.into())
    };
    take().map_err(|error: io::Error| {
        let variable = format!("HOOK__{}", setting.to_uppercase().replace('.', "__"));
        let out = format!("choose another, as with {variable}=127.0.0.1:8081");
        Problem::named(setting, format!("cannot listen on `{address}`: {error}; {out}"))
    })
}

/// Takes as many file descriptors as may be had, and warns where connections need more: without one
/// left nobody is answered, not even the operators.
fn raise_limits(connections: usize) {
    let limits = getrlimit(Resource::Nofile);
    let all = Rlimit { current: limits.maximum, ..limits };
    let there = setrlimit(Resource::Nofile, all).map_or(limits.current, |()| all.current);
    if let Some(there) = there.filter(|there| *there < (connections + OTHER_FILES) as u64) {
        log::warn!(
            "server.max_connections: only {there} files may be open, and connections are files; lower it, or raise `ulimit -n`"
        );
    }
}

/// Answers for hooks, and for metrics where it may, until SIGTERM or SIGINT, and stops gracefully; a
/// second signal stops it at once. SIGHUP reopens the log's file and sends a message to `reload`.
/// Calls `ready` when requests are answered and signals heeded.
pub(crate) fn run(
    hooks: TcpListener,
    metrics: Option<TcpListener>,
    state: &Arc<State>,
    reload: SyncSender<()>,
    ready: impl FnOnce(),
) -> io::Result<Stopped> {
    System::new().block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let told_to_end = async || {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        let (mut hangups, log) = (signal(SignalKind::hangup())?, state.log.clone());
        spawn(async move {
            while hangups.recv().await.is_some() {
                log.iter().for_each(|log| log.sink.reopen());
                // Full, it has been asked for already.
                let _ = reload.try_send(());
            }
        });
        if let Some(listener) = metrics {
            spawn(operations::start(listener, state)?);
        }
        let server = start(hooks, state)?;
        ready();
        raise_limits(state.settings.server.max_connections);
        let handle = server.handle();
        // The server ends by being stopped, or at once with an error.
        tokio::select! {
            ended = server => ended.map(|()| Stopped::Gracefully),
            stopped = stop(told_to_end, handle, state) => Ok(stopped),
        }
    })
}

fn start(listener: TcpListener, state: &Arc<State>) -> io::Result<actix_server::Server> {
    let settings = &state.settings.server;
    let builder = actix_server::Server::build()
        .workers(settings.workers)
        .max_concurrent_connections(settings.max_connections.div_ceil(settings.workers))
        // Whatever is still there when we are done waiting ends with the process.
        .shutdown_timeout(settings.shutdown_timeout.as_secs().saturating_add(1))
        .disable_signals();
    let builder = match &state.certificate {
        None => listen(builder, listener, state, |stream| ready(Ok(stream))),
        Some(certificate) => {
            let tls = tls::acceptor(certificate.clone()).map_err(io::Error::other)?;
            listen(builder, listener, state, move |stream| {
                let handshake = timeout(HANDSHAKE_TIMEOUT, tls.accept(stream));
                async move { handshake.await? }
            })
        }
    };
    Ok(builder?.run())
}

/// Answers for the hooks on connections that `accept` has made of those that came.
fn listen<S, A>(
    builder: ServerBuilder,
    listener: TcpListener,
    state: &Arc<State>,
    accept: impl Fn(TcpStream) -> A + Clone + Send + 'static,
) -> io::Result<ServerBuilder>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
    A: Future<Output = io::Result<S>> + 'static,
{
    let stopping = builder.graceful_shutdown_signal();
    let (state, keep_alive) = (state.clone(), state.settings.server.keep_alive);
    // Called once in each worker's thread.
    let service = move || {
        let state = web::Data::from(state.clone());
        let app = App::new().app_data(state.clone()).default_service(web::to(handler::handle));
        let stopping = stopping.clone();
        let http = HttpService::build()
            // Idle connections and later heads are the guard's.
            .keep_alive(KeepAlive::Os)
            .client_request_timeout(guard::HEAD_TIMEOUT)
            .client_disconnect_timeout(DISCONNECT_TIMEOUT)
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .expect(fn_service(move |request| handler::expect(request, state.clone())))
            .on_connect_ext(|stream: &Guarded<S>, data| {
                data.insert(stream.phase.clone());
            })
            .finish(map_config(
                app.into_factory().map_err(|error: actix_web::Error| error.error_response()),
                |()| AppConfig::default(),
            ));
        let accept = accept.clone();
        fn_service(move |stream: TcpStream| {
            // An answer is one small write; waiting for more to send would only delay it.
            let _ = stream.set_nodelay(true);
            let peer = stream.peer_addr().ok();
            let accepted = accept(stream);
            async move { Ok((Guarded::new(accepted.await?, keep_alive), Protocol::Http1, peer)) }
        })
        .and_then(http)
    };
    builder.listen("hooks", listener, service)
}

/// Waits for a signal and stops: not ready any more, on through the drain delay, no further
/// connections, the requests in flight, and the end, at the latest after the shutdown timeout.
async fn stop(mut told_to_end: impl AsyncFnMut(), handle: ServerHandle, state: &State) -> Stopped {
    let settings = &state.settings.server;
    told_to_end().await;
    state.draining.store(true, Ordering::Release);
    log::info!("stopping: finishing requests in flight; a second signal ends at once");
    let graceful = async {
        sleep(settings.drain_delay).await;
        if timeout(settings.shutdown_timeout, handle.stop(true)).await.is_err() {
            log::warn!("stopping: `server.shutdown_timeout` is over, open connections are cut");
        }
    };
    tokio::select! {
        () = graceful => Stopped::Gracefully,
        () = told_to_end() => {
            log::warn!("stopping: second signal, open connections are cut");
            Stopped::AtOnce
        }
    }
}
