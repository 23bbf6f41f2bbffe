//! Dates as forms and rules write them, `1990-01-31`, and the check `age`: the whole years since a date.

use derive_more::Display;
use jiff::civil::Date;

use super::{
    bounds::Counts,
    context::{EvalContext, Mismatch, require},
};
use crate::{okta::Value, problem::SpanProblems, rule::node::Node};

/// A date of birth. The age on the day of the request, in whole years, is within bounds.
#[derive(Display)]
#[display("a date {_0} years ago")]
pub struct Age(Counts);

impl Age {
    pub(super) fn read_age(node: &Node) -> Result<Self, SpanProblems> {
        Ok(Self(Counts::read_counts(node, "{ min = 18 }")?))
    }

    pub(super) fn check_age(
        &self,
        value: &Value<'_>,
        context: &EvalContext<'_>,
    ) -> Result<(), Mismatch> {
        let age = age_on(context.day(), date_of(value)?);
        // A negative age: the date is in the future, and so not a date of birth.
        let years = usize::try_from(age).map_err(|_| Mismatch::Unreadable)?;
        require(self.0.contains(&years))
    }
}

/// The age on a day, in whole years. Negative if the birth is later.
fn age_on(day: Date, birth: Date) -> i32 {
    let years = i32::from(day.year()) - i32::from(birth.year());
    let birthday_is_over = (day.month(), day.day()) >= (birth.month(), birth.day());
    if birthday_is_over { years } else { years - 1 }
}

/// Parses `YYYY-MM-DD` and no other form of a date.
pub(super) fn parse_date(text: &str) -> Option<Date> {
    if !is_written_as_date(text) {
        return None;
    }
    text.parse().ok()
}

/// Whether a text has digits and hyphens in the places of `YYYY-MM-DD`.
fn is_written_as_date(text: &str) -> bool {
    for (place, byte) in text.bytes().enumerate() {
        let fits = match place {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        };
        if !fits {
            return false;
        }
    }
    text.len() == "YYYY-MM-DD".len()
}

/// The date that a value holds.
pub(super) fn date_of(value: &Value<'_>) -> Result<Date, Mismatch> {
    match value {
        Value::Text(text) => parse_date(text).ok_or(Mismatch::Unreadable),
        _ => Err(Mismatch::Type),
    }
}
