//! The engine: [`Rule`]s, the [`Hook`]s that they make up, and [`Hook::judge`], the only place that
//! decides.
//!
//! Judging is a total function of the rules, the request and the facts. Everything that can go wrong
//! in a rule goes wrong when it is loaded. A rule fails on a value that it does not expect, and a
//! rule that fails denies.

use std::collections::{BTreeMap, BTreeSet};

use crate::okta::{
    Assignment, Decision, Denial, DenyStyle, ErrorCause, Flow, Form, NewValue, NonEmpty, Request,
    language::LanguageTag,
};

pub mod check;
pub mod email;
pub(crate) mod facts;
pub(crate) mod node;
mod requirement;
pub(crate) mod set;
pub mod spanned;
pub mod text;

use check::{EvalContext, Mismatch};
pub use facts::Facts;
pub use requirement::{CheckSource, Part, PartCheck, Requirement, Unmet};
use set::Set;
pub use spanned::Places;
use spanned::Spanned;
use text::Text;

/// Every hook that is served, by its name.
pub struct RuleSet {
    /// The hooks by their names. A hook's name is its path without the slash.
    pub hooks: BTreeMap<String, Hook>,
    /// A digest of the files that the rules were read from. Equal contents have equal revisions.
    pub revision: String,
}

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
}

/// The rules of a section.
#[expect(clippy::large_enum_variant, reason = "there are few sections, and most have rules")]
pub enum Rules {
    /// None, on purpose: `allow_all = true`.
    AllowAll,
    /// All of these must hold.
    All(NonEmpty<Rule>),
}

/// One requirement, and the text for the end user if it is not met.
pub struct Rule {
    /// The name in logs and explanations. Unique in its file.
    pub id: String,
    /// The rule counts only if all of these hold.
    pub when: Vec<Part>,
    /// Whether the rule is evaluated and logged without deciding.
    pub shadow: bool,
    /// The requirement that the form must meet.
    pub requirement: Requirement,
    /// The text for the end user.
    pub message: Text,
    /// The cause's `reason`.
    pub reason: String,
    /// The cause's `location`.
    pub location: String,
    /// The cause's `domain`.
    pub cause_domain: String,
    /// The places of the rule in its file.
    pub places: Places,
}

/// The result of judging a request.
pub struct Judgement<'r, 'q> {
    /// The decision.
    pub decision: Decision<'q>,
    /// One verdict per rule, in the file's order.
    pub verdicts: Vec<Verdict<'r>>,
    /// Whether the hook has a section for the request's flow. If not, the request is denied.
    pub has_section: bool,
}

/// A rule and its outcome.
pub struct Verdict<'r> {
    pub(crate) rule: &'r Rule,
    /// The outcome of the rule.
    pub outcome: Outcome<'r>,
}

/// The outcome of a rule.
pub enum Outcome<'r> {
    /// The rule holds.
    Pass,
    /// The rule does not hold.
    Fail(Unmet<'r>),
    /// The rule does not count, because its conditions do not hold.
    Skip,
}

impl Outcome<'_> {
    /// The name in logs and metrics.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail(_) => "fail",
            Self::Skip => "skip",
        }
    }
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
            return Judgement { decision, verdicts: Vec::new(), has_section: false };
        };
        // Okta will store the normalised values, so the rules judge those.
        let normalised = set::normalise(&section.set, &request.form);
        let form = normalised.as_ref().unwrap_or(&request.form);
        let event_time = request.event_time.as_deref();
        let context = EvalContext { form, event_time, facts };
        let verdicts = section.verdicts(&context);
        let decision = match section.denial(request, &verdicts) {
            Some(denial) => Decision::Deny(denial),
            None => section.allow_or_update(&request.form, form),
        };
        Judgement { decision, verdicts, has_section: true }
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
    fn verdicts(&self, context: &EvalContext<'_>) -> Vec<Verdict<'_>> {
        let verdicts = self.rules.iter().map(|rule| Verdict { rule, outcome: rule.judge(context) });
        verdicts.collect()
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

    /// The decision about a request that no rule denies.
    fn allow_or_update<'q>(&'q self, submitted: &'q Form<'_>, judged: &Form<'_>) -> Decision<'q> {
        let mut assignments = Vec::new();
        for name in &self.update {
            if let Some(attribute) = submitted.submitted(name) {
                let value = NewValue::Json(attribute.submitted);
                assignments.push(Assignment { attribute: name, value });
            }
        }
        for set in &self.set {
            if let Some(value) = set.value(submitted, judged) {
                assignments.push(Assignment { attribute: &set.attribute, value });
            }
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

impl Verdict<'_> {
    /// Whether the rule fails and is enforced.
    fn denies(&self) -> bool {
        matches!(self.outcome, Outcome::Fail(_)) && !self.rule.shadow
    }
}

impl Rule {
    /// The name of the rule's mode in rules, logs and metrics.
    pub(crate) fn mode(&self) -> &'static str {
        if self.shadow { "shadow" } else { "enforce" }
    }

    pub(crate) fn judge(&self, context: &EvalContext<'_>) -> Outcome<'_> {
        if !self.when.iter().all(|condition| holds(condition, context)) {
            return Outcome::Skip;
        }
        match self.requirement.judge(context) {
            Ok(()) => Outcome::Pass,
            Err(unmet) => Outcome::Fail(unmet),
        }
    }

    /// The names of all attributes that the rule looks at.
    pub(crate) fn attributes(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        for part in self.requirement.parts().iter().chain(&self.when) {
            for name in part.attributes.iter() {
                names.insert(name.as_str());
            }
            for PartCheck { check, .. } in part.checks.iter() {
                if let Some(other) = check.other() {
                    names.insert(other);
                }
            }
        }
        names
    }

    fn cause(&self, language: Option<&LanguageTag>) -> ErrorCause<'_> {
        ErrorCause {
            message: self.message.in_language(language),
            reason: &self.reason,
            location: &self.location,
            domain: &self.cause_domain,
        }
    }
}

/// Whether a condition of `when` holds. A value of an unexpected type counts as a match, so that no
/// user can skip a rule by changing the type. A value that is too costly to check counts, too.
fn holds(condition: &Part, context: &EvalContext<'_>) -> bool {
    match condition.judge(context) {
        Ok(()) => true,
        Err(Unmet::Failed { mismatch: Mismatch::Type | Mismatch::TooCostly, .. }) => true,
        Err(_) => false,
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
