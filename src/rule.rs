//! The engine: [`Rule`]s, the [`Hook`]s they make up, and [`Hook::evaluate`], the one place that
//! decides.
//!
//! Evaluation is a total function of the rules and the request. Whatever can go wrong in a rule
//! goes wrong when it is built; what a rule does not expect makes it fail, and a rule that fails
//! denies.

use std::{collections::BTreeMap, fmt};

use crate::hook::{
    Assignment, Decision, Denial, DenyStyle, ErrorCause, Form, NonEmpty, Request, RequestType,
};

pub mod check;
pub mod email;
pub mod node;

use check::{Check, Miss};

/// Every hook that is served, by its name.
#[derive(Debug)]
pub struct RuleSet {
    /// A hook's name is its path without the slash.
    pub hooks: BTreeMap<String, Hook>,
    /// A digest of what the rules were read from: the same content, the same revision.
    pub revision: String,
}

/// What one endpoint decides.
#[derive(Debug)]
pub struct Hook {
    /// For `self.service.registration`, and for Classic Engine's registrations.
    pub registration: Option<Section>,
    /// For `progressive.profile`.
    pub progressive: Option<Section>,
}

/// The rules for one kind of request.
#[derive(Debug)]
pub struct Section {
    /// The top-level `errorSummary` of a denial.
    pub summary: String,
    /// How a denial is written.
    pub deny: DenyStyle,
    /// What must hold.
    pub policy: Policy,
    /// The attributes to copy from the form, in this order, when all is well.
    pub update: Vec<String>,
}

/// What a section lets through. A section without rules has to say that it means it.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there are two of them a hook, built once")]
pub enum Policy {
    /// Everything (`allow_all = true`).
    AllowAll,
    /// Requests for which every rule holds.
    Rules(NonEmpty<Rule>),
}

/// One requirement, and what the end user is told where it is not met.
#[derive(Debug)]
pub struct Rule {
    /// Unique in its file; stands in logs and explanations.
    pub id: String,
    /// What is required of the form.
    pub requirement: Requirement,
    /// The text for the end user.
    pub message: String,
    /// The cause's `reason`.
    pub reason: String,
    /// The cause's `location`.
    pub location: String,
    /// The cause's `domain`.
    pub cause_domain: String,
}

/// How the parts of a rule go together.
#[derive(Debug)]
pub enum Requirement {
    /// Each part must hold; a plain rule is one part.
    All(NonEmpty<Part>),
    /// At least one part must hold.
    Any(NonEmpty<Part>),
}

/// Checks that must all hold for each of some attributes.
#[derive(Debug)]
pub struct Part {
    /// Names of the form's attributes.
    pub attributes: NonEmpty<String>,
    /// What is asked of each.
    pub checks: NonEmpty<Box<dyn Check>>,
    /// Whether an absent attribute is all right.
    pub optional: bool,
}

/// What came of a request: the decision, and how each rule came to it.
pub struct Evaluation<'r, 'q> {
    /// What Okta is to do.
    pub decision: Decision<'q>,
    /// One verdict a rule, in the file's order.
    pub verdicts: Vec<Verdict<'r>>,
    /// Whether the hook has a section for such a request. Where not, it is denied.
    pub handled: bool,
}

/// A rule and whether it holds.
pub struct Verdict<'r> {
    /// The rule.
    pub rule: &'r Rule,
    /// What is amiss, or nothing.
    pub unmet: Option<Unmet<'r>>,
}

impl Verdict<'_> {
    /// The outcome in logs and metrics.
    pub fn outcome(&self) -> &'static str {
        if self.unmet.is_some() { "fail" } else { "pass" }
    }
}

/// Why a rule does not hold. Names attributes and checks and holds no value.
#[derive(Debug)]
pub enum Unmet<'r> {
    /// The attribute is missing, null or empty.
    Absent(&'r str),
    /// A check of the attribute is not met.
    Missed {
        /// The attribute's name.
        attribute: &'r str,
        /// The check.
        check: &'r dyn Check,
        /// In what way.
        miss: Miss,
    },
    /// None of the parts of an `any` holds; each for its reason.
    NoPart(Vec<Unmet<'r>>),
}

impl fmt::Display for Unmet<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent(attribute) => write!(out, "`{attribute}` is missing or empty"),
            Self::NoPart(parts) => {
                let parts: Vec<_> = parts.iter().map(Self::to_string).collect();
                out.write_str(&parts.join(", and "))
            }
            Self::Missed { attribute, check, miss } => {
                write!(out, "`{attribute}`: expected {}", check.asks())?;
                match miss {
                    Miss::Value => Ok(()),
                    Miss::Type => out.write_str(", found another type of value"),
                }
            }
        }
    }
}

