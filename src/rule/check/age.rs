//! `age`: whole years since a date.

use std::fmt::{self, Display};

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{
    bounds::Counts,
    context::{EvalContext, Mismatch, require},
    date::date_of,
};
use crate::{okta::Value, problem::SpanProblems, rule::node::Node};

/// A date that lies so many whole years before the request.
pub struct Age(Counts);

impl Age {
    pub(super) fn read(node: &Node) -> Result<Self, SpanProblems> {
        Ok(Self(Counts::read_counts(node)?))
    }

    pub(super) fn judge(
        &self,
        value: &Value<'_>,
        context: &EvalContext<'_>,
    ) -> Result<(), Mismatch> {
        let years = years_between(date_of(value)?, day_of(context));
        // A date in the future gives a negative age, which is within no bounds.
        let years = usize::try_from(years).map_err(|_| Mismatch::Value)?;
        require(self.0.contains(&years))
    }
}

impl Display for Age {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "a date {} years ago", self.0)
    }
}

/// The UTC day of the request.
fn day_of(context: &EvalContext<'_>) -> Date {
    if let Some(text) = context.event_time
        && let Ok(time) = text.parse::<Timestamp>()
    {
        return time.to_zoned(TimeZone::UTC).date();
    }
    context.facts.today
}

/// The age, in whole years, on a day.
fn years_between(birth: Date, day: Date) -> i32 {
    let years = i32::from(day.year()) - i32::from(birth.year());
    let birthday_is_over = (day.month(), day.day()) >= (birth.month(), birth.day());
    if birthday_is_over { years } else { years - 1 }
}
