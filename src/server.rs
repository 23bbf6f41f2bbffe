//! The service: binds, runs and stops.
//!
//! Put together from actix-server and actix-http, as actix-web's `HttpServer` is, because that one
//! can time neither a connection's later heads nor a write that makes no progress.

use std::{
    future::ready,
    io,
    net::{SocketAddr, TcpListener},
    rc::Rc,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use actix_http::{HttpService, KeepAlive, Protocol};
use actix_server::ServerHandle;
use actix_service::{IntoServiceFactory as _, ServiceFactoryExt as _, fn_service, map_config};
use actix_web::{
    App,
    dev::AppConfig,
    rt::{System, net::TcpStream},
    web::{self, ThinData},
};
use socket2::{Domain, Socket, Type};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::{sleep, timeout},
};

use crate::{decision_log::DecisionLog, settings::Server};

mod admit;
mod answer;
mod body;
mod guard;
mod handler;
mod state;
mod warnings;

use guard::Guarded;
use handler::Worker;
pub use state::State;
pub use warnings::Warnings;

/// Connections that the kernel completes before we accept them.
const BACKLOG: i32 = 4096;
/// How long a connection that is being closed may take to notice.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// How the service stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// After what was in flight.
    Gracefully,
    /// By a second signal.
    AtOnce,
}

/// Takes the address.
///
/// # Errors
///
/// The address is taken or not this machine's.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // A restart must not wait for the connections of the last run to be forgotten.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Serves until SIGTERM or SIGINT and stops gracefully; a second signal stops it at once.
/// Calls `ready` when requests are answered and signals heeded.
///
/// # Errors
///
/// The server or its signal handlers cannot be set up.
pub fn run(
    listener: TcpListener,
    state: &Arc<State>,
    settings: &Server,
    log: Option<&Arc<DecisionLog>>,
    ready: impl FnOnce(),
) -> io::Result<Stopped> {
    System::new().block_on(async {
        let mut signals = Signals::new()?;
        let server = start(listener, state, settings, log)?;
        ready();
        let handle = server.handle();
        let stop = stop(&mut signals, handle, state, settings);
        // The server ends by being stopped, or at once with an error.
        tokio::select! {
            ended = server => ended.map(|()| Stopped::Gracefully),
            stopped = stop => Ok(stopped),
        }
    })
}

fn start(
    listener: TcpListener,
    state: &Arc<State>,
    settings: &Server,
    log: Option<&Arc<DecisionLog>>,
) -> io::Result<actix_server::Server> {
    let builder = actix_server::Server::build()
        .workers(settings.workers)
        .max_concurrent_connections(settings.max_connections.div_ceil(settings.workers))
        // Whatever is still there when we are done waiting ends with the process.
        .shutdown_timeout(settings.shutdown_timeout.as_secs().saturating_add(1))
        .disable_signals();
    let stopping = builder.graceful_shutdown_signal();
    let (state, log, keep_alive) = (state.clone(), log.cloned(), settings.keep_alive);
    // Called once in each worker's thread.
    let service = move || {
        let worker = Rc::new(Worker { state: state.clone(), log: log.clone() });
        let app =
            App::new().app_data(ThinData(worker.clone())).default_service(web::to(handler::handle));
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
            .expect(fn_service(move |request| handler::expect(request, worker.clone())))
            .on_connect_ext(|stream: &Guarded<TcpStream>, data| {
                data.insert(stream.phase());
            })
            .finish(map_config(
                app.into_factory().map_err(|error: actix_web::Error| error.error_response()),
                |()| AppConfig::default(),
            ));
        fn_service(move |stream: TcpStream| {
            // An answer is one small write; waiting for more to send would only delay it.
            let _ = stream.set_nodelay(true);
            let peer = stream.peer_addr().ok();
            ready(Ok((Guarded::new(stream, keep_alive), Protocol::Http1, peer)))
        })
        .and_then(http)
    };
    Ok(builder.listen("hooks", listener, service)?.run())
}

/// Waits for a signal and stops: not ready any more, on through the drain delay, no further
/// connections, the requests in flight, and the end, at the latest after the shutdown timeout.
async fn stop(
    signals: &mut Signals,
    handle: ServerHandle,
    state: &State,
    settings: &Server,
) -> Stopped {
    signals.next().await;
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
        () = signals.next() => {
            log::warn!("stopping: second signal, open connections are cut");
            Stopped::AtOnce
        }
    }
}

/// The signals that end the service.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
