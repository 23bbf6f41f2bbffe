//! Serves one connection: waits for a request, has it answered, writes the answer, and goes on to the
//! next request.

use std::time::Duration;

use actix_web::http::Method;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::Instant,
};

use super::{
    answer::{Refusal, Reuse},
    body::Body,
    connection::{CLOSE_TIMEOUT, Connection, HEAD_TIMEOUT, Next},
    responder::Responder,
    slot::Slot,
};

/// Answers 503 without reading a request, and closes the connection within a time.
pub(super) async fn turn_away<S>(stream: S, responder: &Responder, longest: Duration)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut connection = Connection::new(stream, responder.codec_config());
    let answer = responder.refuse(Refusal::Overloaded);
    if connection.write(answer, Reuse::Close, false).await {
        connection.close(longest).await;
    }
}

/// Serves a connection until either side ends it.
pub(super) async fn serve<S>(stream: S, responder: &Responder, slot: &Slot)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut connection = Connection::new(stream, responder.codec_config());
    let mut deadline = Instant::now() + HEAD_TIMEOUT;
    loop {
        slot.waits_for_request();
        let next = connection.next_request(slot, deadline).await;
        slot.waits_for_client();
        let request = match next {
            Next::Request(request) => request,
            Next::Refused(refusal) => {
                let answer = responder.refuse(refusal);
                if !connection.write(answer, Reuse::Close, false).await {
                    return;
                }
                break;
            }
            Next::End => return,
        };
        let mut body = Body::new(&request, &mut connection, slot);
        let answer = responder.answer(&request, &mut body).await;
        slot.waits_for_client();
        let body_is_read = body.is_read();
        let reuse = if body_is_read && !responder.is_stopping() && !slot.is_evicted() {
            Reuse::as_asked(&request)
        } else {
            Reuse::Close
        };
        let is_head = request.method() == Method::HEAD;
        // Its headers hold on to the buffer.
        drop(request);
        if !connection.write(answer, reuse, is_head).await {
            return;
        }
        if reuse == Reuse::Close {
            break;
        }
        deadline = connection.prepare_for_next(responder.keep_alive()).await;
    }
    if !slot.is_evicted() {
        connection.close(CLOSE_TIMEOUT).await;
    }
}
