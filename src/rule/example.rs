//! Examples of a rule: the values of a request that the rule looks at, given in the rules file.

use std::borrow::Cow;

use super::{
    Outcome, Rule,
    check::{EvalContext, Facts, WorkBudget},
    known_parts::KnownParts,
    lookup::{Lookup, LookupFailure, LookupResult, LookupResults, LookupStates},
};
use crate::okta::{DataContext, Form};

/// An example of a rule.
#[derive(Default)]
pub struct RuleExample<'a> {
    /// The submitted form.
    pub form: Form<'a>,
    /// The existing profile and the client's address.
    pub data_context: DataContext<'a>,
    /// The time of the request.
    pub event_time: Option<Cow<'a, str>>,
    /// The results of the lookups that the example names.
    pub lookups: LookupResults,
}

/// The context in which the examples of a section are judged.
#[derive(Clone, Copy)]
pub struct ExampleContext<'c> {
    /// The lookups of the section.
    pub lookups: &'c [Lookup],
    /// The facts. Examples use only the day.
    pub facts: &'c Facts,
    /// The work that may still be done.
    pub work: &'c WorkBudget,
}

impl RuleExample<'_> {
    /// The outcome of a rule for this example, with `form` in place of the example's own form.
    pub(crate) fn outcome<'r>(
        &self,
        rule: &'r Rule,
        form: &Form<'_>,
        context: ExampleContext<'_>,
    ) -> Outcome<'r> {
        let ExampleContext { lookups, facts, work } = context;
        let not_asked = LookupStates::default();
        let form_context = self.eval_context(form, &not_asked, facts, work);
        if !rule.needs_lookups() {
            return rule.outcome(&form_context);
        }
        let mut needed = Vec::new();
        for lookup in lookups {
            if rule.lookups.contains(&lookup.name) {
                needed.push(lookup);
            }
        }
        let results = self.results_of(&needed, &form_context);
        let mut states = LookupStates::default();
        for lookup in needed {
            // The service does not ask a lookup whose conditions do not hold, so a result in the example has no effect.
            let mut result = None;
            if lookup.conditions_hold(&form_context) {
                result = results.get(&lookup.name.value);
            }
            states.push(&lookup.name, lookup.state(result, &form_context));
        }
        rule.outcome(&self.eval_context(form, &states, facts, work))
    }

    /// The results of the needed lookups. If the example gives no result for a lookup that is asked, the lookup's
    /// table answers. A lookup without a table counts as failed.
    fn results_of(&self, needed: &[&Lookup], form_context: &EvalContext<'_>) -> LookupResults {
        let mut results = self.lookups.clone();
        for lookup in needed {
            if results.contains_key(&lookup.name.value) {
                continue;
            }
            if let Ok(question) = lookup.question(form_context) {
                let not_recorded = LookupResult::Failed(LookupFailure::NotRecorded);
                let result = question.result_of_table().unwrap_or(not_recorded);
                results.insert(lookup.name.value.clone(), result);
            }
        }
        results
    }

    /// The context of checks for this form and these states of lookups, with the example's other values.
    pub(crate) fn eval_context<'c>(
        &'c self,
        form: &'c Form<'_>,
        lookups: &'c LookupStates<'_, '_>,
        facts: &'c Facts,
        work: &'c WorkBudget,
    ) -> EvalContext<'c> {
        EvalContext {
            form,
            event_time: self.event_time.as_deref(),
            data_context: &self.data_context,
            facts,
            lookups,
            work,
            known_parts: KnownParts::default(),
        }
    }
}
