//! The context in which a check judges a value, and the ways in which it fails.

use derive_more::Display;

use crate::{okta::Form, rule::facts::Facts};

/// Values that a check may consult besides the one that it judges.
pub struct EvalContext<'a> {
    /// The form, with its attributes normalised.
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
    match is_met {
        true => Ok(()),
        false => Err(Mismatch::Value),
    }
}
