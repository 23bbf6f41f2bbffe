//! The clock, for the shell around the pipeline. Only `server`, `reload` and `cli` use it.

use jiff::{Timestamp, tz::TimeZone};

use crate::rule::Facts;

/// The facts at this moment: today's UTC date. No lookup has a result yet.
pub fn facts() -> Facts {
    Facts::of_day(Timestamp::now().to_zoned(TimeZone::UTC).date())
}
