//! Verifies that new settings have each source that the rules ask, and in the same kind.

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

/// Fails if the live rules ask a source that is not in `kinds`, the sources of the new settings. Succeeds all the same
/// if the rules in the files are valid with `kinds`, since these rules are about to become live.
pub(super) fn verify_source_names(
    kinds: &SourceKinds,
    source: &RulesSource,
    live: &LiveState,
) -> Result<(), Problem> {
    let live_rules = live.rules.load();
    let Some(problem) = missing_source(kinds, &live_rules) else {
        return Ok(());
    };
    // Only the watch of the rules knows which files are being written, so no file is held here.
    let purpose = Purpose::Reload { held_files: HeldFiles::default() };
    match load::load_rules(source, &clock::facts(), kinds, purpose).into_rules() {
        Ok(_) => Ok(()),
        Err(_) => Err(problem),
    }
}

/// The problem of the first lookup whose source is not in `kinds`.
fn missing_source(kinds: &SourceKinds, rules: &RuleSet) -> Option<Problem> {
    for (hook, lookup) in rules.lookups() {
        let (source, kind) = match (lookup.http_source(), lookup.postgres_query()) {
            (Some(source), _) => (source, SourceKind::Http),
            (None, Some(query)) => (query.source.as_str(), SourceKind::Postgres),
            // The lookup reads a table, which is not a source of the settings.
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
