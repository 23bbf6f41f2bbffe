//! Checks of an attribute's value.
//!
//! A kind of check is one file, which reads the kind's argument and judges values, and one row of
//! `kinds::KINDS`.

use derive_more::Display;

use crate::okta::Value;

mod age;
mod bounds;
mod context;
mod date;
mod decimal;
mod digits;
mod domains;
mod equals;
mod format;
pub(crate) mod kinds;
mod length;
mod list;
mod one_of;
mod pattern;
mod range;
mod text_set;

use age::Age;
pub use context::{EvalContext, Mismatch};
use digits::Digits;
use domains::Domains;
use equals::Equals;
use format::NamedFormat;
use length::Length;
pub(crate) use list::{IGNORE_CASE, Options};
use one_of::OneOf;
use pattern::Pattern;
pub(crate) use pattern::PatternBudget;
use range::Between;

/// A check of one attribute's value. Printed, it follows "expected": `4 ASCII digits`.
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
        /// Judges a value.
        judge: Box<CustomJudge>,
    },
}

/// Judges a value, as [`Check::judge`] does.
pub type CustomJudge = dyn Fn(&Value<'_>) -> Result<(), Mismatch> + Send + Sync;

impl Check {
    /// Judges a value that is neither absent nor empty.
    ///
    /// # Errors
    ///
    /// Why the value fails the check.
    pub fn judge(&self, value: &Value<'_>, context: &EvalContext<'_>) -> Result<(), Mismatch> {
        match self {
            Self::Age(age) => age.judge(value, context),
            Self::Digits(digits) => digits.judge(value),
            Self::Domains(domains) => domains.judge(value),
            Self::Equals(equals) => equals.judge(value, context),
            Self::Format(format) => format.judge(value),
            Self::Length(length) => length.judge(value),
            Self::OneOf(one_of) => one_of.judge(value),
            Self::Pattern(pattern) => pattern.judge(value),
            Self::Range(range) => range.judge(value),
            Self::Custom { judge, .. } => judge(value),
        }
    }

    /// The other attribute of the form that the check compares with, if it does.
    pub fn other(&self) -> Option<&str> {
        match self {
            Self::Equals(equals) => Some(&equals.other),
            _ => None,
        }
    }
}
