//! The requirements of rules, and the reasons why a request does not meet them.

use derive_more::Display;

use super::{
    check::{Check, EvalContext, Found, Mismatch, kinds::Admits},
    list_line,
    lookup::state::LookupState,
    node::{Content, Node, Span, Spanned},
    value_name::ValueName,
};
use crate::okta::{NonEmpty, Value};

/// The requirement of a rule: its parts and how they are combined, or a lookup.
pub enum Requirement {
    /// Each part must hold. A rule without `all` and `any` has one part.
    All(NonEmpty<Part>),
    /// At least one part must hold.
    Any(NonEmpty<Part>),
    /// A lookup must have this result.
    Lookup(RequiredResult),
}

/// The requirement that a lookup found something, or that it found nothing.
pub struct RequiredResult {
    /// The lookup's name.
    pub(crate) lookup: String,
    /// True if the lookup must have found something, false if it must have found nothing.
    pub(crate) must_find: bool,
}

/// Values, and checks that must all hold for each of them.
pub struct Part {
    /// The names of the values. Most are attributes of the form.
    pub attributes: NonEmpty<Spanned<ValueName>>,
    /// The checks that each value must pass.
    pub checks: NonEmpty<PartCheck>,
    /// Whether an absent value passes.
    pub optional: bool,
    /// The number of the part among the different parts of its section. `None` for a part in code instead of a rules
    /// file.
    pub number: Option<usize>,
}

/// A check of a part. Judging reads the check alone; the other fields are for lints.
pub struct PartCheck {
    /// The check.
    pub check: Check,
    /// The place of the argument.
    pub(crate) argument_span: Span,
    /// The argument, if it is a list. `None` also if the rules are loaded to serve: only a load for lints
    /// keeps lists.
    pub(crate) list: Option<Node>,
    /// The notes on lines of the check's list file that look like a mistake.
    pub(crate) list_notes: Vec<String>,
    /// The values that the check can ever admit, as far as its kind says. Unknown if the check converts values by
    /// `compare`.
    pub(crate) admits: Admits,
    /// Whether the check ignores case: `ignore_case` is set, and the kind of check takes it.
    pub(crate) ignore_case: bool,
}

impl PartCheck {
    /// Adds the notes on the lines of `list`, which were read from the file of this name.
    pub(crate) fn with_list_notes(self, name: &str, list: &Node) -> Self {
        match &list.content {
            Content::Lines(text) => Self { list_notes: list_line::notes(name, text), ..self },
            _ => self,
        }
    }
}

/// For a check in code instead of a rules file, so its place is empty.
impl From<Check> for PartCheck {
    fn from(check: Check) -> Self {
        Self {
            check,
            argument_span: 0..0,
            list: None,
            list_notes: Vec::new(),
            admits: Admits::Unknown,
            ignore_case: false,
        }
    }
}

/// The reason why a requirement is not met. Holds names of values and checks, and no value.
#[derive(Display)]
pub enum Unmet<'r> {
    /// The value is missing, null or empty.
    #[display("`{_0}` is missing or empty")]
    Absent(&'r ValueName),
    /// The value is a part of an attribute that is not a plain email address.
    #[display("`{_0}` is missing: the attribute is not a plain email address")]
    NotAnAddress(&'r ValueName),
    /// The value fails a check.
    #[display("`{name}`: expected {check}{mismatch}")]
    CheckFailed {
        /// The value's name.
        name: &'r ValueName,
        /// The check.
        check: &'r Check,
        /// Why the value fails the check.
        mismatch: Mismatch,
    },
    /// No part of an `any` holds. One reason per part.
    #[display("{}", join(_0))]
    NoPart(Vec<Unmet<'r>>),
    /// The lookup must find something and found nothing, or must find nothing and found something.
    #[display("the lookup `{}` found {}", _0.lookup, _0.wrong_result())]
    WrongResult(&'r RequiredResult),
    /// These lookups failed, so the requirement cannot be judged.
    #[display("failed lookups: `{}`", _0.join("`, `"))]
    LookupsFailed(Vec<&'r str>),
    /// This lookup could not be asked, so the requirement cannot be judged.
    #[display("the lookup `{_0}` was not asked")]
    LookupNotAsked(&'r str),
}

fn join(reasons: &[Unmet<'_>]) -> String {
    let texts: Vec<_> = reasons.iter().map(Unmet::to_string).collect();
    texts.join(", and ")
}

impl RequiredResult {
    /// The result that does not meet the requirement, in a word.
    fn wrong_result(&self) -> &'static str {
        if self.must_find { "nothing" } else { "something" }
    }
}

impl Requirement {
    /// The parts, however they are combined.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        let parts = match self {
            Self::All(parts) | Self::Any(parts) => Some(parts),
            Self::Lookup(_) => None,
        };
        parts.into_iter().flat_map(NonEmpty::iter)
    }

    /// Succeeds if the request meets the requirement. Otherwise returns the reason: the first one with
    /// [`Self::All`], those of all parts with [`Self::Any`].
    pub(super) fn check(&self, context: &EvalContext<'_>) -> Result<(), Unmet<'_>> {
        match self {
            Self::All(parts) => {
                for part in parts.iter() {
                    part.check(context)?;
                }
                Ok(())
            }
            Self::Any(parts) => {
                let mut reasons = Vec::new();
                for part in parts.iter() {
                    match part.check(context) {
                        Ok(()) => return Ok(()),
                        Err(reason) => reasons.push(reason),
                    }
                }
                Err(Unmet::NoPart(reasons))
            }
            Self::Lookup(required) => match context.lookups.get(&required.lookup) {
                Some(LookupState::Found(_)) if required.must_find => Ok(()),
                Some(LookupState::NotFound) if !required.must_find => Ok(()),
                // The lookup has the wrong result. If it had none, `Rule::outcome` would not call this function.
                _ => Err(Unmet::WrongResult(required)),
            },
        }
    }
}

impl Part {
    /// The names of all values that the part looks at.
    pub(crate) fn value_names(&self) -> Vec<&ValueName> {
        let mut names: Vec<_> = self.attributes.iter().map(|name| &name.value).collect();
        for part_check in self.checks.iter() {
            if let Some(other) = part_check.check.compared_with() {
                names.push(other);
            }
        }
        names
    }

    /// Succeeds if the part holds. Otherwise returns the first reason why it does not.
    pub(super) fn check(&self, context: &EvalContext<'_>) -> Result<(), Unmet<'_>> {
        // A part that does not hold is checked again, for the reason.
        if context.known_parts.get(self) == Some(true) {
            return Ok(());
        }
        self.check_values(context)?;
        context.known_parts.keep(self, true);
        Ok(())
    }

    fn check_values(&self, context: &EvalContext<'_>) -> Result<(), Unmet<'_>> {
        for name in self.attributes.iter() {
            match context.find(name) {
                Found::Present(value) => self.check_value(name, &value, context)?,
                Found::NotAnAddress => return Err(Unmet::NotAnAddress(name)),
                Found::Absent if self.optional => {}
                Found::Absent => return Err(Unmet::Absent(name)),
            }
        }
        Ok(())
    }

    fn check_value<'r>(
        &'r self,
        name: &'r ValueName,
        value: &Value<'_>,
        context: &EvalContext<'_>,
    ) -> Result<(), Unmet<'r>> {
        for PartCheck { check, .. } in self.checks.iter() {
            if let Err(mismatch) = check.check_value(value, context) {
                return Err(Unmet::CheckFailed { name, check, mismatch });
            }
        }
        Ok(())
    }
}
