//! The engine: [`Rule`]s, the [`Hook`]s that they make up, and [`Hook::judge`], the only place that
//! decides.
//!
//! Judging is a total function of the rules, the request and the facts. Everything that can go wrong
//! in a rule goes wrong when it is loaded. A rule fails on a value that it does not expect, and a
//! rule that fails denies.

use std::collections::{BTreeMap, BTreeSet};

use crate::okta::{ErrorCause, language::LanguageTag};

pub mod check;
pub mod email;
mod example;
mod hook;
pub(crate) mod node;
mod requirement;
pub(crate) mod set;
pub(crate) mod template;
pub mod text;
pub mod value_name;

pub use check::Facts;
use check::{EvalContext, Mismatch};
pub use example::RuleExample;
pub use hook::{Hook, Judgement, Rules, Section};
use node::Node;
pub use node::{Span, Spanned};
pub use requirement::{Part, PartCheck, Requirement, Unmet};
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

/// The parts of a rule's source that lints read. A request does not read them.
#[derive(Default)]
pub struct Places {
    pub(crate) id: Span,
    /// The place of the location, if the rule gives one.
    pub(crate) location: Option<Span>,
    /// The list of examples that pass, if there is one and the rules keep their lists.
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

    pub(crate) fn outcome(&self, context: &EvalContext<'_>) -> Outcome<'_> {
        if !self.when.iter().all(|condition| holds(condition, context)) {
            return Outcome::Skip;
        }
        match self.requirement.check_form(context) {
            Ok(()) => Outcome::Pass,
            Err(unmet) => Outcome::Fail(unmet),
        }
    }

    /// The names of all values that the rule looks at.
    pub(crate) fn value_names(&self) -> BTreeSet<&ValueName> {
        let mut names = BTreeSet::new();
        for part in self.requirement.parts().iter().chain(&self.when) {
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

/// Whether a condition of `when` holds. A value that is present and cannot be read as the condition
/// expects counts as a match, so that no user can skip a rule by malforming a value. A value that is too
/// costly to check counts, too.
fn holds(condition: &Part, context: &EvalContext<'_>) -> bool {
    match condition.check_form(context) {
        Ok(()) | Err(Unmet::NotAnAddress(_)) => true,
        Err(Unmet::Failed { mismatch, .. }) => mismatch != Mismatch::Value,
        Err(Unmet::Absent(_) | Unmet::NoPart(_)) => false,
    }
}
