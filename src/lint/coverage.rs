//! Rules that no recorded request passes, or fails.

use std::{collections::BTreeSet, path::Path};

use crate::{
    problem::{Problem, Problems},
    rule::{Outcome, RuleSet, Verdict},
};

/// The outcomes that recorded requests have shown.
#[derive(Default)]
pub(crate) struct Coverage {
    passed: BTreeSet<RuleName>,
    failed: BTreeSet<RuleName>,
    /// The number of these requests.
    pub(crate) requests: usize,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct RuleName {
    hook: String,
    id: String,
}

impl Coverage {
    /// Adds the outcomes of one request.
    pub(crate) fn add(&mut self, hook: &str, verdicts: &[Verdict<'_>]) {
        self.requests += 1;
        for Verdict { rule, outcome } in verdicts {
            let name = RuleName { hook: hook.to_owned(), id: rule.id.clone() };
            match outcome {
                Outcome::Pass => self.passed.insert(name),
                Outcome::Fail(_) => self.failed.insert(name),
                Outcome::Skip => continue,
            };
        }
    }

    /// Returns a problem for each outcome that an enforced rule has not shown. `recorded` is the folder of
    /// the recorded requests.
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
        }
        problems
    }
}
