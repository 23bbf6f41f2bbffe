//! The clock, for the shell around the pipeline. Only `server` and `cli` use it.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::rule::Facts;

/// Gathers the facts for the requests of the present moment.
pub fn facts() -> Facts {
    Facts { today: today() }
}

/// The present UTC day.
pub fn today() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}
