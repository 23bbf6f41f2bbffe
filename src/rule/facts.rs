//! The facts that a decision rests on besides the rules and the request.

use jiff::civil::Date;

/// Facts that a decision rests on besides the rules and the request.
///
/// The caller gathers them, so that judging needs no clock, no file and no network. The results of
/// lookups belong here as well: a failed lookup is then a value, and judging stays total.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The present UTC day, for requests without a readable `eventTime`.
    pub today: Date,
}
