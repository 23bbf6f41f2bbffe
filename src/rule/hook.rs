//! The rules of one endpoint, and how they decide.

use std::{
    collections::{BTreeMap, BTreeSet},
    slice,
};

use super::{
    LookupVerdict, Rule, Verdict,
    check::{EvalContext, Facts, WorkBudget},
    denial::{cannot_be_processed, unhandled_flow},
    judge::{JudgedValues, denies},
    lookup::{AskedLookup, Lookup, LookupStates, Readiness},
    node::Spanned,
    set::{Alternative, Attempt, SetEntry, SetOutcome, WhyNotSet},
    text::Text,
    value_name::ValueName,
};
use crate::okta::{
    Assignment, Decision, DecisionKind, DenyStyle, Flow, NewValue, NonEmpty, Request,
    response::{ANSWER_TOO_LARGE, MISSING_EVENT_ID, REQUEST_TOO_COSTLY, SIZE_LIMIT},
};

/// The rules of one endpoint.
#[derive(Default)]
pub struct Hook {
    /// The sections by their flow, one of [`Flow::WITH_SECTION`].
    pub sections: BTreeMap<Flow, Section>,
}

/// The rules for one flow, and for any flow that [is judged like it](crate::okta::FlowSpec::judged_as).
pub struct Section {
    /// The top-level `errorSummary` of a denial.
    pub(crate) summary: Text,
    /// How a denial is written.
    pub(crate) deny: DenyStyle,
    /// The lookups, in the file's order.
    pub lookups: Vec<Lookup>,
    /// The rules that must hold.
    pub rules: Rules,
    /// The attributes to copy from the form if no rule denies, in this order.
    pub(crate) update: Vec<Spanned<String>>,
    /// The attributes to set if no rule denies, in this order, after those of `update`.
    pub(crate) set: Vec<SetEntry>,
    /// Whether a name in the section refers to a request's `data.context`.
    pub(crate) refers_to_context: bool,
    /// How many parts a request remembers the results of, see [`KnownParts`](super::known_parts::KnownParts).
    pub(crate) remembered_parts: usize,
}

/// The rules of a section.
pub enum Rules {
    /// None, on purpose: `allow_all = true`.
    AllowAll,
    /// All of these must hold.
    All(NonEmpty<Rule>),
}

/// The result of judging a request.
pub struct Judgement<'r, 'q> {
    /// The decision.
    pub decision: Decision<'q>,
    /// One verdict per rule, in the file's order.
    pub verdicts: Vec<Verdict<'r>>,
    /// The outcomes of `set` that need an explanation: each attribute that was not set, or was set by one
    /// of several alternatives. Empty if a rule denies.
    pub sets: Vec<SetOutcome<'r>>,
    /// One verdict per lookup, in the file's order.
    pub lookups: Vec<LookupVerdict<'r>>,
    /// Whether the hook has a section for the request's flow. If not, the request is denied.
    pub has_section: bool,
    /// Whether judging takes more work than is allowed. If so, a request that no rule denies is denied.
    pub too_costly: bool,
}

impl Judgement<'_, '_> {
    /// The denial of a request of a flow for which the hook has no section.
    fn without_section(flow: Flow) -> Self {
        Self {
            decision: unhandled_flow(flow),
            verdicts: Vec::new(),
            sets: Vec::new(),
            lookups: Vec::new(),
            has_section: false,
            too_costly: false,
        }
    }
}

impl Hook {
    /// The rules of all sections.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.sections.values().flat_map(|section| section.rules.iter())
    }

    /// The lookups of this name, at most one per section.
    pub(crate) fn lookups_named(&self, name: &str) -> impl Iterator<Item = &Lookup> {
        self.sections.values().filter_map(|section| section.lookup(name))
    }

    /// The names of all lookups.
    pub(crate) fn lookup_names(&self) -> BTreeSet<&str> {
        let lookups = self.sections.values().flat_map(|section| &section.lookups);
        lookups.map(|lookup| lookup.name.as_str()).collect()
    }

    /// The section that judges requests of a flow.
    pub fn section(&self, flow: Flow) -> Option<&Section> {
        self.sections.get(&flow.spec().judged_as)
    }

    /// Judges a request. Denies it if the hook has no section for its flow.
    pub fn judge<'r: 'q, 'q>(
        &'r self,
        request: &'q Request<'_>,
        facts: &Facts,
    ) -> Judgement<'r, 'q> {
        let Some(section) = self.section(request.flow) else {
            return Judgement::without_section(request.flow);
        };
        let values = JudgedValues::read(section, request);
        let work = WorkBudget::default();
        let not_asked = LookupStates::default();
        let form_context = values.eval_context(facts, &not_asked, &work);
        let mut verdicts = section.judge_without_lookups(&form_context);
        let mut states = LookupStates::default();
        if !denies(&verdicts) {
            states = section.lookup_states(facts, &form_context);
        }
        let context = values.eval_context(facts, &states, &work);
        // Empty if a rule denies, or if the section has no lookup.
        if !states.is_empty() {
            section.judge_with_lookups(&mut verdicts, &context);
        }
        let mut sets = Vec::new();
        let mut decision = match section.denial(request, &verdicts, &states) {
            Some(denial) => Decision::Deny(denial),
            None => section.allow_or_update(request, &context, &mut sets),
        };
        // Conditions of `set` fail once the work is used up, so the values to set may be wrong.
        let too_costly = work.is_exhausted();
        if too_costly && decision.kind() != DecisionKind::Deny {
            decision = section.denial_as_too_costly(request.flow);
        }
        let lookups = section.lookup_verdicts(&states);
        Judgement { decision, verdicts, sets, lookups, has_section: true, too_costly }
    }

    /// The lookups to ask before a request is judged. Empty if a rule that needs no lookup denies the
    /// request.
    pub fn questions(&self, request: &Request<'_>, facts: &Facts) -> Vec<AskedLookup<'_>> {
        let Some(section) = self.section(request.flow) else {
            return Vec::new();
        };
        let values = JudgedValues::read(section, request);
        let work = WorkBudget::default();
        let not_asked = LookupStates::default();
        let context = values.eval_context(facts, &not_asked, &work);
        if denies(&section.judge_without_lookups(&context)) {
            return Vec::new();
        }
        section.questions(&context)
    }

    /// Whether any section has lookups.
    pub(crate) fn has_lookups(&self) -> bool {
        self.sections.values().any(|section| !section.lookups.is_empty())
    }

    /// The denial of a request whose answer would be too large for Okta.
    pub(crate) fn denial_as_too_large(&self, flow: Flow) -> Decision<'static> {
        let style = match self.section(flow) {
            Some(section) => section.deny,
            None => DenyStyle::Command,
        };
        cannot_be_processed(style, ANSWER_TOO_LARGE, flow.spec().form_location)
    }
}

