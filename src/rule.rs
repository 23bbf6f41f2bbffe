//! The engine: [`Rule`]s, the [`Hook`]s they make up, and [`Hook::evaluate`], the one place that
//! decides.
//!
//! Evaluation is a total function of the rules and the request. Whatever can go wrong in a rule
//! goes wrong when it is built; what a rule does not expect makes it fail, and a rule that fails
//! denies.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::okta::{
    Assignment, Decision, Denial, DenyStyle, ErrorCause, Flow, Form, NonEmpty, Request,
    language::LanguageTag,
};

pub mod check;
pub mod email;
pub(crate) mod node;
mod requirement;
pub(crate) mod set;
pub mod spanned;
pub mod text;

use check::{EvalContext, Mismatch};
pub use requirement::{CheckSource, Part, PartCheck, Requirement, Unmet};
use set::Set;
use spanned::{Span, Spanned};
use text::Text;

/// Every hook that is served, by its name.
pub struct RuleSet {
    /// A hook's name is its path without the slash.
    pub hooks: BTreeMap<String, Hook>,
    /// A digest of what the rules were read from: the same content, the same revision.
    pub revision: String,
}

/// What one endpoint decides.
pub struct Hook {
    /// For `self.service.registration`, and for Classic Engine's registrations.
    pub registration: Option<Section>,
    pub(crate) progressive: Option<Section>,
}

/// The rules for one kind of request.
pub struct Section {
    /// The top-level `errorSummary` of a denial.
    pub(crate) summary: Text,
    pub(crate) deny: DenyStyle,
    /// What must hold; nothing where the section says that it means it (`allow_all = true`).
    pub rules: Option<NonEmpty<Rule>>,
    /// The attributes to copy from the form, in this order, when all is well.
    pub(crate) update: Vec<Spanned<String>>,
    /// What is set after them, in this order.
    pub(crate) set: Vec<Set>,
}

/// One requirement, and what the end user is told where it is not met.
pub struct Rule {
    /// Unique in its file; stands in logs and explanations.
    pub id: String,
    /// The rule counts only where all of these hold.
    pub when: Vec<Part>,
    /// Evaluated and logged, and never decides.
    pub shadow: bool,
    /// What is required of the form.
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

/// Places of a rule in its file. Lints read them. A request does not.
#[derive(Default)]
pub struct Places {
    pub(crate) id: Span,
    /// The place of the location, if the rule gives one.
    pub(crate) location: Option<Span>,
    /// The list of examples that pass, if the rule has one.
    pub(crate) passing_examples: Option<Span>,
}

/// A rule and what came of it.
pub struct Verdict<'r> {
    pub(crate) rule: &'r Rule,
    /// What came of it.
    pub outcome: Outcome<'r>,
}

impl Verdict<'_> {
    /// Whether the rule fails and is enforced.
    fn denies(&self) -> bool {
        matches!(self.outcome, Outcome::Fail(_)) && !self.rule.shadow
    }
}

/// What came of a rule.
pub enum Outcome<'r> {
    /// It holds.
    Pass,
    /// It does not.
    Fail(Unmet<'r>),
    /// It does not count here.
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
    /// The rules of both sections.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.registration.iter().chain(&self.progressive).flat_map(Section::rules)
    }

    /// What such requests are judged by. Where there is nothing, they are denied.
    pub(crate) fn section(&self, request_type: Flow) -> Option<&Section> {
        let registration = request_type.is_registration();
        if registration { self.registration.as_ref() } else { self.progressive.as_ref() }
    }

    /// Judges a request: the decision, and one verdict a rule, in the file's order. `today` is the
    /// UTC day, for requests that do not say when they were made.
    pub fn evaluate<'r: 'q, 'q>(
        &'r self,
        request: &'q Request<'_>,
        today: Date,
    ) -> (Decision<'q>, Vec<Verdict<'r>>) {
        let Some(section) = self.section(request.request_type) else {
            return (unhandled(request.request_type), Vec::new());
        };
        // Normalised first: that is what Okta will store, and so what is judged.
        let normalised = set::normalised(&section.set, &request.form);
        let form = normalised.as_ref().unwrap_or(&request.form);
        let event_time = request.event_time.as_deref();
        let context = EvalContext { form, event_time, today };
        let judge = |rule: &'r Rule| Verdict { rule, outcome: rule.outcome(&context) };
        let verdicts: Vec<_> = section.rules().map(judge).collect();
        let decision = match section.denial(request, &verdicts) {
            None => section.update(&request.form, form),
            Some(denial) => Decision::Deny(denial),
        };
        (decision, verdicts)
    }

    /// The denial of a request whose answer Okta would not take, because it is too large.
    pub(crate) fn too_large(&self, request_type: Flow) -> Decision<'static> {
        let style = self.section(request_type).map_or(DenyStyle::Command, |section| section.deny);
        let registration = request_type.is_registration();
        let form = if registration { "data.userProfile" } else { "data.userProfileUpdate" };
        cannot_be_processed(style, "ANSWER_TOO_LARGE", form)
    }
}

