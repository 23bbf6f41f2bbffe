//! The bytes of one connection: reads heads of requests and writes responses, each within a time.
//!
//! The HTTP/1.1 codec is actix-http's. Its dispatcher is not used: it decodes all requests that have
//! arrived before it answers the first one, so that a client decides how much memory they take.
//! Here one request is decoded at a time, and nothing is read while a response is written.

use std::{io, time::Duration};

use actix_http::{
    HttpMessage as _, Request, ServiceConfig,
    error::ParseError,
    h1::{Codec, Message},
};
use actix_web::{http::header, web::BytesMut};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    task::yield_now,
    time::{Instant, sleep_until, timeout, timeout_at},
};
use tokio_util::codec::Decoder as _;

use super::{http_response::ResponseBytes, not_http::NotHttp, refusal::Refusal, slot::Slot};
use crate::byte_set::ByteSet;

/// The time for a request's head, from its first byte. For the first request, from the start of the connection.
pub(super) const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// The time for a client to take a response.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a connection that is being closed waits for its client to close it, too.
pub(super) const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// The most bytes of an incomplete head that are kept. A longer head is refused for its URI or its headers.
const HEAD_LIMIT: usize = 32 << 10;
/// The most bytes of empty lines before a head.
const BLANK_LIMIT: usize = 64;
/// The first bytes of TLS: a handshake record, and the major version (RFC 8446 §5.1).
const TLS_HANDSHAKE: &[u8] = &[0x16, 3];
/// The least room, in bytes, that `received` has before each read.
pub(super) const READ_SIZE: usize = 4 << 10;
/// The largest buffer that a connection keeps between two requests.
pub(super) const KEPT_BUFFER: usize = 16 << 10;

/// A connection and the bytes that have arrived on it.
pub(super) struct Connection<S> {
    stream: S,
    /// Kept to create a new codec.
    config: ServiceConfig,
    pub(super) codec: Codec,
    /// Bytes that have arrived and are not decoded.
    pub(super) received: BytesMut,
    /// A copy of the bytes that the codec decodes and removes, to explain a refusal.
    head: Vec<u8>,
    /// How many bytes of `received` the codec has searched without finding a whole head.
    searched: usize,
    /// How many bytes of empty lines have arrived since the last request.
    blank: usize,
}

/// The next arrival on a connection.
pub(super) enum Arrival {
    Request(Request),
    /// Bytes that are not a request, or not a whole head in time.
    Refused(Refusal),
}

