//! What a rule requires of a form, and why a form does not meet it.

use derive_more::Display;

use super::{
    check::{Check, EvalContext, Mismatch, kinds::Admits},
    spanned::{Span, Spanned},
};
use crate::okta::NonEmpty;

/// How the parts of a rule go together.
pub enum Requirement {
    /// Each part must hold; a plain rule is one part.
    All(NonEmpty<Part>),
    /// At least one part must hold.
    Any(NonEmpty<Part>),
}

/// Checks that must all hold for each of some attributes.
pub struct Part {
    /// Names of the form's attributes.
    pub attributes: NonEmpty<Spanned<String>>,
    /// What is asked of each.
    pub checks: NonEmpty<PartCheck>,
    /// Whether an absent attribute is all right.
    pub optional: bool,
}

/// A check of a part.
pub struct PartCheck {
    /// What is asked of the attributes.
    pub check: Check,
    /// How the check is written.
    pub source: CheckSource,
}

/// How a check is written in its file. Lints read it. A request does not.
pub struct CheckSource {
    /// The place of the argument.
    pub(crate) argument: Span,
    pub(crate) admits: Admits,
    /// Whether `ignore_case` is set and the kind of check takes it.
    pub(crate) ignore_case: bool,
}

/// A check that is not from a file.
impl From<Check> for PartCheck {
    fn from(check: Check) -> Self {
        let source = CheckSource { argument: 0..0, admits: Admits::Unknown, ignore_case: false };
        Self { check, source }
    }
}

/// Why a rule does not hold. Names attributes and checks and holds no value.
#[derive(Display)]
pub enum Unmet<'r> {
    /// The attribute is missing, null or empty.
    #[display("`{_0}` is missing or empty")]
    Absent(&'r str),
    /// A check of the attribute is not met.
    #[display("`{attribute}`: expected {check}{mismatch}")]
    Missed {
        /// The attribute's name.
        attribute: &'r str,
        /// The check.
        check: &'r Check,
        /// Why it is not met.
        mismatch: Mismatch,
    },
    /// None of the parts of an `any` holds; each for its reason.
    #[display("{}", _0.iter().map(Self::to_string).collect::<Vec<_>>().join(", and "))]
    NoPart(Vec<Unmet<'r>>),
}

impl Requirement {
    /// Its parts, however they go together.
    pub fn parts(&self) -> &NonEmpty<Part> {
        let (Self::All(parts) | Self::Any(parts)) = self;
        parts
    }

    pub(super) fn unmet(&self, context: &EvalContext<'_>) -> Option<Unmet<'_>> {
        match self {
            Self::All(parts) => parts.iter().find_map(|part| part.unmet(context)),
            Self::Any(parts) => {
                let unmet = parts.iter().map(|part| part.unmet(context));
                unmet.collect::<Option<_>>().map(Unmet::NoPart)
            }
        }
    }
}

impl Part {
    pub(super) fn unmet(&self, context: &EvalContext<'_>) -> Option<Unmet<'_>> {
        self.attributes.iter().find_map(|attribute| {
            let Some(submitted) = context.form.get(attribute) else {
                return (!self.optional).then_some(Unmet::Absent(attribute));
            };
            self.checks.iter().find_map(|PartCheck { check, .. }| {
                let mismatch = check.judge(&submitted.value, context).err()?;
                Some(Unmet::Missed { attribute, check, mismatch })
            })
        })
    }
}
