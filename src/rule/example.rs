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
    /// The outcome of a rule, if this were the form. A lookup whose result the example does not show is
    /// answered from its table; any other has failed.
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
        let mut results = self.lookups.clone();
        let mut needed = Vec::new();
        for lookup in lookups {
            if !rule.lookups.contains(&lookup.name) {
                continue;
            }
            needed.push(lookup);
            if !results.contains_key(&lookup.name.value)
                && let Ok(question) = lookup.question(&form_context)
            {
                let failed = LookupResult::Failed(LookupFailure::NotRecorded);
                let result = question.result_of_table().unwrap_or(failed);
                results.insert(lookup.name.value.clone(), result);
            }
        }
        let mut states = LookupStates::default();
        for lookup in needed {
            let result = results.get(&lookup.name.value);
            states.push(&lookup.name, lookup.state(result, &form_context));
        }
        rule.outcome(&EvalContext { form, ..self.context_with(&states, facts, work) })
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
