//! The body of a request, which is read only after the caller is admitted.

use actix_http::{
    Request, RequestHead,
    h1::{Message, MessageType},
};
use actix_web::{
    http::{Version, header},
    web::{Bytes, BytesMut},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, timeout_at},
};
use tokio_util::codec::Decoder as _;

use super::{
    admit,
    connection::{Connection, KEPT_BUFFER, READ_SIZE},
    refusal::Refusal,
    slot::Slot,
};

/// A body that may not have arrived yet.
pub(super) struct Body<'c, S> {
    connection: &'c mut Connection<S>,
    slot: &'c Slot,
    unread: Unread,
    /// Whether the client waits for `100 Continue` before it sends the body.
    awaits_continue: bool,
}

/// How much of a body is still to be read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unread {
    Nothing,
    Bytes(u64),
    Chunks,
}

impl<'c, S: AsyncRead + AsyncWrite + Unpin> Body<'c, S> {
    /// The body of the request that the connection's codec has just decoded.
    pub(super) fn new(
        request: &Request,
        connection: &'c mut Connection<S>,
        slot: &'c Slot,
    ) -> Self {
        let head = request.head();
        let unread = unread_body(head);
        // The codec decodes only heads and chunks; `read_bytes` reads any other body. So if the codec expects such a
        // body, make it forget that. After `Upgrade`, which we ignore (RFC 9110 §7.8), the codec would read even
        // further requests as a body.
        if unread != Unread::Chunks && connection.codec.message_type() != MessageType::None {
            connection.reset_codec();
        }
        Self { connection, slot, unread, awaits_continue: awaits_continue(head) }
    }

    /// Whether the whole body is read, so that a request may follow. Always false for a chunked body: after the
    /// last chunk, the codec would read the next request as a trailer.
    pub(super) fn is_read(&self) -> bool {
        self.unread == Unread::Nothing
    }

    /// Reads the whole body. Refuses one that is larger than `limit` bytes, not whole at the deadline,
    /// cut short or malformed.
    pub(super) async fn read(&mut self, limit: usize, deadline: Instant) -> Result<Bytes, Refusal> {
        // The caller is admitted, so the connection becomes trusted, and is not idle until the response is ready.
        self.slot.set_in_service();
        let reading = async {
            match self.unread {
                Unread::Nothing => Ok(Bytes::new()),
                Unread::Bytes(length) => self.read_bytes(length, limit).await,
                Unread::Chunks => self.read_chunks(limit).await,
            }
        };
        timeout_at(deadline, reading).await.unwrap_or(Err(Refusal::BodyTooSlow))
    }

    async fn read_bytes(&mut self, length: u64, limit: usize) -> Result<Bytes, Refusal> {
        let length = usize::try_from(length).map_err(|_| Refusal::BodyTooLarge)?;
        if length > limit {
            return Err(Refusal::BodyTooLarge);
        }
        let arrived = self.connection.received.len();
        if arrived < length {
            // Reserve exactly the body and the room of one read. Otherwise the buffer would double whenever it is
            // full, and a client could fill the spare half with further requests.
            self.connection.received.reserve(length + READ_SIZE - arrived);
        }
        while self.connection.received.len() < length {
            self.read_more().await?;
        }
        self.unread = Unread::Nothing;
        let received = &mut self.connection.received;
        let body = received.split_to(length).freeze();
        if length > KEPT_BUFFER {
            // The bytes after the body still share the large buffer. Copy them, so that the buffer is freed with
            // the body.
            *received = BytesMut::from(&**received);
        }
        Ok(body)
    }

    async fn read_chunks(&mut self, limit: usize) -> Result<Bytes, Refusal> {
        let mut body = BytesMut::new();
        loop {
            let connection = &mut *self.connection;
            match connection.codec.decode(&mut connection.received) {
                Ok(Some(Message::Chunk(Some(chunk)))) => {
                    if chunk.len() > limit - body.len() {
                        return Err(Refusal::BodyTooLarge);
                    }
                    body.extend_from_slice(&chunk);
                }
                Ok(Some(Message::Chunk(None))) => return Ok(body.freeze()),
                Ok(None) => self.read_more().await?,
                Ok(Some(Message::Item(_))) | Err(_) => return Err(Refusal::BodyIncomplete),
            }
        }
    }

    async fn read_more(&mut self) -> Result<(), Refusal> {
        if self.awaits_continue {
            self.awaits_continue = false;
            self.connection.write_continue().await.map_err(|_| Refusal::BodyIncomplete)?;
        }
        match self.connection.read().await {
            Ok(0) | Err(_) => Err(Refusal::BodyIncomplete),
            Ok(_) => Ok(()),
        }
    }
}

/// Returns how much body the headers announce.
fn unread_body(head: &RequestHead) -> Unread {
    if head.headers.contains_key(header::TRANSFER_ENCODING) {
        return Unread::Chunks;
    }
    match admit::declared_length(&head.headers) {
        None | Some(0) => Unread::Nothing,
        Some(length) => Unread::Bytes(length),
    }
}

/// Whether the client expects `100 Continue`. HTTP/1.0 does not have it (RFC 9110 §10.1.1).
fn awaits_continue(head: &RequestHead) -> bool {
    head.expect() && head.version == Version::HTTP_11
}
