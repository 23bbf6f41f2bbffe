//! Dates as forms and rules write them, `1990-01-31`, and `age`: the whole years since one.

use derive_more::Display;
use jiff::civil::Date;

use super::{
    bounds::Counts,
    context::{EvalContext, Mismatch, require},
};
use crate::{okta::Value, problem::SpanProblems, rule::node::Node};

/// A date that lies so many whole years before the request.
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
        let years = years_between(date_of(value)?, context.day());
        // No person was born in the future.
        let years = usize::try_from(years).map_err(|_| Mismatch::Unreadable)?;
        require(self.0.contains(&years))
    }
}

/// The age, in whole years, on a day.
fn years_between(birth: Date, day: Date) -> i32 {
    let years = i32::from(day.year()) - i32::from(birth.year());
    let birthday_is_over = (day.month(), day.day()) >= (birth.month(), birth.day());
    if birthday_is_over { years } else { years - 1 }
}

/// Parses `YYYY-MM-DD` and no other form of a date.
pub(super) fn parse_date(text: &str) -> Option<Date> {
    if text.len() != 10 || !text.bytes().enumerate().all(is_date_byte) {
        return None;
    }
    text.parse().ok()
}

/// Whether a date may have this byte in this place.
fn is_date_byte((place, byte): (usize, u8)) -> bool {
    match place {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    }
}

/// The date that a value holds.
pub(super) fn date_of(value: &Value<'_>) -> Result<Date, Mismatch> {
    match value {
        Value::Text(text) => parse_date(text).ok_or(Mismatch::Unreadable),
        _ => Err(Mismatch::Type),
    }
}