impl Hook {
    /// Judges a request.
    pub fn evaluate<'r: 'q, 'q>(&'r self, request: &'q Request<'_>) -> Evaluation<'r, 'q> {
        let section = if request.request_type.is_registration() {
            &self.registration
        } else {
            &self.progressive
        };
        match section {
            Some(section) => section.evaluate(&request.form),
            None => Evaluation {
                decision: unhandled(request.request_type),
                verdicts: Vec::new(),
                handled: false,
            },
        }
    }
}

impl Section {
    fn evaluate<'r: 'q, 'q>(&'r self, form: &'q Form<'_>) -> Evaluation<'r, 'q> {
        let verdicts: Vec<_> = match &self.policy {
            Policy::AllowAll => Vec::new(),
            Policy::Rules(rules) => {
                rules.iter().map(|rule| Verdict { rule, unmet: rule.unmet(form) }).collect()
            }
        };
        let causes = NonEmpty::collect(
            verdicts
                .iter()
                .filter(|verdict| verdict.unmet.is_some())
                .map(|verdict: &Verdict<'r>| verdict.rule.cause()),
        );
        let decision = match causes {
            Some(causes) => {
                Decision::Deny(Denial { style: self.deny, summary: &self.summary, causes })
            }
            None => self.update(form),
        };
        Evaluation { decision, verdicts, handled: true }
    }

    fn update<'q>(&'q self, form: &'q Form<'_>) -> Decision<'q> {
        NonEmpty::collect(self.update.iter().filter_map(|name| {
            form.submitted(name).map(|attribute| Assignment {
                attribute: name,
                json: (&*attribute.submitted).into(),
            })
        }))
        .map_or(Decision::Allow, Decision::Update)
    }
}

impl Rule {
    /// What keeps the form from meeting this rule, if anything does.
    pub fn unmet(&self, form: &Form<'_>) -> Option<Unmet<'_>> {
        match &self.requirement {
            Requirement::All(parts) => parts.iter().find_map(|part| part.unmet(form)),
            Requirement::Any(parts) => {
                let unmet = parts.iter().map(|part| part.unmet(form));
                unmet.collect::<Option<_>>().map(Unmet::NoPart)
            }
        }
    }

    /// Every attribute it looks at, without repetition.
    pub fn attributes(&self) -> Vec<&str> {
        let parts = || self.parts().iter();
        let named = parts().flat_map(|part| part.attributes.iter()).map(String::as_str);
        let others = parts().flat_map(|part| part.checks.iter()).filter_map(|check| check.other());
        let mut attributes = Vec::new();
        for name in named.chain(others) {
            if !attributes.contains(&name) {
                attributes.push(name);
            }
        }
        attributes
    }

    /// Whether a check looks at other attributes than the one it is asked of.
    pub fn looks_further(&self) -> bool {
        self.parts().iter().flat_map(|part| part.checks.iter()).any(|check| check.other().is_some())
    }

    fn parts(&self) -> &NonEmpty<Part> {
        let (Requirement::All(parts) | Requirement::Any(parts)) = &self.requirement;
        parts
    }

    fn cause(&self) -> ErrorCause<'_> {
        ErrorCause {
            message: &self.message,
            reason: &self.reason,
            location: &self.location,
            domain: &self.cause_domain,
        }
    }
}

impl Part {
    fn unmet(&self, form: &Form<'_>) -> Option<Unmet<'_>> {
        self.attributes.iter().find_map(|attribute| {
            let Some(submitted) = form.get(attribute) else {
                return (!self.optional).then_some(Unmet::Absent(attribute));
            };
            self.checks.iter().find_map(|check| {
                let miss = check.judge(&submitted.value, form).err()?;
                Some(Unmet::Missed { attribute, check: check.as_ref(), miss })
            })
        })
    }
}

/// The answer to a request that the hook has no section for. Okta's sample lets it through.
fn unhandled(request_type: RequestType) -> Decision<'static> {
    const TEXT: &str = "This request cannot be processed here. Please contact your admin.";
    Decision::Deny(Denial {
        style: if request_type.is_registration() { DenyStyle::Command } else { DenyStyle::Error },
        summary: TEXT,
        causes: NonEmpty::of(ErrorCause {
            message: TEXT,
            reason: "UNHANDLED_REQUEST_TYPE",
            location: "requestType",
            domain: "external-service",
        }),
    })
}
