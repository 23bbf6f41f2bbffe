//! The engine: [`Rule`]s, the [`Hook`]s that they make up, and [`Hook::judge`], the only place that
//! decides.
//!
//! Judging is a total function of the rules, the request and the facts. Every error in a rule is found
//! when the rule is loaded. A rule fails on a value that it does not expect, and an enforced rule that fails
//! denies.

use std::collections::{BTreeMap, BTreeSet};

use derive_more::Display;

use crate::okta::{ErrorCause, language::LanguageTag};

pub(crate) mod attribute_name;
pub mod check;
mod denial;
pub mod email;
mod example;
mod hook;
mod judge;
mod known_parts;
pub(crate) mod list_entry;
mod list_line;
pub(crate) mod location;
pub mod lookup;
pub(crate) mod node;
mod outcome_json;
pub(crate) mod phone;
mod requirement;
pub(crate) mod set;
pub(crate) mod template;
pub mod text;
pub mod value_name;

pub use check::Facts;
use check::{EvalContext, Mismatch};
pub use example::{ExampleContext, RuleExample};
pub use hook::{Hook, Judgement, Rules, Section};
pub use judge::LookupVerdict;
use lookup::{Lookup, Readiness, WhyNotCounted};
use node::Node;
pub use node::{Span, Spanned};
pub use outcome_json::OutcomeJson;
pub use requirement::{Part, PartCheck, RequiredResult, Requirement, Unmet};
pub use set::SetOutcome;
use text::Text;
use value_name::ValueName;

/// Every hook that is served, by its name.
pub struct RuleSet {
    /// The hooks by their names. A hook's name is its path without the slash.
    pub hooks: BTreeMap<String, Hook>,
    /// A digest of the files that the rules were read from. Equal contents have equal revisions.
    pub revision: String,
}

impl RuleSet {
    /// The lookups of all sections, each with the name of its hook.
    pub(crate) fn lookups(&self) -> Vec<(&str, &Lookup)> {
        let mut lookups = Vec::new();
        for (name, hook) in &self.hooks {
            for section in hook.sections.values() {
                lookups.extend(section.lookups.iter().map(|lookup| (name.as_str(), lookup)));
            }
        }
        lookups
    }
}

/// One requirement, and the text for the end user if it is not met.
pub struct Rule {
    /// The name in logs and explanations. Unique in its file.
    pub id: String,
    /// The rule counts only if all of these hold.
    pub when: Vec<Part>,
    /// Whether the rule is evaluated and logged without deciding.
    pub shadow: bool,
    /// The requirement that the request must meet.
    pub requirement: Requirement,
    /// The names of the lookups that the rule needs.
    pub lookups: Vec<String>,
    /// The text for the end user.
    pub message: Text,
    /// The cause's `reason`.
    pub reason: String,
    /// The cause's `location`.
    pub location: String,
    /// The cause's `domain`.
    pub cause_domain: String,
    /// The rule's outcomes as the decision log writes them.
    pub outcome_json: OutcomeJson,
    /// The parts of the rules file that lints read.
    pub origin: RuleOrigin,
}

/// The parts of the rules file about one rule that lints read. Judging does not need them.
#[derive(Default)]
pub struct RuleOrigin {
    /// The place of the value of `id`.
    pub(crate) id_span: Span,
    /// The place of the value of `location`, if the rule has this key.
    pub(crate) location_span: Option<Span>,
    /// The rule's `examples.pass`. `None` if the rule has no such list, or if the rules are loaded to serve: only
    /// a load for lints keeps lists.
    pub(crate) passing_examples: Option<Node>,
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
    /// The rule does not count.
    Skip(WhySkipped<'r>),
}

/// Why a rule does not count.
#[derive(Clone, Copy, Display)]
pub enum WhySkipped<'r> {
    /// The rule's conditions do not hold.
    #[display("its conditions (`when`) do not hold")]
    Conditions,
    /// The rule needs a lookup, which is not asked because another rule denies.
    #[display("a rule that needs no lookup denies")]
    RulesDeny,
    /// The rule needs this lookup, which does not count.
    #[display("the lookup `{_0}`, which it needs, does not count: {_1}")]
    Lookup(&'r str, WhyNotCounted),
}

impl Outcome<'_> {
    /// The name in logs and metrics.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail(_) => "fail",
            Self::Skip(_) => "skip",
        }
    }

    /// Why the rule fails or does not count.
    pub(crate) fn why(&self) -> Option<String> {
        match self {
            Self::Pass => None,
            Self::Fail(unmet) => Some(unmet.to_string()),
            Self::Skip(why) => Some(why.to_string()),
        }
    }
}

