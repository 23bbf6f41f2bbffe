//! Reads the clock. Only the shell around the pipeline uses it: `server`, `reload`, `cli` and `preview`.

use jiff::{Timestamp, tz::TimeZone};

use crate::rule::Facts;

/// The facts at this moment: today's UTC date. No lookup has a result yet.
pub fn facts() -> Facts {
    Facts::of_day(Timestamp::now().to_zoned(TimeZone::UTC).date())
}
