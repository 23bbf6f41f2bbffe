//! The failures of lookups, as the page receives and returns them beside the recorded results.
//!
//! A `.lookups.json` file says only `failed`, which means that the source itself failed. `on_failure = "skip"`
//! applies only to such failures, so the page keeps which failure it was.

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
            let kept =
                Failure { why: failure.to_string(), is_of_source: failure.is_fault_of_source() };
            failures.insert(name.clone(), kept);
        }
    }
    failures
}

/// Puts failures in the place of those that are recorded as `failed`.
pub(super) fn put_in(results: &mut LookupResults, failures: Failures) {
    for (name, Failure { why, is_of_source }) in failures {
        if let Some(LookupResult::Failed(recorded)) = results.get_mut(&name) {
            *recorded = LookupFailure::OnPreviewPage { why, is_fault_of_source: is_of_source };
        }
    }
}

/// The failures that a fixture does not keep, since its `failed` means that the source itself failed.
#[derive(Default, Serialize)]
pub(super) struct FixtureFailures {
    /// The lookups whose failure is not of the source. A fixture has them as failures of the source.
    recorded_as_source: Vec<String>,
    /// The lookups in `recorded_as_source` for which `replay` would decide otherwise.
    not_recordable: Vec<String>,
}

/// The failures of this answer that a fixture does not keep.
pub(super) fn fixture_failures(
    hook: &Hook,
    request: &[u8],
    facts: &Facts,
    answer: &HookAnswer<'_, '_>,
) -> FixtureFailures {
    let mut found = FixtureFailures::default();
    let mut recorded = facts.clone();
    for (name, result) in &mut recorded.lookups {
        let LookupResult::Failed(failure) = result else {
            continue;
        };
        if failure.is_fault_of_source() {
            continue;
        }
        *failure = LookupFailure::Recorded;
        found.recorded_as_source.push(name.clone());
        let section = hook.section(answer.flow);
        // With `on_failure = "deny"`, every failure has the same effect.
        if let Some(lookup) = section.and_then(|section| section.lookup(name))
            && lookup.is_skipped_on_failure()
        {
            found.not_recordable.push(name.clone());
        }
    }
    if found.not_recordable.is_empty() {
        return found;
    }
    if let Ok(replayed) = pipeline::answer(hook, request, &recorded)
        && replayed.body == answer.body
    {
        found.not_recordable.clear();
    }
    found
}
