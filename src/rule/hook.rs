//! The rules of one endpoint, and how they decide.

use std::collections::BTreeMap;

use super::{
    Rule, Verdict,
    check::{EvalContext, Facts, Work},
    node::Spanned,
    set::{self, Alternative, Attempt, Set, SetOutcome},
    text::Text,
};
use crate::okta::{
    Assignment, DataContext, Decision, Denial, DenyStyle, ErrorCause, Flow, NewValue, NonEmpty,
    Request, response::SIZE_LIMIT,
};

/// The rules of one endpoint.
pub struct Hook {
    /// The sections by their flow, one of [`Flow::WITH_SECTION`].
    pub sections: BTreeMap<Flow, Section>,
}

/// The rules for one flow, and for those that are judged as it is.
pub struct Section {
    /// The top-level `errorSummary` of a denial.
    pub(crate) summary: Text,
    pub(crate) deny: DenyStyle,
    /// The rules that must hold.
    pub rules: Rules,
    /// The attributes to copy from the form, in this order, if no rule denies.
    pub(crate) update: Vec<Spanned<String>>,
    /// The attributes to set after them, in this order.
    pub(crate) set: Vec<Set>,
    /// Whether the section names a value of a request's `data.context`.
    pub(crate) reads_context: bool,
}

/// The rules of a section.
#[expect(clippy::large_enum_variant, reason = "there are few sections, and most have rules")]
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
    /// The attributes to set that are not set, or are set by one of several alternatives. Empty if a
    /// rule denies.
    pub sets: Vec<SetOutcome<'r>>,
    /// Whether the hook has a section for the request's flow. If not, the request is denied.
    pub has_section: bool,
}

impl Hook {
    /// The rules of all sections.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.sections.values().flat_map(|section| section.rules.iter())
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
            let decision = unhandled(request.flow);
            return Judgement {
                decision,
                verdicts: Vec::new(),
                sets: Vec::new(),
                has_section: false,
            };
        };
        // Okta will store the normalized values, so the rules judge those.
        let form = set::normalize(&section.set, &request.form);
        let event_time = request.event_time.as_deref();
        let data_context =
            if section.reads_context { request.read_context() } else { DataContext::default() };
        let work = Work::default();
        let context =
            EvalContext { form: &form, event_time, context: &data_context, facts, work: &work };
        let mut verdicts = Vec::new();
        for rule in section.rules.iter() {
            verdicts.push(Verdict { rule, outcome: rule.outcome(&context) });
        }
        let mut sets = Vec::new();
        let decision = match section.denial(request, &verdicts) {
            Some(denial) => Decision::Deny(denial),
            None => section.allow_or_update(request, &context, &mut sets),
        };
        // A condition that was not tried may have set another value.
        let decision = match decision {
            Decision::Allow | Decision::Update(_) if work.is_exhausted() => {
                section.too_costly(request.flow)
            }
            decision => decision,
        };
        Judgement { decision, verdicts, sets, has_section: true }
    }

    /// The denial of a request whose answer would be too large for Okta.
    pub(crate) fn too_large(&self, flow: Flow) -> Decision<'static> {
        let style = match self.section(flow) {
            Some(section) => section.deny,
            None => DenyStyle::Command,
        };
        cannot_be_processed(style, "ANSWER_TOO_LARGE", flow.spec().form_location)
    }
}

impl Section {
    /// The denial of a request that takes more work than may be done, although no rule denies it.
    fn too_costly(&self, flow: Flow) -> Decision<'static> {
        cannot_be_processed(self.deny, "REQUEST_TOO_COSTLY", flow.spec().form_location)
    }

    /// The denial by the rules that fail. Returns `None` if no rule denies.
    fn denial<'q>(&'q self, request: &Request<'_>, verdicts: &[Verdict<'q>]) -> Option<Denial<'q>> {
        let mut denying = verdicts.iter().filter(|verdict| verdict.denies());
        let first = denying.next()?;
        // Read once for all texts, because its value may be as long as the body.
        let language = request.language();
        let language = language.as_ref();
        let mut causes = NonEmpty::of(first.rule.cause(language));
        for verdict in denying {
            causes.push(verdict.rule.cause(language));
        }
        Some(Denial { style: self.deny, summary: self.summary.in_language(language), causes })
    }

    /// The decision about a request that no rule denies. Adds the outcomes of
    /// attributes that are not set, or are set by one of several alternatives.
    fn allow_or_update<'r: 'q, 'q>(
        &'r self,
        request: &'q Request<'_>,
        context: &EvalContext<'_>,
        outcomes: &mut Vec<SetOutcome<'r>>,
    ) -> Decision<'q> {
        let mut assignments = Vec::new();
        for name in &self.update {
            if let Some(attribute) = request.form.get_or_empty(name) {
                let value = NewValue::Json(attribute.raw);
                assignments.push(Assignment { attribute: name, value });
            }
        }
        let mut length = 0;
        for set in &self.set {
            // Whatever follows, the answer is too large, and so the request is denied.
            if length > SIZE_LIMIT {
                break;
            }
            let Attempt { alternative, value } = set.attempt(request, context);
            let result = match value {
                Ok(value) => {
                    if let NewValue::Text(text) = &value {
                        length += text.len();
                    }
                    assignments.push(Assignment { attribute: &set.attribute, value });
                    if alternative == Alternative::Only {
                        continue;
                    }
                    Ok(())
                }
                Err(why) => Err(why),
            };
            let outcome = SetOutcome { set, alternative, result };
            if outcome.lacks_event_id() {
                outcomes.clear();
                outcomes.push(outcome);
                return cannot_be_processed(self.deny, "MISSING_EVENT_ID", "eventId");
            }
            outcomes.push(outcome);
        }
        match NonEmpty::collect(assignments) {
            Some(assignments) => Decision::Update(assignments),
            None => Decision::Allow,
        }
    }
}

impl Rules {
    /// The rules in the file's order.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        let rules = match self {
            Self::AllowAll => None,
            Self::All(rules) => Some(rules),
        };
        rules.into_iter().flat_map(NonEmpty::iter)
    }
}

/// The answer to a request of a flow for which the hook has no section. Okta's sample lets it
/// through.
fn unhandled(flow: Flow) -> Decision<'static> {
    cannot_be_processed(flow.spec().unhandled_denial, "UNHANDLED_REQUEST_TYPE", "requestType")
}

/// A denial for a reason that the end user cannot remove.
fn cannot_be_processed(
    style: DenyStyle,
    reason: &'static str,
    location: &'static str,
) -> Decision<'static> {
    const TEXT: &str = "This request cannot be processed here. Please contact your admin.";
    let cause = ErrorCause { message: TEXT, reason, location, domain: "external-service" };
    Decision::Deny(Denial { style, summary: TEXT, causes: NonEmpty::of(cause) })
}
