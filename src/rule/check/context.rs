//! The context of a check, and the reasons why a value fails one.

use derive_more::Display;
use jiff::civil::Date;

use crate::okta::Form;

/// Facts that a decision rests on besides the rules and the request.
///
/// The caller gathers them, so that judging needs no clock, no file and no network. The results of
/// lookups belong here as well: a failed lookup is then a value, and judging stays total.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The present UTC day, for requests without a readable `eventTime`.
    pub today: Date,
}

/// Values that a check may consult besides the one that it is about.
pub struct EvalContext<'a> {
    /// The form, with its attributes normalized.
    pub(crate) form: &'a Form<'a>,
    /// Okta's `eventTime`, if the request has one.
    pub(crate) event_time: Option<&'a str>,
    pub(crate) facts: &'a Facts,
}

/// Why a value fails a check. Printed, it ends the sentence that says so.
#[derive(Clone, Copy, Debug, Display, PartialEq, Eq)]
pub enum Mismatch {
    /// No value of this JSON type ever meets the check.
    #[display(", found another type of value")]
    Type,
    /// This value does not meet the check. Others of its type may.
    #[display("")]
    Value,
    /// The value is too long to check, or takes too many steps. It may or may not meet the check.
    #[display(", found a value that is too long or takes too long to check")]
    TooCostly,
}

/// Succeeds if the value meets the check.
pub(super) fn require(is_met: bool) -> Result<(), Mismatch> {
    if is_met { Ok(()) } else { Err(Mismatch::Value) }
}
