//! Bytes → [`Request`]: strict about JSON, tolerant about Okta.
//!
//! Strict: RFC 8259; wherever it leaves a choice, we refuse. So we refuse, in ignored members too, a
//! name that occurs twice in one object, a lone surrogate, a byte order mark, trailing data, nesting
//! beyond [`DEPTH`] and a number beyond the range of a double. No other reader of the same bytes can
//! then see another request than we do.
//!
//! Tolerant: the decoder ignores unknown members, and the types of known members that a decision
//! does not need. Okta's own examples disagree about these types.

use derive_more::{Display, Error};
use serde::de::DeserializeSeed as _;

use super::{Request, Value};

mod builder;
mod strict;

use builder::{Members, Place, RequestBuilder};
pub use strict::DEPTH;
use strict::Strict;

/// Why bytes are not a request. Holds nothing of their content.
#[derive(Clone, Copy, Debug, Display, Error, PartialEq, Eq)]
pub enum DecodeError {
    /// Not JSON, or JSON that we refuse. The place is where the reader stopped, counted from 1.
    #[display(
        "the body is not strict JSON (RFC 8259, no duplicate names) at line {line}, column {column}"
    )]
    Syntax {
        /// The line.
        line: usize,
        /// The column, in bytes. It is 0 for the end of the line before.
        column: usize,
    },
    /// JSON, but not a request of Okta's to a registration inline hook.
    #[display("the body is not a registration inline hook request: {_0}")]
    NotHookRequest(#[error(not(source))] &'static str),
}

/// Reads one request.
pub fn decode(body: &[u8]) -> Result<Request<'_>, DecodeError> {
    // One check of the whole body costs less than one of each string.
    let text = str::from_utf8(body).map_err(|error| not_utf8(body, error.valid_up_to()))?;
    let mut builder = RequestBuilder::default();
    let top = read_top(text, &mut builder)
        .map_err(|error| DecodeError::Syntax { line: error.line(), column: error.column() })?;
    builder.build(&top).map_err(DecodeError::NotHookRequest)
}

/// Reads a text that is one JSON value and no more.
fn read_top<'a>(text: &'a str, builder: &mut RequestBuilder<'a>) -> serde_json::Result<Value<'a>> {
    let mut json = serde_json::Deserializer::from_str(text);
    let members = Members { builder, place: Place::Top };
    let top = Strict { members, depth: 1 }.deserialize(&mut json)?;
    json.end()?;
    Ok(top)
}

/// The error of bytes that are not UTF-8 from this place on.
fn not_utf8(body: &[u8], place: usize) -> DecodeError {
    let before = body.get(..place).unwrap_or_default();
    let mut line = 1;
    let mut column = 1;
    for byte in before {
        if *byte == b'\n' {
            line += 1;
            column = 1;
        } else {
            column += 1;
        }
    }
    DecodeError::Syntax { line, column }
}
