//! Counts responses and the outcomes of rules. A worker keeps its counters of decisions, since to find one by its labels
//! takes as long as to judge a simple rule.

use std::sync::{Arc, Weak};

use prometheus::{Histogram, IntCounter};

use crate::{
    decision_log::Line,
    metrics::{Metrics, OutcomeLabels, ResponseLabels},
    okta::{DecisionKind, Flow},
    rule::{Outcome, RuleSet, Verdict},
};

/// The counters that a worker has used since the rules last changed.
#[derive(Default)]
pub(super) struct DecisionCounters {
    /// The rules to which the counters belong. `Weak` reserves the address, so that no other rules can get the same.
    rules: Weak<RuleSet>,
    sections: Vec<SectionCounters>,
}

/// The counters of the decisions of a section. `None` if a counter has not been used yet.
struct SectionCounters {
    hook: String,
    flow: Flow,
    durations: Histogram,
    allow: Option<IntCounter>,
    update: Option<IntCounter>,
    deny: Option<IntCounter>,
    /// The counters of the section's rules, in the order of the rules.
    rules: Vec<RuleCounters>,
}

/// The counters of the outcomes of a rule. `None` if a counter has not been used yet.
#[derive(Clone, Default)]
struct RuleCounters {
    pass: Option<IntCounter>,
    fail: Option<IntCounter>,
    skip: Option<IntCounter>,
}

impl DecisionCounters {
    /// Counts a response, and the outcome of each rule if it is a decision by these rules.
    pub(super) fn count(&mut self, line: &Line<'_>, rules: &Arc<RuleSet>, metrics: &Metrics) {
        let (Some(hook), Some(flow), Some(decision)) = (line.hook, line.flow, line.decision) else {
            metrics.response_counter(&labels(line)).inc();
            metrics.durations_of(line.hook_name()).observe(line.duration.as_secs_f64());
            return;
        };
        // These are other rules than before. Their reload may have removed counters from the metrics, so find all anew.
        if self.rules.as_ptr() != Arc::as_ptr(rules) {
            self.rules = Arc::downgrade(rules);
            self.sections.clear();
        }
        // Always `Some`, so no count is lost.
        let Some(section) = self.section(hook, flow, metrics) else {
            return;
        };
        let counter = match decision {
            DecisionKind::Allow => &mut section.allow,
            DecisionKind::Update => &mut section.update,
            DecisionKind::Deny => &mut section.deny,
        };
        counter.get_or_insert_with(|| metrics.response_counter(&labels(line))).inc();
        section.durations.observe(line.duration.as_secs_f64());
        section.count_outcomes(line.verdicts, metrics);
    }

    /// The counters of a section. Adds them if they are new. Always `Some`: the `Option` only avoids a panic path.
    fn section(
        &mut self,
        hook: &str,
        flow: Flow,
        metrics: &Metrics,
    ) -> Option<&mut SectionCounters> {
        let found =
            self.sections.iter().position(|section| section.flow == flow && section.hook == hook);
        if let Some(place) = found {
            return self.sections.get_mut(place);
        }
        self.sections.push(SectionCounters {
            hook: hook.to_owned(),
            flow,
            durations: metrics.durations_of(hook),
            allow: None,
            update: None,
            deny: None,
            rules: Vec::new(),
        });
        self.sections.last_mut()
    }
}

impl SectionCounters {
    /// Counts the outcome of each rule.
    fn count_outcomes(&mut self, verdicts: &[Verdict<'_>], metrics: &Metrics) {
        // Adds places only at the first decision, since each decision of a section has a verdict for each rule.
        self.rules.resize_with(verdicts.len(), RuleCounters::default);
        for (counters, Verdict { rule, outcome }) in self.rules.iter_mut().zip(verdicts) {
            let counter = match outcome {
                Outcome::Pass => &mut counters.pass,
                Outcome::Fail(_) => &mut counters.fail,
                Outcome::Skip(_) => &mut counters.skip,
            };
            let (hook, rule, mode, outcome) = (&self.hook, &rule.id, rule.mode(), outcome.as_str());
            let labels = OutcomeLabels { hook, rule, mode, outcome };
            counter.get_or_insert_with(|| metrics.outcome_counter(&labels)).inc();
        }
    }
}

/// The labels of a response.
fn labels<'l>(line: &'l Line<'_>) -> ResponseLabels<'l> {
    ResponseLabels {
        hook: line.hook_name(),
        request_type: line.request_type(),
        decision: line.decision_name(),
        status: line.status,
    }
}
