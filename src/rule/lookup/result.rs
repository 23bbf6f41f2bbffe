//! The results of lookups.

use std::collections::BTreeMap;

use derive_more::Display;

use crate::okta::Value;

/// The results of a request's lookups by their names.
pub type LookupResults = BTreeMap<String, LookupResult>;

/// The values that a lookup has found, by their columns. Each is a text, a number or a boolean. An absent
/// column has no value.
pub type Columns = BTreeMap<String, Value<'static>>;

/// The result of a lookup that was asked. It holds values of people, and is never logged.
#[derive(Clone)]
pub enum LookupResult {
    /// The source has an answer.
    Found(Columns),
    /// The source has no answer.
    NotFound,
    /// The source has not answered, or not as it should.
    Failed(LookupFailure),
}

/// Why a lookup has failed. Holds no value.
#[derive(Clone, Copy, Debug, Display, PartialEq, Eq)]
pub enum LookupFailure {
    /// The source took too long.
    #[display("it did not respond in time")]
    Timeout,
    /// There is no connection to the source, or it has ended.
    #[display("there is no connection to it")]
    Connection,
    /// No secure connection can be made.
    #[display("no TLS connection can be made; see `ca_file` of the source")]
    Tls,
    /// The source answers with a status that the lookup does not expect.
    #[display("it responded with status {_0}")]
    Status(u16),
    /// The database refuses the connection or cannot serve it. Holds its SQLSTATE.
    #[display("the database cannot serve the question (SQLSTATE {})", String::from_utf8_lossy(_0))]
    Database([u8; 5]),
    /// The database refuses the question itself. Holds its SQLSTATE.
    #[display("the database refuses the question (SQLSTATE {})", String::from_utf8_lossy(_0))]
    Question([u8; 5]),
    /// As many questions as the source may have at a time are being asked.
    #[display("all its connections are busy; raise `concurrency` or `connections` of the source")]
    Busy,
    /// The response is larger than 64 KiB.
    #[display("the response is larger than 64 KiB")]
    TooLarge,
    /// The response is not strict JSON.
    #[display("the response is not strict JSON")]
    NotJson,
    /// A result is not a text, a number or a boolean.
    #[display("a result is not a text, a number or a boolean")]
    NotScalar,
    /// There are two rows for one question.
    #[display("two rows match the question")]
    Ambiguous,
    /// The settings no longer have the source, or it is of another kind now.
    #[display("the settings have no such source any more")]
    NoSource,
    /// A bug of ours. The panic hook has logged the place.
    #[display("it met a bug of ours; please report it")]
    Panicked,
    /// A recorded failure.
    #[display("its recorded result is `failed`")]
    Recorded,
    /// There is no recorded result.
    #[display(
        "no result is recorded; give one in <case>.lookups.json or with --lookups, or ask with --live"
    )]
    NotRecorded,
}

impl LookupFailure {
    /// Whether the source itself has failed. `on_failure = "skip"` is for these failures only.
    pub(crate) fn is_of_source(self) -> bool {
        match self {
            Self::Timeout
            | Self::Connection
            | Self::Tls
            | Self::Status(_)
            | Self::Database(_)
            | Self::Recorded
            | Self::NotRecorded => true,
            Self::Question(_)
            | Self::Busy
            | Self::TooLarge
            | Self::NotJson
            | Self::NotScalar
            | Self::Ambiguous
            | Self::NoSource
            | Self::Panicked => false,
        }
    }
}
