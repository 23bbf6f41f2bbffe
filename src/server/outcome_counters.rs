//! The counters of rules' outcomes that a worker has used. To find one by its labels takes as long as to judge a
//! simple rule.

use std::sync::{Arc, Weak};

use prometheus::IntCounter;

use crate::{
    decision_log::Line,
    metrics::{Metrics, OutcomeLabels},
    okta::Flow,
    rule::{Outcome, RuleSet, Verdict},
};

/// The counters for the present rules.
#[derive(Default)]
pub(super) struct OutcomeCounters {
    rules: Weak<RuleSet>,
    sections: Vec<SectionCounters>,
}

/// The counters for the rules of a section, in their order.
struct SectionCounters {
    hook: String,
    flow: Flow,
    rules: Vec<RuleCounters>,
}

/// The counters of a rule that have been used.
#[derive(Clone, Default)]
struct RuleCounters {
    pass: Option<IntCounter>,
    fail: Option<IntCounter>,
    skip: Option<IntCounter>,
}

impl OutcomeCounters {
    /// Counts the outcome of each rule of a decision by these rules.
    pub(super) fn count(&mut self, line: &Line<'_>, rules: &Arc<RuleSet>, metrics: &Metrics) {
        let (Some(hook), Some(flow)) = (line.hook, line.flow) else {
            return;
        };
        // A reload may have removed counters from the metrics.
        if self.rules.as_ptr() != Arc::as_ptr(rules) {
            self.rules = Arc::downgrade(rules);
            self.sections.clear();
        }
        let Some(section) = self.section(hook, flow) else {
            return;
        };
        section.rules.resize_with(line.verdicts.len(), RuleCounters::default);
        for (counters, Verdict { rule, outcome }) in section.rules.iter_mut().zip(line.verdicts) {
            let counter = match outcome {
                Outcome::Pass => &mut counters.pass,
                Outcome::Fail(_) => &mut counters.fail,
                Outcome::Skip(_) => &mut counters.skip,
            };
            let (rule, mode, outcome) = (&rule.id, rule.mode(), outcome.as_str());
            let labels = OutcomeLabels { hook, rule, mode, outcome };
            counter.get_or_insert_with(|| metrics.outcome_counter(&labels)).inc();
        }
    }

    /// The counters of a section. Adds them if they are new.
    fn section(&mut self, hook: &str, flow: Flow) -> Option<&mut SectionCounters> {
        let found =
            self.sections.iter().position(|section| section.flow == flow && section.hook == hook);
        if let Some(place) = found {
            return self.sections.get_mut(place);
        }
        self.sections.push(SectionCounters { hook: hook.to_owned(), flow, rules: Vec::new() });
        self.sections.last_mut()
    }
}