impl Section {
    /// The denial of a request that no rule denies, but that takes more work to judge than is allowed.
    fn denial_as_too_costly(&self, flow: Flow) -> Decision<'static> {
        cannot_be_processed(self.deny, REQUEST_TOO_COSTLY, flow.spec().form_location)
    }

    /// The names of all values that the section looks at.
    pub(crate) fn value_names(&self) -> BTreeSet<&ValueName> {
        let mut names = BTreeSet::new();
        for lookup in &self.lookups {
            names.extend(lookup.value_names());
        }
        for rule in self.rules.iter() {
            names.extend(rule.value_names());
        }
        for set in &self.set {
            names.extend(set.recipe.value_names());
        }
        names
    }

    /// The lookup of this name.
    pub(crate) fn lookup(&self, name: &str) -> Option<&Lookup> {
        self.lookups.iter().find(|lookup| lookup.name.value == name)
    }

    /// The decision about a request that no rule denies. Adds the outcomes of `set` that need an
    /// explanation, as in [`Judgement::sets`].
    fn allow_or_update<'r: 'q, 'q>(
        &'r self,
        request: &'q Request<'_>,
        context: &EvalContext<'_>,
        outcomes: &mut Vec<SetOutcome<'r>>,
    ) -> Decision<'q> {
        let mut assignments = self.assignments_of_update(request);
        let mut text_length = 0;
        for set in &self.set {
            // Beyond this length, the answer is too large for Okta, so `Hook::denial_as_too_large` replaces this
            // decision.
            if text_length > SIZE_LIMIT {
                break;
            }
            let Attempt { alternative, value } = attempt_with_lookups(set, request, context);
            let result = match value {
                Ok(value) => {
                    if let NewValue::Text(text) = &value {
                        text_length += text.len();
                    }
                    assignments.push(Assignment { attribute: &set.attribute, value });
                    Ok(())
                }
                Err(why) => Err(why),
            };
            let outcome = SetOutcome { set, alternative, result };
            // An identifier is to be made from `eventId`, and the request has none.
            if outcome.lacks_needed_event_id() {
                outcomes.clear();
                outcomes.push(outcome);
                return cannot_be_processed(self.deny, MISSING_EVENT_ID, "eventId");
            }
            if outcome.result.is_err() || alternative != Alternative::None {
                outcomes.push(outcome);
            }
        }
        match NonEmpty::collect(assignments) {
            Some(assignments) => Decision::Update(assignments),
            None => Decision::Allow,
        }
    }

    /// The assignments of the submitted attributes that are in `update`.
    fn assignments_of_update<'q>(&'q self, request: &'q Request<'_>) -> Vec<Assignment<'q>> {
        let mut assignments = Vec::new();
        for name in &self.update {
            if let Some(attribute) = request.form.get_even_if_empty(name) {
                let value = NewValue::Json(attribute.json);
                assignments.push(Assignment { attribute: name, value });
            }
        }
        assignments
    }
}

/// Attempts to set an attribute. Does not set it if a lookup that it needs failed or does not count.
fn attempt_with_lookups<'r: 'q, 'q>(
    set: &'r SetEntry,
    request: &'q Request<'_>,
    context: &EvalContext<'_>,
) -> Attempt<'r, 'q> {
    match context.lookups.readiness(&set.lookups) {
        // If a lookup was not asked, the attempt finds its values absent.
        Readiness::Ready | Readiness::NotAsked(_) => set.attempt(request, context),
        Readiness::DoesNotCount(name, _) | Readiness::Failed(name) => {
            Attempt::without_alternative(Err(WhyNotSet::Lookup(name)))
        }
    }
}

impl Rules {
    /// The rules in the file's order.
    pub fn iter(&self) -> slice::Iter<'_, Rule> {
        match self {
            Self::AllowAll => [].iter(),
            Self::All(rules) => rules.iter(),
        }
    }
}
