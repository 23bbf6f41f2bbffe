//! Reads the clock. Only the shell around the pipeline uses it: `server`, `reload`, `cli` and `preview`.

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    pipeline::{self, NoAnswer},
    rule::{Facts, Hook, lookup::LookupResults},
};

/// The facts at this moment: today's UTC date. No lookup has a result yet.
pub fn facts() -> Facts {
    Facts::of_day(Timestamp::now().to_zoned(TimeZone::UTC).date())
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
