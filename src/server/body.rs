//! Reads a body within a limit and a time.

use std::{future::poll_fn, pin::Pin, time::Instant};

use actix_web::web::{Bytes, BytesMut, Payload};
use futures_core::Stream as _;
use tokio::time::timeout_at;

use super::answer::Refusal;

/// The whole body.
pub(super) async fn read(
    mut payload: Payload,
    limit: usize,
    deadline: Instant,
) -> Result<Bytes, Refusal> {
    match timeout_at(deadline.into(), collect(&mut payload, limit)).await {
        Ok(body) => body,
        Err(_) => Err(Refusal::BodyTooSlow),
    }
}

async fn collect(payload: &mut Payload, limit: usize) -> Result<Bytes, Refusal> {
    // Most bodies come in one piece, which is then not copied.
    let Some(first) = next(payload, limit).await? else {
        return Ok(Bytes::new());
    };
    let left = limit.saturating_sub(first.len());
    let Some(second) = next(payload, left).await? else {
        return Ok(first);
    };
    let mut body = BytesMut::from(first);
    body.extend_from_slice(&second);
    while let Some(piece) = next(payload, limit.saturating_sub(body.len())).await? {
        body.extend_from_slice(&piece);
    }
    Ok(body.freeze())
}

/// The next piece of at most `left` bytes, or the end.
async fn next(payload: &mut Payload, left: usize) -> Result<Option<Bytes>, Refusal> {
    match poll_fn(|context| Pin::new(&mut *payload).poll_next(context)).await {
        None => Ok(None),
        Some(Ok(piece)) if piece.len() > left => Err(Refusal::BodyTooLarge),
        Some(Ok(piece)) => Ok(Some(piece)),
        Some(Err(_)) => Err(Refusal::BodyIncomplete),
    }
}
