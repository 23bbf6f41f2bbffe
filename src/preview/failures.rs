//! The failures of lookups, as the page receives and returns them beside the recorded results.
//!
//! A `.lookups.json` file says only `failed`, which means that the source itself failed. `on_failure = "skip"`
//! applies to no other failure, so the page keeps which failure it was.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    pipeline::{self, HookAnswer},
    rule::{
        Facts, Hook,
        lookup::{LookupFailure, LookupResult, LookupResults},
    },
};

/// The failures of a request, by their lookups.
pub(super) type Failures = BTreeMap<String, Failure>;

/// The failure of a lookup.
#[derive(Serialize, Deserialize)]
pub(super) struct Failure {
    why: String,
    /// Whether the source itself has failed.
    is_of_source: bool,
}

/// The failures among these results.
pub(super) fn failures_of(results: &LookupResults) -> Failures {
    let mut failures = Failures::new();
    for (name, result) in results {
        if let LookupResult::Failed(failure) = result {
            let kept = Failure { why: failure.to_string(), is_of_source: failure.is_of_source() };
            failures.insert(name.clone(), kept);
        }
    }
    failures
}

/// Puts failures in the place of those that are recorded as `failed`.
pub(super) fn put_in(results: &mut LookupResults, failures: Failures) {
    for (name, Failure { why, is_of_source }) in failures {
        if let Some(LookupResult::Failed(recorded)) = results.get_mut(&name) {
            *recorded = LookupFailure::Opened { why, is_of_source };
        }
    }
}

/// The lookups whose failure a fixture cannot hold: with `failed` for them, the answer would differ.
pub(super) fn not_recordable(
    hook: &Hook,
    request: &[u8],
    facts: &Facts,
    answer: &HookAnswer<'_, '_>,
) -> Vec<String> {
    let mut names = Vec::new();
    let mut recorded = facts.clone();
    for (name, result) in &mut recorded.lookups {
        if let LookupResult::Failed(failure) = result
            && !failure.is_of_source()
        {
            *failure = LookupFailure::Recorded;
            names.push(name.clone());
        }
    }
    if names.is_empty() {
        return names;
    }
    match pipeline::answer(hook, request, &recorded) {
        Ok(replayed) if replayed.body == answer.body => Vec::new(),
        _ => names,
    }
}
