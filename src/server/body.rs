//! Reads a body within a limit.

use std::{future::poll_fn, pin::Pin};

use actix_web::web::{Bytes, BytesMut, Payload};
use futures_core::Stream as _;

use super::answer::Refusal;

/// The whole body.
pub(super) async fn read(mut payload: Payload, limit: usize) -> Result<Bytes, Refusal> {
    let mut body = Bytes::new();
    while let Some(piece) = poll_fn(|context| Pin::new(&mut payload).poll_next(context)).await {
        let piece = piece.map_err(|_| Refusal::BodyIncomplete)?;
        if piece.len() > limit.saturating_sub(body.len()) {
            return Err(Refusal::BodyTooLarge);
        }
        // Most bodies come in one piece, which is then not copied.
        body = if body.is_empty() {
            piece
        } else {
            let mut longer = BytesMut::from(body);
            longer.extend_from_slice(&piece);
            longer.freeze()
        };
    }
    Ok(body)
}
