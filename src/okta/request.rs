//! Bytes → [`Request`]: strict about JSON, tolerant about Okta.
//!
//! Strict: wherever RFC 8259 leaves a choice, the decoder refuses. It refuses a name that occurs twice in
//! one object, a lone surrogate, a byte order mark, trailing data, nesting beyond [`DEPTH`] and a number
//! beyond the range of a double. This also holds in ignored members. So every reader of the same bytes sees
//! the same request.
//!
//! Tolerant: the decoder ignores unknown members. A known member that no decision needs may have any type:
//! Okta's own examples disagree about these types.

use derive_more::{Display, Error};

pub use super::json::DEPTH;
use super::{
    Request,
    json::{JsonReader, NotStrict, line_and_column},
};

mod builder;
mod context;

use builder::RequestBuilder;
pub use context::DataContext;

/// Why bytes are not a request. Printed, it shows no part of them.
#[derive(Clone, Debug, Display, Error, PartialEq, Eq)]
pub enum DecodeError {
    /// Not strict JSON. The place is that of the fault, such as the second of two equal names.
    #[display("the body {problem} at line {line}, column {column}")]
    Syntax {
        /// Completes the sentence "the body …".
        problem: &'static str,
        /// From 1.
        line: usize,
        /// In bytes, from 1.
        column: usize,
    },
    /// Not UTF-8, or UTF-8 with a byte order mark. The place is the first wrong byte.
    #[display(
        "the body {problem} at line {line}, column {column}; send UTF-8 without a byte order mark"
    )]
    Encoding {
        /// Completes the sentence "the body …".
        problem: &'static str,
        /// From 1.
        line: usize,
        /// In bytes, from 1.
        column: usize,
    },
    /// JSON, but not a request of Okta's to a registration inline hook.
    #[display("the body is not a registration inline hook request: {why}")]
    NotHookRequest {
        /// The first difference.
        why: &'static str,
        /// The `eventType`, if it is a text.
        event_type: Option<String>,
        /// The `requestType`, if it is a text.
        request_type: Option<String>,
    },
}

impl DecodeError {
    /// The word for this error in logs and metrics.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "json_syntax",
            Self::Encoding { .. } => "json_encoding",
            Self::NotHookRequest { .. } => "not_hook_request",
        }
    }
}

/// Reads one request.
pub fn decode(body: &[u8]) -> Result<Request<'_>, DecodeError> {
    // Checking the whole body at once takes less time than checking each string.
    let text = str::from_utf8(body).map_err(|error| not_utf8(body, error.valid_up_to()))?;
    let builder = read_request_members(text).map_err(|error| not_json(text, error))?;
    builder.build(text)
}

impl<'a> Request<'a> {
    /// Reads `data.context`. Reads the body a second time, up to the end of that member.
    pub fn read_context(&self) -> DataContext<'a> {
        context::read_context(self.body)
    }
}

/// Reads a text that is one JSON value and no more. Collects the members that a request needs.
fn read_request_members(text: &str) -> Result<RequestBuilder<'_>, NotStrict> {
    let mut reader = JsonReader::new(text);
    let mut builder = RequestBuilder::default();
    builder.read_body(&mut reader)?;
    reader.read_end()?;
    Ok(builder)
}

/// The error for UTF-8 that is not JSON. Names UTF-16 or UTF-32 if it recognises one: ASCII text in these encodings
/// is also valid UTF-8, with NUL characters.
fn not_json(text: &str, error: NotStrict) -> DecodeError {
    match other_encoding(text.as_bytes()) {
        Some(problem) => DecodeError::Encoding { problem, line: 1, column: 1 },
        None => {
            let (line, column) = error.line_and_column(text);
            DecodeError::Syntax { problem: error.problem(text), line, column }
        }
    }
}

/// The error for a body that is UTF-8 only up to this offset.
fn not_utf8(body: &[u8], offset: usize) -> DecodeError {
    let problem = other_encoding(body).unwrap_or("is not UTF-8");
    let (line, column) = line_and_column(body, offset);
    DecodeError::Encoding { problem, line, column }
}

/// Recognises a byte order mark, UTF-16 or UTF-32 by the first bytes. Completes "the body …".
fn other_encoding(body: &[u8]) -> Option<&'static str> {
    match body {
        [0xef, 0xbb, 0xbf, ..] => Some("begins with a byte order mark"),
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] | [0, 0, 0, _, ..] | [_, 0, 0, 0, ..] => {
            Some("is UTF-32")
        }
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..] => Some("is UTF-16"),
        _ => None,
    }
}
