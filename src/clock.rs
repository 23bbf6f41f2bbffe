//! Reads the clock. Only the shell around the pipeline uses this module: `server`, `reload`, `cli` and `preview`.

use std::time::{Duration, SystemTime};

use jiff::{Timestamp, tz::TimeZone};
use tokio::time::Instant;

use crate::{
    pipeline::{self, NoAnswer},
    rule::{Facts, Hook, lookup::LookupResults},
};

/// The facts at this moment: today's UTC date. No lookup has a result yet.
pub fn facts() -> Facts {
    facts_at(SystemTime::now())
}

/// The facts at a time: its UTC date. No lookup has a result yet.
pub(crate) fn facts_at(time: SystemTime) -> Facts {
    // A time beyond the range of `Timestamp` is more than 7,000 years away.
    let timestamp = Timestamp::try_from(time).unwrap_or(Timestamp::MAX);
    Facts::of_day(timestamp.to_zoned(TimeZone::UTC).date())
}

/// A moment by both clocks: the one that measures durations, and the time of day. A request reads the time of day
/// once and computes later ones, since to read a clock takes as long as to judge a rule.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) instant: Instant,
    pub(crate) time: SystemTime,
}

impl Moment {
    /// The present moment.
    pub(crate) fn now() -> Self {
        Self { instant: Instant::now(), time: SystemTime::now() }
    }

    /// The present moment. Computes its time of day: that of `earlier`, plus the time that has passed since.
    pub(crate) fn now_after(earlier: Self) -> Self {
        let instant = Instant::now();
        let elapsed = instant.saturating_duration_since(earlier.instant);
        Self { instant, time: earlier.time.checked_add(elapsed).unwrap_or(earlier.time) }
    }

    /// The time from an earlier moment to this one.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        self.instant.saturating_duration_since(earlier.instant)
    }
}

/// Gathers the facts for a request whose lookups are answered from recorded results: today's date, and the results
/// of the lookups that the request asks.
pub(crate) fn recorded_facts(
    hook: &Hook,
    request: &[u8],
    recorded: &LookupResults,
) -> Result<Facts, NoAnswer> {
    let mut facts = facts();
    let asked = pipeline::questions(hook, request, &facts)?;
    facts.lookups = pipeline::recorded_results(&asked, recorded);
    Ok(facts)
}
