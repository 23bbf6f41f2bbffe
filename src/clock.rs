//! The clock, for the shell around the pipeline. Only `server`, `reload` and `cli` use it.

use jiff::{Timestamp, tz::TimeZone};

use crate::rule::Facts;

/// Gathers the facts for the requests of the present moment.
pub fn facts() -> Facts {
    Facts::of_day(Timestamp::now().to_zoned(TimeZone::UTC).date())
}