/// The connection has ended without a last response: the client has gone, or a deadline has passed.
pub(super) struct Ended;

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// A connection on which nothing has arrived yet.
    pub(super) fn new(stream: S, config: &ServiceConfig) -> Self {
        Self {
            stream,
            config: config.clone(),
            codec: Codec::new(config.clone()),
            received: BytesMut::with_capacity(READ_SIZE),
            head: Vec::new(),
            searched: 0,
            blank: 0,
        }
    }

    /// Waits for a request until the deadline, and for at most [`HEAD_TIMEOUT`] after the request's first byte. If the
    /// connection is asked to end, waits only for the grace of its slot, since a request may be on its way.
    pub(super) async fn next_request(
        &mut self,
        slot: &Slot,
        deadline: Instant,
    ) -> Result<Arrival, Ended> {
        let mut deadline = deadline;
        let mut stopping = false;
        let mut head_has_begun = !self.received.is_empty();
        loop {
            match self.decode_head() {
                Ok(Some(request)) => return Ok(Arrival::Request(request)),
                Ok(None) => {}
                Err(refusal) => return Ok(Arrival::Refused(refusal)),
            }
            // Most heads arrive whole and were decoded above. Only a head that has arrived in part needs a deadline.
            if !head_has_begun && !self.received.is_empty() {
                head_has_begun = true;
                deadline = deadline.min(Instant::now() + HEAD_TIMEOUT);
            }
            tokio::select! {
                biased;
                read = self.read() => match read {
                    Ok(0) | Err(_) => return Err(Ended),
                    Ok(_) => {}
                },
                () = slot.stopped(), if !stopping => {
                    stopping = true;
                    let grace = if head_has_begun { slot.head_grace() } else { slot.idle_grace() };
                    deadline = deadline.min(Instant::now() + grace);
                }
                () = sleep_until(deadline) => {
                    // If no head has begun, there is nothing to answer. An evicted connection must free its place,
                    // so it must not wait for its client to take an answer.
                    if !head_has_begun || slot.is_evicted() {
                        return Err(Ended);
                    }
                    return Ok(Arrival::Refused(Refusal::HeadTooSlow));
                }
            }
        }
    }

    /// Whether bytes of a further request have arrived.
    pub(super) async fn has_more(&mut self) -> bool {
        self.skip_blank_lines();
        if !self.received.is_empty() {
            return true;
        }
        // With a timeout of zero, this reads only bytes that have arrived already.
        match timeout(Duration::ZERO, self.read()).await {
            Ok(Ok(count)) => count > 0,
            Ok(Err(_)) | Err(_) => false,
        }
    }

    /// Makes the codec forget the last request that it has decoded.
    pub(super) fn reset_codec(&mut self) {
        self.codec = Codec::new(self.config.clone());
    }

    /// Decodes a head, if a whole one has arrived.
    fn decode_head(&mut self) -> Result<Option<Request>, Refusal> {
        self.skip_blank_lines();
        if self.blank > BLANK_LIMIT {
            return Err(Refusal::Malformed(NotHttp::BlankLines));
        }
        if !self.is_worth_decoding() {
            return Ok(None);
        }
        self.searched = self.received.len();
        // The copy comes first: when the codec refuses headers, it has already removed them from `received`.
        let length = self.received.len().min(HEAD_LIMIT);
        self.head.clear();
        self.head.extend_from_slice(self.received.get(..length).unwrap_or_default());
        match self.codec.decode(&mut self.received) {
            Ok(Some(Message::Item(request))) => {
                if !has_valid_host(&request) {
                    return Err(Refusal::Malformed(NotHttp::Host("is not the name of a host")));
                }
                self.searched = 0;
                self.blank = 0;
                Ok(Some(request))
            }
            Ok(None) if self.received.len() < HEAD_LIMIT => Ok(None),
            // Even the first line does not end within the limit, so the URI is too long.
            Ok(None) if !self.received.contains(&b'\n') => Err(Refusal::UriTooLong),
            Ok(None) | Err(ParseError::TooLarge) => Err(Refusal::HeadersTooLarge),
            Ok(Some(Message::Chunk(_))) | Err(_) => Err(refusal_of_bad_head(&self.head)),
        }
    }

    /// Drops empty lines before a request (RFC 9112 §2.2).
    fn skip_blank_lines(&mut self) {
        let blank = self.received.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        if blank > 0 {
            drop(self.received.split_to(blank));
            self.blank += blank;
            self.searched = self.searched.saturating_sub(blank);
        }
    }

    /// Whether to let the codec decode. The codec begins at the start of the head each time, so a head that arrives
    /// byte by byte would take quadratic time. To keep the time linear, returns true only if the head is complete,
    /// has reached the limit, or has doubled its length.
    fn is_worth_decoding(&self) -> bool {
        let length = self.received.len();
        if length == 0 {
            return false;
        }
        let has_doubled = length >= 2 * self.searched;
        // The last three bytes searched may begin the end of the head: `\r\n\r`, before `\n`.
        let start = self.searched.saturating_sub(3);
        let unsearched = self.received.get(start..).unwrap_or_default();
        has_doubled || length >= HEAD_LIMIT || has_blank_line(unsearched)
    }

    /// Waits for bytes and reads them. Returns 0 at end of stream.
    pub(super) async fn read(&mut self) -> io::Result<usize> {
        self.received.reserve(READ_SIZE);
        self.stream.read_buf(&mut self.received).await
    }

    /// Asks the client for the body that it announced (RFC 9110 §10.1.1).
    pub(super) async fn write_continue(&mut self) -> io::Result<()> {
        self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        self.stream.flush().await
    }

    /// Writes a response. Fails if the client does not take the response within [`WRITE_TIMEOUT`] from `now` on.
    pub(super) async fn write(
        &mut self,
        response: ResponseBytes,
        now: Instant,
    ) -> Result<(), Ended> {
        let ResponseBytes { start, shared_end } = response;
        let written = timeout_at(now + WRITE_TIMEOUT, async {
            self.stream.write_all(&start).await?;
            self.stream.write_all(&shared_end).await?;
            self.stream.flush().await
        });
        match written.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Ended),
        }
    }

    /// Returns the deadline of the next request. If a pipelined request has already arrived, first lets other
    /// connections run. Otherwise frees large buffers.
    pub(super) async fn prepare_for_next(&mut self, keep_alive: Duration) -> Instant {
        self.skip_blank_lines();
        if !self.received.is_empty() {
            yield_now().await;
            return Instant::now() + HEAD_TIMEOUT;
        }
        if self.received.capacity() > KEPT_BUFFER {
            self.received = BytesMut::with_capacity(READ_SIZE);
        }
        self.head.clear();
        self.head.shrink_to(READ_SIZE);
        Instant::now() + keep_alive
    }

    /// Closes the connection within `time_limit`: ends our side, then reads and drops what the client still sends.
    /// To close with unread bytes would reset the connection, and the client might lose the response.
    pub(super) async fn close(mut self, time_limit: Duration) {
        let closing = timeout(time_limit, async {
            self.stream.shutdown().await?;
            loop {
                self.received.clear();
                if self.read().await? == 0 {
                    return io::Result::Ok(());
                }
                yield_now().await;
            }
        });
        // The connection ends even if this times out or fails.
        let _ = closing.await;
    }
}

/// The refusal of a head that the codec cannot read. The bytes may be of another protocol.
fn refusal_of_bad_head(head: &[u8]) -> Refusal {
    if head.starts_with(TLS_HANDSHAKE) {
        Refusal::UnexpectedTls
    } else {
        Refusal::Malformed(NotHttp::of(head))
    }
}

/// The characters of a host and a port (RFC 3986 §3.2).
static HOST_BYTES: ByteSet = ByteSet::ALPHANUMERIC.with(b"-._~%!$&'()*+,;=:[]");

/// Whether `Host` holds only characters of a host and a port (RFC 9112 §3.2). A request without `Host` is valid:
/// it is HTTP/1.0, since the codec refuses HTTP/1.1 without `Host`.
fn has_valid_host(request: &Request) -> bool {
    let Some(host) = request.headers().get(header::HOST) else {
        return true;
    };
    HOST_BYTES.contains_all(host.as_bytes())
}

/// Whether an empty line follows the end of a line, as in `\r\n\r\n` or `\n\n`.
fn has_blank_line(bytes: &[u8]) -> bool {
    let mut at_line_start = false;
    for byte in bytes {
        match byte {
            b'\n' if at_line_start => return true,
            b'\n' => at_line_start = true,
            b'\r' => {}
            _ => at_line_start = false,
        }
    }
    false
}
