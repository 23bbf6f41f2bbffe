//! Whether the sources of new settings are those that the rules ask.

use crate::{
    clock,
    load::{self, HeldFiles, Purpose, RulesSource},
    problem::Problem,
    rule::{
        RuleSet,
        lookup::{SourceKind, SourceKinds},
    },
    state::LiveState,
};

/// Fails if the rules ask a source that is not one of these. Rules that are not live yet may ask others.
pub(super) fn verify_source_names(
    kinds: &SourceKinds,
    source: &RulesSource,
    live: &LiveState,
) -> Result<(), Problem> {
    let rules = live.rules.load();
    let Some(problem) = missing_source(kinds, &rules) else {
        return Ok(());
    };
    let purpose = Purpose::Reload { held: HeldFiles::default() };
    let present = load::load_rules(source, &clock::facts(), kinds, purpose).into_loaded().rules;
    if present.is_ok() { Ok(()) } else { Err(problem) }
}

/// The problem of a lookup whose source is not one of these.
fn missing_source(kinds: &SourceKinds, rules: &RuleSet) -> Option<Problem> {
    for (hook, lookup) in rules.lookups() {
        let (source, kind) = match (lookup.http_source(), lookup.postgres_query()) {
            (Some(source), _) => (source, SourceKind::Http),
            (None, Some(query)) => (query.source.as_str(), SourceKind::Postgres),
            (None, None) => continue,
        };
        if kinds.get(source) != Some(&kind) {
            let why = format!(
                "the lookup `{}` of `{hook}` asks this source as {kind}; keep it, or change the rules",
                lookup.name.value
            );
            return Some(Problem::named(format!("sources.{source}"), why));
        }
    }
    None
}
