//! Time limits on a connection that actix-web does not have.
//!
//! actix-http times the head of a connection's first request only. [`Guarded`] is the stream below
//! it: while the connection waits for a request or for the rest of a head, a read that is due ends
//! the stream, as if the client had closed it; a write that makes no progress fails. While a
//! request is being answered, its handler keeps the time.

use std::{
    cell::Cell,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

/// The time for a request's head, from its first byte.
pub(super) const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a client may take nothing of an answer.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// By how many bytes a head may be longer than it is thought to be.
const SLACK: usize = 8;

/// What a connection is doing, shared between its stream and its requests' handlers.
#[derive(Debug)]
pub(super) struct Phase {
    /// Until when the next request, or the rest of its head, may take. Nothing while a handler is at
    /// work or the first head is on its way: then others keep the time.
    deadline: Cell<Option<Instant>>,
    /// Bytes that came and belong to no request that was answered.
    unclaimed: Cell<usize>,
    keep_alive: Duration,
}

impl Phase {
    /// A request's head is complete.
    pub(super) fn busy(&self) {
        self.deadline.set(None);
    }

    /// A request of about this length is answered. What came beyond it is the head of the next one.
    pub(super) fn idle(&self, length: usize) {
        let (left, time) = match self.unclaimed.get().saturating_sub(length) {
            // White space that most clients do not send.
            ..=SLACK => (0, self.keep_alive),
            left => (left, HEAD_TIMEOUT),
        };
        self.unclaimed.set(left);
        self.deadline.set(Some(Instant::now() + time));
    }

    fn bytes_came(&self, count: usize) {
        let before = self.unclaimed.get();
        self.unclaimed.set(before.saturating_add(count));
        if before == 0 && self.deadline.get().is_some() {
            self.deadline.set(Some(Instant::now() + HEAD_TIMEOUT));
        }
    }
}

/// A stream with time limits.
pub(super) struct Guarded<S> {
    stream: S,
    pub(super) phase: Rc<Phase>,
    write_stalled: Option<Instant>,
    /// Wakes no later than the next deadline, and at least once in [`HEAD_TIMEOUT`]: moving it with
    /// every request would cost more than waking an idle connection now and then.
    timer: Option<Pin<Box<Sleep>>>,
}

impl<S> Guarded<S> {
    pub(super) fn new(stream: S, keep_alive: Duration) -> Self {
        let phase = Phase { deadline: Cell::default(), unclaimed: Cell::default(), keep_alive };
        Self { stream, phase: Rc::new(phase), write_stalled: None, timer: None }
    }

    /// Whether this deadline has passed; if not, the task is woken when it has.
    fn is_due(&mut self, deadline: Instant, context: &mut Context<'_>) -> bool {
        loop {
            let now = Instant::now();
            if now >= deadline {
                return true;
            }
            let next = deadline.min(now + HEAD_TIMEOUT);
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(next)));
            if timer.deadline() > next {
                timer.as_mut().reset(next);
            }
            if timer.as_mut().poll(context).is_pending() {
                return false;
            }
            timer.as_mut().reset(next);
        }
    }

    fn written<T>(
        &mut self,
        result: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.write_stalled = None;
            return result;
        }
        let since = *self.write_stalled.get_or_insert_with(Instant::now);
        if self.is_due(since + WRITE_TIMEOUT, context) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(context, buffer);
        if result.is_ready() {
            self.phase.bytes_came(buffer.filled().len().saturating_sub(before));
            return result;
        }
        match self.phase.deadline.get() {
            Some(deadline) if self.is_due(deadline, context) => Poll::Ready(Ok(())),
            _ => Poll::Pending,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(result, context)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_flush(context);
        // An answer went out, and nothing may be read again before the next byte comes: what is due
        // then has to wake the task. The read finds out whether it is.
        if result.is_ready()
            && let Some(deadline) = self.phase.deadline.get()
        {
            self.is_due(deadline, context);
        }
        self.written(result, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_shutdown(context);
        self.written(result, context)
    }
}
