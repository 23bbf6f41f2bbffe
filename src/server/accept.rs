//! Listens on an address, and hands the connections that come to the workers in turn.

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

use super::State;
use crate::problem::Problem;

/// Connections that the kernel completes before we accept them.
const BACKLOG: i32 = 4096;
/// The kernel's buffers of one connection, in bytes; Linux takes twice that. They count towards the
/// memory of a container, and by default grow to megabytes for a client that reads no answer.
const RECEIVE_BUFFER: usize = 32 << 10;
const SEND_BUFFER: usize = 16 << 10;
/// The pause after an error, such as no file descriptor left.
const PAUSE: Duration = Duration::from_millis(100);

/// Listens on the address of a setting.
pub(crate) fn bind(setting: &str, address: SocketAddr) -> Result<StdListener, Problem> {
    listen(address).map_err(|error| {
        let variable = format!("HOOK__{}", setting.to_uppercase().replace('.', "__"));
        let hint = format!("choose another, as with {variable}=127.0.0.1:8081");
        Problem::named(setting, format!("cannot listen on `{address}`: {error}; {hint}"))
    })
}

fn listen(address: SocketAddr) -> io::Result<StdListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // A restart must not wait for the connections of the last run to be forgotten.
    socket.set_reuse_address(true)?;
    // Connections inherit both.
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// A listener and the workers that take its connections.
pub(super) struct Acceptor {
    listener: TcpListener,
    workers: Vec<Sender<StdStream>>,
    next: usize,
}

impl Acceptor {
    /// Takes over a listener.
    pub(super) fn new(listener: StdListener, workers: Vec<Sender<StdStream>>) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Ok(Self { listener: TcpListener::from_std(listener)?, workers, next: 0 })
    }

    /// Accepts connections for as long as it is polled. An error is logged at most once in a while,
    /// and tried again: a file descriptor may be free by then.
    pub(super) async fn run(&mut self, state: &State) {
        loop {
            self.next = (self.next + 1) % self.workers.len();
            // Room first, so that no connection is lost where this is cancelled.
            let room = room_for_one(&self.workers, self.next).await;
            match (room, self.accept().await) {
                (Some(room), Ok(stream)) => room.send(stream),
                // The connection is closed.
                (None, Ok(_)) => {}
                // The client has gone already.
                (_, Err(error)) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                (_, Err(error)) => {
                    state.warnings.error("accept", || {
                        format!("cannot accept connections: {error}; is `ulimit -n` too low?")
                    });
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// Accepts the connections that the kernel has completed already, and stops to listen.
    pub(super) async fn finish(mut self) {
        // Only the kernel knows which connections wait, so ask its listener until it has none.
        let Ok(listener) = self.listener.into_std() else {
            return;
        };
        // No more than were queued when it began, so that new ones do not keep it from stopping.
        for _ in 0..BACKLOG {
            let stream = match listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // The client has gone already, or no file descriptor is free.
                Err(_) => continue,
            };
            self.next = (self.next + 1) % self.workers.len();
            let room = room_for_one(&self.workers, self.next).await;
            if let Some(room) = room
                && stream.set_nonblocking(true).is_ok()
            {
                room.send(stream);
            }
        }
    }

    async fn accept(&self) -> io::Result<StdStream> {
        let (stream, _) = self.listener.accept().await?;
        // The worker registers it with its own runtime.
        stream.into_std()
    }
}

/// A place in the queue of the first worker that has one, from `next` on, else waits for that one.
/// Returns `None` where its thread has died.
async fn room_for_one(workers: &[Sender<StdStream>], next: usize) -> Option<Permit<'_, StdStream>> {
    let (before, from) = workers.split_at_checked(next)?;
    for worker in from.iter().chain(before) {
        if let Ok(room) = worker.try_reserve() {
            return Some(room);
        }
    }
    workers.get(next)?.reserve().await.ok()
}
