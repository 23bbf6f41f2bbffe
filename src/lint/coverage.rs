//! Reports the outcomes of a hook that no recorded request has: the pass or failure of a rule, a branch of
//! `set`, the outcome of a lookup.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use derive_more::Display;

use crate::{
    okta::Flow,
    pipeline::HookAnswer,
    problem::{Problem, Problems},
    rule::{
        Hook, LookupVerdict, Outcome, RuleSet, Section, SetOutcome, Verdict,
        lookup::{LookupOutcome, LookupResults},
        set::Alternative,
    },
};

/// The outcomes that recorded requests have shown.
#[derive(Default)]
pub(crate) struct Coverage {
    /// The outcomes by the names of their hooks.
    shown: BTreeMap<String, BTreeSet<HookOutcome>>,
    /// The number of recorded requests.
    pub(crate) requests: usize,
}

/// An outcome of a hook. Printed, it follows "no recorded request".
#[derive(Display, PartialEq, Eq, PartialOrd, Ord)]
enum HookOutcome {
    #[display("passes the rule `{_0}`")]
    Pass(String),
    #[display("fails the rule `{_0}`")]
    Fail(String),
    #[display("takes branch {} of `{attribute}` in [{section}.set]", index + 1)]
    Branch { section: &'static str, attribute: String, index: usize },
    #[display("has the outcome `{outcome}` for the lookup `{lookup}` in [{section}.lookups]")]
    Lookup { section: &'static str, lookup: String, outcome: &'static str },
}

impl Coverage {
    /// Adds the outcomes of one request. `recorded_results` are the results of lookups that are recorded with it.
    /// Leaves out each lookup that failed only because no result is recorded, and each rule that needs it.
    pub(crate) fn add(
        &mut self,
        hook: &str,
        answer: &HookAnswer<'_, '_>,
        recorded_results: &LookupResults,
    ) {
        self.requests += 1;
        // A Classic registration is judged by the section of a registration.
        let section = answer.flow.spec().judged_as.spec().section;
        let shown = self.shown.entry(hook.to_owned()).or_default();
        let unrecorded = unrecorded_lookups(answer, recorded_results);
        for Verdict { rule, outcome } in &answer.verdicts {
            if rule.lookups.iter().any(|lookup| unrecorded.contains(lookup.as_str())) {
                continue;
            }
            match outcome {
                Outcome::Pass => {
                    shown.insert(HookOutcome::Pass(rule.id.clone()));
                }
                Outcome::Fail(_) => {
                    shown.insert(HookOutcome::Fail(rule.id.clone()));
                }
                Outcome::Skip(_) => {}
            }
        }
        for SetOutcome { set, alternative, .. } in &answer.sets {
            if let Alternative::Branch(index) = *alternative {
                let attribute = set.attribute.value.clone();
                shown.insert(HookOutcome::Branch { section, attribute, index });
            }
        }
        for LookupVerdict { lookup, outcome } in &answer.lookups {
            if unrecorded.contains(lookup.name.as_str()) {
                continue;
            }
            let (lookup, outcome) = (lookup.name.value.clone(), outcome.as_str());
            shown.insert(HookOutcome::Lookup { section, lookup, outcome });
        }
    }

    /// Returns a problem for each outcome that no recorded request has. `requests_folder` has the recorded
    /// requests.
    pub(crate) fn problems(
        &self,
        rules: &RuleSet,
        rules_folder: &Path,
        requests_folder: &Path,
    ) -> Problems {
        let mut problems = Problems::default();
        let none_shown = BTreeSet::new();
        for (name, hook) in &rules.hooks {
            let place = rules_folder.join(format!("{name}.toml")).display().to_string();
            let hint = format!("record one in `{}`", requests_folder.join(name).display());
            let shown = self.shown.get(name).unwrap_or(&none_shown);
            for outcome in outcomes_to_show(hook) {
                if !shown.contains(&outcome) {
                    let message = format!("no recorded request {outcome}; {hint}");
                    problems.push(Problem::named(&place, message));
                }
            }
        }
        problems
    }
}

/// The lookups that failed because no result is recorded.
fn unrecorded_lookups<'r>(
    answer: &HookAnswer<'r, '_>,
    recorded_results: &LookupResults,
) -> BTreeSet<&'r str> {
    let mut names = BTreeSet::new();
    for LookupVerdict { lookup, outcome } in &answer.lookups {
        let name = lookup.name.as_str();
        if matches!(outcome, LookupOutcome::Failed) && !recorded_results.contains_key(name) {
            names.insert(name);
        }
    }
    names
}

/// Every outcome of a hook that recorded requests should have. Shadow rules need none.
fn outcomes_to_show(hook: &Hook) -> Vec<HookOutcome> {
    let mut outcomes = Vec::new();
    for rule in hook.rules().filter(|rule| !rule.shadow) {
        outcomes.push(HookOutcome::Pass(rule.id.clone()));
        outcomes.push(HookOutcome::Fail(rule.id.clone()));
    }
    for (flow, section) in &hook.sections {
        add_outcomes_of_section(*flow, section, &mut outcomes);
    }
    outcomes
}

fn add_outcomes_of_section(flow: Flow, section: &Section, outcomes: &mut Vec<HookOutcome>) {
    let name = flow.spec().section;
    for set in &section.set {
        for index in 0..set.recipe.branches().len() {
            let attribute = set.attribute.value.clone();
            outcomes.push(HookOutcome::Branch { section: name, attribute, index });
        }
    }
    for lookup in &section.lookups {
        let mut possible = vec![LookupOutcome::Found, LookupOutcome::NotFound];
        if lookup.can_fail() {
            possible.push(LookupOutcome::Failed);
        }
        for outcome in possible {
            let (lookup, outcome) = (lookup.name.value.clone(), outcome.as_str());
            outcomes.push(HookOutcome::Lookup { section: name, lookup, outcome });
        }
    }
}