impl Verdict<'_> {
    /// Whether the rule fails and is enforced.
    pub(crate) fn denies(&self) -> bool {
        matches!(self.outcome, Outcome::Fail(_)) && !self.rule.shadow
    }
}

impl Rule {
    /// The name of the rule's mode in rules, logs and metrics.
    pub(crate) fn mode(&self) -> &'static str {
        outcome_json::mode_name(self.shadow)
    }

    /// The notes on lines of the rule's list files that look like a mistake.
    pub(crate) fn list_notes(&self) -> Vec<&str> {
        let mut notes = Vec::new();
        for part in self.requirement.parts().chain(&self.when) {
            for part_check in part.checks.iter() {
                for note in &part_check.list_notes {
                    // Several checks may read one list.
                    if !notes.contains(&note.as_str()) {
                        notes.push(note);
                    }
                }
            }
        }
        notes
    }

    /// The outcome in one request. If the rule needs lookups, the context must have their states.
    pub(crate) fn outcome(&self, context: &EvalContext<'_>) -> Outcome<'_> {
        if self.needs_lookups()
            && let Some(outcome) = self.outcome_without_results(context)
        {
            return outcome;
        }
        if !self.when.iter().all(|condition| holds(condition, context)) {
            return Outcome::Skip(WhySkipped::Conditions);
        }
        match self.requirement.check(context) {
            Ok(()) => Outcome::Pass,
            Err(unmet) => Outcome::Fail(unmet),
        }
    }

    /// The outcome if it does not depend on the results of the lookups: a condition that uses no lookup does not
    /// hold, or a lookup failed, was not asked or does not count. Returns `None` if the results decide.
    fn outcome_without_results(&self, context: &EvalContext<'_>) -> Option<Outcome<'_>> {
        // These conditions come first: if one does not hold, a failed lookup does not matter.
        for condition in &self.when {
            if !uses_lookup(condition) && !holds(condition, context) {
                return Some(Outcome::Skip(WhySkipped::Conditions));
            }
        }
        match context.lookups.readiness(&self.lookups) {
            Readiness::Ready => None,
            Readiness::DoesNotCount(lookup, why) => {
                Some(Outcome::Skip(WhySkipped::Lookup(lookup, why)))
            }
            // The explanation names each failed lookup, not only the first.
            Readiness::Failed(_) => {
                let failed = context.lookups.failed(&self.lookups).map(String::as_str);
                Some(Outcome::Fail(Unmet::LookupsFailed(failed.collect())))
            }
            Readiness::NotAsked(lookup) => Some(Outcome::Fail(Unmet::LookupNotAsked(lookup))),
        }
    }

    /// Whether the rule needs the results of lookups.
    pub(crate) fn needs_lookups(&self) -> bool {
        !self.lookups.is_empty()
    }

    /// The names of all values that the rule looks at.
    pub(crate) fn value_names(&self) -> BTreeSet<&ValueName> {
        let mut names = BTreeSet::new();
        for part in self.requirement.parts().chain(&self.when) {
            names.extend(part.value_names());
        }
        names
    }

    /// The names of all attributes of the form that the rule looks at.
    pub(crate) fn form_attributes(&self) -> BTreeSet<&str> {
        self.value_names().into_iter().filter_map(ValueName::form_attribute).collect()
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

/// Whether a condition names a value that a lookup finds.
fn uses_lookup(condition: &Part) -> bool {
    condition.value_names().iter().any(|name| name.lookup().is_some())
}

/// Whether a condition of `when` holds.
///
/// A present value that the condition cannot read meets the condition, and so does a value that is too costly to
/// check. Otherwise an end user could skip a rule by sending such a value.
fn holds(condition: &Part, context: &EvalContext<'_>) -> bool {
    if let Some(holds) = context.known_parts.get(condition) {
        return holds;
    }
    let holds = check_condition(condition, context);
    if !holds {
        context.known_parts.keep(condition, false);
    }
    holds
}

/// Checks a condition whose result is not known yet. Returns whether the condition holds.
fn check_condition(condition: &Part, context: &EvalContext<'_>) -> bool {
    let Err(unmet) = condition.check(context) else {
        return true;
    };
    match unmet {
        Unmet::NotAnAddress(_) => true,
        Unmet::CheckFailed { mismatch, .. } => match mismatch {
            Mismatch::Type | Mismatch::Unreadable | Mismatch::TooCostly => true,
            Mismatch::Value => false,
        },
        Unmet::Absent(_) => false,
        // `Part::check` returns none of these.
        Unmet::NoPart(_)
        | Unmet::WrongResult(_)
        | Unmet::LookupsFailed(_)
        | Unmet::LookupNotAsked(_) => false,
    }
}
