//! Serves one connection, one request after another.

use std::{sync::atomic::Ordering, time::Duration};

use actix_http::Request;
use actix_web::http::{Method, Uri};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::Instant,
};

use super::{
    body::Body,
    connection::{Arrival, CLOSE_TIMEOUT, Connection, Ended, HEAD_TIMEOUT},
    handler::Handler,
    http_response::Reuse,
    refusal::Refusal,
    slot::Slot,
};
use crate::clock::Moment;

/// Responds with 503 without reading a request, and closes the connection within `time_limit`.
pub(super) async fn turn_away(stream: TcpStream, handler: &Handler, time_limit: Duration) {
    let mut connection = Connection::new(stream, &handler.codec_config);
    let now = Moment::now();
    let response = handler.refuse(Refusal::ConnectionLimitReached, now);
    if let Ok(()) = connection.write(response.into_bytes(Reuse::Close, now.time), now.instant).await
    {
        connection.close(time_limit).await;
    }
}

/// Serves a connection until either side ends it.
pub(super) async fn serve<S>(stream: S, handler: &Handler, slot: &Slot)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut connection = Connection::new(stream, &handler.codec_config);
    // An evicted connection is dropped instead of closed, which frees its place at once.
    if let Ok(()) = serve_requests(&mut connection, handler, slot).await
        && !slot.is_evicted()
    {
        connection.close(CLOSE_TIMEOUT).await;
    }
}

/// Serves requests until a response announces the end of the connection. Fails if the connection ends
/// without such a response.
async fn serve_requests<S>(
    connection: &mut Connection<S>,
    handler: &Handler,
    slot: &Slot,
) -> Result<(), Ended>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut deadline = Instant::now() + HEAD_TIMEOUT;
    loop {
        slot.set_waiting_for_request();
        let arrival = connection.next_request(slot, deadline).await;
        let arrived = Moment::now();
        // A request has arrived, but its caller is unknown. Until `respond` admits the caller, the connection counts as
        // idle, and may be evicted: a stranger's request must not hold a place.
        slot.set_waiting_for_client(arrived.instant);
        let request = match arrival? {
            Arrival::Request(request) => request,
            Arrival::Refused(refusal) => {
                let response = handler.refuse(refusal, arrived);
                let response = response.into_bytes(Reuse::Close, arrived.time);
                return connection.write(response, arrived.instant).await;
            }
        };
        let mut body = Body::new(&request, connection, slot);
        let response = handler.respond(&request, &mut body, arrived).await;
        let answered = Moment::now_after(arrived);
        slot.set_waiting_for_client(answered.instant);
        let is_stopping = handler.state.draining.load(Ordering::Acquire);
        let mut may_reuse = body.is_read() && !slot.is_evicted();
        if may_reuse && is_stopping {
            // The only further request that is still served is one that was sent before the stop.
            may_reuse = connection.has_more().await;
        }
        let reuse = if may_reuse { Reuse::as_client_expects(&request) } else { Reuse::Close };
        let response = match *request.method() {
            Method::HEAD => response.into_head(reuse, answered.time),
            _ => response.into_bytes(reuse, answered.time),
        };
        forget_request(request);
        connection.write(response, answered.instant).await?;
        if reuse == Reuse::Close {
            return Ok(());
        }
        deadline = connection.prepare_for_next(handler.state.settings.server.keep_alive).await;
    }
}

/// Drops a request. First empties its head, which the codec keeps for a later request: the URI and the headers share
/// the receive buffer, and as long as they do, the connection cannot read into it again.
fn forget_request(mut request: Request) {
    let head = request.head_mut();
    head.uri = Uri::default();
    head.headers.clear();
}
