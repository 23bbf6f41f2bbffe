//! Rules that no recorded request passes, or fails, and branches that none takes.

use std::{collections::BTreeSet, path::Path};

use crate::{
    okta::Flow,
    problem::{Problem, Problems},
    rule::{Hook, Outcome, RuleSet, SetOutcome, Verdict, set::Alternative},
};

/// The outcomes that recorded requests have shown.
#[derive(Default)]
pub(crate) struct Coverage {
    passed: BTreeSet<RuleName>,
    failed: BTreeSet<RuleName>,
    taken: BTreeSet<BranchName>,
    /// The number of these requests.
    pub(crate) requests: usize,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct RuleName {
    hook: String,
    id: String,
}

/// A branch of an attribute that a section sets.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct BranchName {
    hook: String,
    section: &'static str,
    attribute: String,
    index: usize,
}

impl Coverage {
    /// Adds the outcomes of one request.
    pub(crate) fn add(
        &mut self,
        hook: &str,
        flow: Flow,
        verdicts: &[Verdict<'_>],
        sets: &[SetOutcome<'_>],
    ) {
        self.requests += 1;
        for SetOutcome { set, alternative, .. } in sets {
            if let Alternative::Branch(index) = *alternative {
                self.taken.insert(BranchName {
                    hook: hook.to_owned(),
                    section: flow.spec().section,
                    attribute: set.attribute.value.clone(),
                    index,
                });
            }
        }
        for Verdict { rule, outcome } in verdicts {
            let name = RuleName { hook: hook.to_owned(), id: rule.id.clone() };
            match outcome {
                Outcome::Pass => self.passed.insert(name),
                Outcome::Fail(_) => self.failed.insert(name),
                Outcome::Skip(_) => continue,
            };
        }
    }

    /// Returns a problem for each outcome that an enforced rule has not shown, and for each branch that
    /// was not taken. `recorded` is the folder of the recorded requests.
    pub(crate) fn problems(
        &self,
        rules: &RuleSet,
        rules_folder: &Path,
        recorded: &Path,
    ) -> Problems {
        let mut problems = Problems::default();
        for (name, hook) in &rules.hooks {
            let place = rules_folder.join(format!("{name}.toml")).display().to_string();
            let hint = format!("record one in `{}`", recorded.join(name).display());
            for rule in hook.rules().filter(|rule| !rule.shadow) {
                let id = &rule.id;
                let rule = RuleName { hook: name.clone(), id: id.clone() };
                for (shown, effect) in [(&self.passed, "passes"), (&self.failed, "fails")] {
                    if !shown.contains(&rule) {
                        let message =
                            format!("no recorded request {effect} the rule `{id}`; {hint}");
                        problems.push(Problem::named(&place, message));
                    }
                }
            }
            for missing in self.branches_not_taken(name, hook) {
                let BranchName { section, attribute, index, .. } = missing;
                let number = index + 1;
                let message = format!(
                    "no recorded request takes branch {number} of `{attribute}` in [{section}.set]; {hint}"
                );
                problems.push(Problem::named(&place, message));
            }
        }
        problems
    }

    fn branches_not_taken(&self, name: &str, hook: &Hook) -> Vec<BranchName> {
        let mut missing = Vec::new();
        for (flow, section) in &hook.sections {
            for set in &section.set {
                for index in 0..set.source.branches().len() {
                    let branch = BranchName {
                        hook: name.to_owned(),
                        section: flow.spec().section,
                        attribute: set.attribute.value.clone(),
                        index,
                    };
                    if !self.taken.contains(&branch) {
                        missing.push(branch);
                    }
                }
            }
        }
        missing
    }
}
