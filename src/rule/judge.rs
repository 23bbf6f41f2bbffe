//! The steps of judging a section: first the rules that need no lookup, then those that need the results of
//! lookups.

use std::borrow::Cow;

use super::{
    Outcome, Section, Verdict, WhySkipped,
    check::{EvalContext, Facts, WorkBudget},
    known_parts::KnownParts,
    lookup::{
        AskedLookup, Lookup, LookupOutcome, LookupResult, LookupResults, LookupStates, WhyNotAsked,
    },
    set::normalized_form,
};
use crate::okta::{DataContext, Form, Request};

/// A lookup and its outcome.
pub struct LookupVerdict<'r> {
    /// The lookup.
    pub lookup: &'r Lookup,
    /// The outcome of the lookup.
    pub outcome: LookupOutcome<'r>,
}

impl LookupVerdict<'_> {
    /// Why the lookup was not asked, or why it failed. `results` hold the reason of a failure. Returns `None` for
    /// any other outcome.
    pub(crate) fn why(&self, results: &LookupResults) -> Option<String> {
        match (&self.outcome, results.get(&self.lookup.name.value)) {
            (LookupOutcome::NotAsked(why), _) => Some(why.to_string()),
            (LookupOutcome::Failed, Some(LookupResult::Failed(why))) => Some(why.to_string()),
            _ => None,
        }
    }
}

/// The values of a request that a section looks at.
pub(super) struct JudgedValues<'q> {
    form: Cow<'q, Form<'q>>,
    event_time: Option<&'q str>,
    data_context: DataContext<'q>,
    remembered_parts: usize,
}

impl<'q> JudgedValues<'q> {
    /// Reads the values of a request.
    pub(super) fn read(section: &Section, request: &'q Request<'_>) -> Self {
        let mut data_context = DataContext::default();
        if section.refers_to_context {
            data_context = request.read_context();
        }
        Self {
            // An update will replace these values by the normalized ones, so the rules judge those.
            form: normalized_form(&section.set, &request.form),
            event_time: request.event_time.as_deref(),
            data_context,
            remembered_parts: section.remembered_parts,
        }
    }

    /// The context of checks, with these states of the lookups.
    pub(super) fn eval_context<'c>(
        &'c self,
        facts: &'c Facts,
        lookups: &'c LookupStates<'_, '_>,
        work: &'c WorkBudget,
    ) -> EvalContext<'c> {
        EvalContext {
            form: &self.form,
            event_time: self.event_time,
            data_context: &self.data_context,
            facts,
            lookups,
            work,
            known_parts: KnownParts::with_room_for(self.remembered_parts),
        }
    }
}

impl Section {
    /// Judges the rules that need no lookup. The verdict of each other rule says that it is skipped because a
    /// rule denies. If no rule denies, [`Self::judge_with_lookups`] replaces that verdict.
    pub(super) fn judge_without_lookups(&self, context: &EvalContext<'_>) -> Vec<Verdict<'_>> {
        let mut verdicts = Vec::with_capacity(self.rules.iter().len());
        for rule in self.rules.iter() {
            let outcome = if rule.needs_lookups() {
                Outcome::Skip(WhySkipped::RulesDeny)
            } else {
                rule.outcome(context)
            };
            verdicts.push(Verdict { rule, outcome });
        }
        verdicts
    }

    /// Judges the rules that need lookups, by the states in the context.
    pub(super) fn judge_with_lookups(
        &self,
        verdicts: &mut [Verdict<'_>],
        context: &EvalContext<'_>,
    ) {
        for verdict in verdicts {
            if verdict.rule.needs_lookups() {
                verdict.outcome = verdict.rule.outcome(context);
            }
        }
    }

    /// The lookups to ask, each with its question. Leaves out a lookup whose conditions do not hold, or whose
    /// question lacks a value. The context has no states of lookups yet.
    pub(super) fn questions(&self, context: &EvalContext<'_>) -> Vec<AskedLookup<'_>> {
        let mut asked = Vec::new();
        for lookup in &self.lookups {
            if let Ok(question) = lookup.question(context) {
                asked.push(AskedLookup { lookup, question });
            }
        }
        asked
    }

    /// The state of each lookup, by the results in the facts.
    pub(super) fn lookup_states<'f>(
        &self,
        facts: &'f Facts,
        context: &EvalContext<'_>,
    ) -> LookupStates<'_, 'f> {
        let mut states = LookupStates::default();
        for lookup in &self.lookups {
            let result = facts.lookups.get(&lookup.name.value);
            states.push(&lookup.name, lookup.state(result, context));
        }
        states
    }

    /// The outcomes of the lookups. A lookup without a state was not asked, since a rule denies.
    pub(super) fn lookup_verdicts<'r>(
        &'r self,
        states: &LookupStates<'r, '_>,
    ) -> Vec<LookupVerdict<'r>> {
        let mut verdicts = Vec::new();
        for lookup in &self.lookups {
            let outcome = match states.get(&lookup.name) {
                Some(state) => state.outcome(),
                None => LookupOutcome::NotAsked(WhyNotAsked::RulesDeny),
            };
            verdicts.push(LookupVerdict { lookup, outcome });
        }
        verdicts
    }
}

/// Whether one of the rules denies.
pub(super) fn denies(verdicts: &[Verdict<'_>]) -> bool {
    verdicts.iter().any(Verdict::denies)
}
