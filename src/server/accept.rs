//! Listens on an address, and gives each new connection to the next worker.

use std::{
    io,
    net::{SocketAddr, TcpListener as StdListener, TcpStream as StdStream},
    time::Duration,
};

use socket2::{Domain, Socket, Type};
use tokio::{
    net::TcpListener,
    sync::mpsc::{Permit, Sender},
    time::sleep,
};

use super::{State, warnings::Warning};
use crate::problem::Problem;

/// How many connections the kernel keeps ready for us to accept.
const BACKLOG: i32 = 4096;
/// The kernel's buffer for received bytes of one connection; Linux takes twice that. The buffers count towards the
/// memory of a container. Without a fixed size, they can grow to megabytes.
const RECEIVE_BUFFER: usize = 32 << 10;
/// The kernel's buffer for sent bytes of one connection.
const SEND_BUFFER: usize = 16 << 10;
/// The pause after an error, such as a lack of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Listens on the address of a setting.
pub(crate) fn bind(setting: &str, address: SocketAddr) -> Result<StdListener, Problem> {
    listen(address).map_err(|error| {
        let variable = format!("HOOK__{}", setting.to_uppercase().replace('.', "__"));
        let hint = format!("choose another address, as with {variable}=127.0.0.1:8081");
        Problem::named(setting, format!("cannot listen on `{address}`: {error}; {hint}"))
    })
}

fn listen(address: SocketAddr) -> io::Result<StdListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // Without this, a restart could not bind until the kernel forgets the connections of the last run.
    socket.set_reuse_address(true)?;
    // Accepted connections inherit both sizes.
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// A listener and the workers that serve its connections.
pub(super) struct Acceptor {
    listener: TcpListener,
    workers: Vec<Sender<StdStream>>,
    /// The index of the worker whose turn it is. Moves on before each connection.
    next: usize,
}

impl Acceptor {
    /// Takes over a listener.
    pub(super) fn new(listener: StdListener, workers: Vec<Sender<StdStream>>) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Ok(Self { listener: TcpListener::from_std(listener)?, workers, next: 0 })
    }

    /// Accepts connections. Never returns: to stop, drop the future. Logs an error, and then waits for [`PAUSE`], so
    /// that a file descriptor may become free.
    pub(super) async fn run(&mut self, state: &State) {
        loop {
            self.next = (self.next + 1) % self.workers.len();
            // Reserve a place before accepting. In the other order, this future would hold an accepted
            // connection while all queues are full. If `select!` then dropped the future, the connection would be lost.
            let place = reserve(&self.workers, self.next).await;
            match self.accept().await {
                Ok(stream) => {
                    // If the worker has died, there is no place, and the stream is closed as it is dropped.
                    if let Some(place) = place {
                        place.send(stream);
                    }
                }
                // The client has gone already.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    state.warnings.log(&Warning::CannotAccept(error));
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// Accepts the connections that the kernel has completed already, and stops listening.
    pub(super) async fn finish(mut self) {
        // tokio's `accept` would wait for more connections. That of `std` fails with `WouldBlock` instead.
        let Ok(listener) = self.listener.into_std() else {
            return;
        };
        // New connections keep coming meanwhile. They cannot delay the stop, since the loop accepts at most `BACKLOG`.
        for _ in 0..BACKLOG {
            let stream = match listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // The client has gone already, or no file descriptor is free.
                Err(_) => continue,
            };
            self.next = (self.next + 1) % self.workers.len();
            let place = reserve(&self.workers, self.next).await;
            if let Some(place) = place
                && stream.set_nonblocking(true).is_ok()
            {
                place.send(stream);
            }
        }
    }

    async fn accept(&self) -> io::Result<StdStream> {
        let (stream, _) = self.listener.accept().await?;
        // The worker registers the stream with its own runtime.
        stream.into_std()
    }
}

/// Reserves a place in the queue of the worker `next`. If that queue is full, takes the first worker after `next` with
/// a place. If all queues are full, waits for the worker `next`. Returns `None` if the thread of `next` has died.
async fn reserve(workers: &[Sender<StdStream>], next: usize) -> Option<Permit<'_, StdStream>> {
    // Each worker once, beginning with `next`.
    for worker in workers.iter().cycle().skip(next).take(workers.len()) {
        if let Ok(place) = worker.try_reserve() {
            return Some(place);
        }
    }
    workers.get(next)?.reserve().await.ok()
}