impl Section {
    pub(crate) fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().flat_map(NonEmpty::iter)
    }

    /// The denial by the rules that fail; `None` where none does.
    fn denial<'q>(&'q self, request: &Request<'_>, verdicts: &[Verdict<'q>]) -> Option<Denial<'q>> {
        let mut denying = verdicts.iter().filter(|verdict| verdict.denies()).peekable();
        denying.peek()?;
        // Chosen once for all texts, because the value may be as long as the body.
        let language = request.language();
        let causes = denying.map(|verdict| verdict.rule.cause(language.as_ref()));
        Some(Denial {
            style: self.deny,
            summary: self.summary.in_language(language.as_ref()),
            causes: NonEmpty::collect(causes)?,
        })
    }

    fn update<'q>(&'q self, submitted: &'q Form<'_>, normalised: &Form<'_>) -> Decision<'q> {
        let copied = self.update.iter().filter_map(|name| {
            let attribute = submitted.submitted(name)?;
            Some(Assignment { attribute: name, json: (&*attribute.submitted).into() })
        });
        let set = self.set.iter().filter_map(|set| {
            Some(Assignment { attribute: &set.attribute, json: set.json(submitted, normalised)? })
        });
        NonEmpty::collect(copied.chain(set)).map_or(Decision::Allow, Decision::Update)
    }
}

impl Rule {
    /// The name of its mode in rules, logs and metrics.
    pub(crate) fn mode(&self) -> &'static str {
        if self.shadow { "shadow" } else { "enforce" }
    }

    pub(crate) fn outcome(&self, context: &EvalContext<'_>) -> Outcome<'_> {
        // Nobody gets out of a rule by sending what its condition does not expect.
        let holds = |part: &Part| {
            let unmet = part.unmet(context);
            matches!(
                unmet,
                None | Some(Unmet::Missed { mismatch: Mismatch::Type | Mismatch::TooCostly, .. })
            )
        };
        if !self.when.iter().all(holds) {
            return Outcome::Skip;
        }
        self.requirement.unmet(context).map_or(Outcome::Pass, Outcome::Fail)
    }

    /// Every attribute it looks at.
    pub(crate) fn attributes(&self) -> BTreeSet<&str> {
        let parts = || self.requirement.parts().iter().chain(&self.when);
        let named = parts().flat_map(|part| part.attributes.iter()).map(|name| name.as_str());
        let checks = parts().flat_map(|part| part.checks.iter());
        let others = checks.filter_map(|asked| asked.check.other());
        named.chain(others).collect()
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

/// The answer to a request that the hook has no section for. Okta's sample lets it through.
fn unhandled(request_type: Flow) -> Decision<'static> {
    let registration = request_type.is_registration();
    let style = if registration { DenyStyle::Command } else { DenyStyle::Error };
    cannot_be_processed(style, "UNHANDLED_REQUEST_TYPE", "requestType")
}

/// A denial for a reason that the end user can do nothing about.
fn cannot_be_processed(
    style: DenyStyle,
    reason: &'static str,
    location: &'static str,
) -> Decision<'static> {
    const TEXT: &str = "This request cannot be processed here. Please contact your admin.";
    let cause = ErrorCause { message: TEXT, reason, location, domain: "external-service" };
    Decision::Deny(Denial { style, summary: TEXT, causes: NonEmpty::of(cause) })
}
