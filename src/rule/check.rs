//! Checks of an attribute's value.
//!
//! Each kind of check has a type, which reads the kind's argument and checks values, and one row in
//! `kinds::KINDS`.

use derive_more::Display;

use super::value_name::ValueName;
use crate::okta::Value;

mod bounds;
mod comparison;
mod context;
mod date;
mod decimal;
mod domains;
mod equals;
mod format;
pub(crate) mod kinds;
mod lengths;
mod list;
mod networks;
mod one_of;
mod pattern;
mod person_name;
mod range;
mod work;

pub(crate) use comparison::Comparison;
pub(crate) use context::Found;
pub use context::{EvalContext, Facts, Mismatch};
use date::Age;
use domains::Domains;
use equals::Equals;
use format::NamedFormat;
pub(crate) use format::has_format;
use lengths::{Digits, Length};
use networks::Networks;
use one_of::OneOf;
pub(crate) use pattern::{Pattern, PatternBudget};
use range::Between;
pub use work::WorkBudget;

/// A check of one value. Printed, it describes a value that passes, to follow "expected":
/// `4 ASCII digits`.
#[derive(Display)]
pub enum Check {
    /// `age`
    Age(Age),
    /// `digits`
    Digits(Digits),
    /// `domains` and `not_domains`
    Domains(Domains),
    /// `equals`
    Equals(Equals),
    /// `format`
    Format(NamedFormat),
    /// `length`
    Length(Length),
    /// `networks` and `not_networks`
    Networks(Networks),
    /// `one_of` and `not_one_of`
    OneOf(OneOf),
    /// `pattern`
    Pattern(Pattern),
    /// `range`
    Range(Between),
    /// Written in Rust. No rules file can name it.
    #[display("{expected}")]
    Custom {
        /// The description of a value that passes, to follow "expected".
        expected: String,
        /// Checks a value, like [`Check::check_value`].
        check_value: Box<CustomCheck>,
    },
}

/// A check that is written in Rust.
pub type CustomCheck = dyn Fn(&Value<'_>) -> Result<(), Mismatch> + Send + Sync;

impl Check {
    /// Succeeds if the value passes. The value must not be empty, since an empty value counts as absent. Fails with
    /// [`Mismatch::TooCostly`] if the check takes more work than is left for the request.
    pub fn check_value(
        &self,
        value: &Value<'_>,
        context: &EvalContext<'_>,
    ) -> Result<(), Mismatch> {
        context.work.spend_check(self.steps_per_byte() * text_length(value))?;
        match self {
            Self::Age(age) => age.check_age(value, context),
            Self::Digits(digits) => digits.check_digits(value),
            Self::Domains(domains) => domains.check_domain(value),
            Self::Equals(equals) => equals.check_equal(value, context),
            Self::Format(format) => format.check_format(value),
            Self::Length(length) => length.check_length(value),
            Self::Networks(networks) => networks.check_address(value),
            Self::OneOf(one_of) => one_of.check_listed(value, context),
            Self::Pattern(pattern) => pattern.check_match(value, context.work),
            Self::Range(range) => range.check_range(value),
            Self::Custom { check_value, .. } => check_value(value),
        }
    }

    /// The steps of work that the check takes per byte of a text or number.
    fn steps_per_byte(&self) -> usize {
        match self {
            Self::Format(format) => format.steps_per_byte(),
            _ => 1,
        }
    }

    /// The name of the value that the check compares with, if it compares two values of a request.
    pub fn compared_with(&self) -> Option<&ValueName> {
        match self {
            Self::Equals(equals) => Some(&equals.other),
            _ => None,
        }
    }
}

/// The length of a text or a number, in bytes. Other values are checked in constant time.
fn text_length(value: &Value<'_>) -> usize {
    match value {
        Value::Text(text) | Value::Number(text) => text.len(),
        _ => 0,
    }
}
