//! An example of a rule: the part of a request that the rule looks at.

use std::borrow::Cow;

use super::{
    Outcome, Rule,
    check::{EvalContext, Facts, Work},
    lookup::{Lookup, LookupFailure, LookupResult, LookupResults, LookupStates},
};
use crate::okta::{DataContext, Form};

/// An example of a rule.
#[derive(Default)]
pub struct RuleExample<'a> {
    /// The submitted form.
    pub form: Form<'a>,
    /// The existing profile and the client's address.
    pub context: DataContext<'a>,
    /// The time of the request.
    pub event_time: Option<Cow<'a, str>>,
    /// The results of lookups that the example shows.
    pub lookups: LookupResults,
}

/// The context in which the examples of a section are judged.
#[derive(Clone, Copy)]
pub struct ExampleContext<'c> {
    /// The lookups of the section.
    pub lookups: &'c [Lookup],
    /// The day on which the examples are judged.
    pub facts: &'c Facts,
    /// The work that may still be done.
    pub work: &'c Work,
}

impl RuleExample<'_> {
    /// The outcome of a rule for this form, which replaces that of the example.
    pub(crate) fn outcome<'r>(
        &self,
        rule: &'r Rule,
        form: &Form<'_>,
        context: ExampleContext<'_>,
    ) -> Outcome<'r> {
        let ExampleContext { lookups, facts, work } = context;
        let not_asked = LookupStates::default();
        let form_context = EvalContext { form, ..self.context_with(&not_asked, facts, work) };
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
            let result = results.get(&lookup.name.value);
            states.push(&lookup.name, lookup.state(result, &form_context));
        }
        rule.outcome(&EvalContext { form, ..self.context_with(&states, facts, work) })
    }

    /// The results of these lookups. Without a result in the example, a table answers, and any other lookup
    /// has failed.
    fn results_of(&self, needed: &[&Lookup], form_context: &EvalContext<'_>) -> LookupResults {
        let mut results = self.lookups.clone();
        for lookup in needed {
            if !results.contains_key(&lookup.name.value)
                && let Ok(question) = lookup.question(form_context)
            {
                let failed = LookupResult::Failed(LookupFailure::NotRecorded);
                let result = question.result_of_table().unwrap_or(failed);
                results.insert(lookup.name.value.clone(), result);
            }
        }
        results
    }

    /// The context with these states of lookups.
    pub(crate) fn context_with<'c>(
        &'c self,
        lookups: &'c LookupStates<'_, '_>,
        facts: &'c Facts,
        work: &'c Work,
    ) -> EvalContext<'c> {
        let event_time = self.event_time.as_deref();
        EvalContext { form: &self.form, event_time, context: &self.context, facts, lookups, work }
    }
}
