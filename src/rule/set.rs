//! The attributes that a section sets, and the sources of their values.

use std::borrow::Cow;

use super::{check::EvalContext, node::Spanned, requirement::Part, value_name::ValueName};
use crate::okta::{Form, NewValue, Request, Value};

mod generate;
mod map;
mod normalize;
mod outcome;
mod pattern;
mod text_map;
mod value;

pub(crate) use generate::{Generator, IdentifierKind};
pub(crate) use map::{Mapped, ValueMap};
pub(crate) use normalize::{STEPS, Step};
pub use outcome::SetOutcome;
pub(crate) use outcome::{Alternative, WhyNotSet};
pub(crate) use pattern::{GroupPattern, Matched};
pub(crate) use text_map::{RepeatedKey, TextMap};
pub(crate) use value::{GroupName, SetValue};

/// An attribute to set, and the source of its value.
pub(crate) struct Set {
    pub(crate) attribute: Spanned<String>,
    pub(crate) source: Source,
    /// The names of the lookups that the source needs.
    pub(crate) lookups: Vec<String>,
}

/// The source of a value. The large ones are boxed, since a section may have many attributes.
pub(crate) enum Source {
    /// This value, whatever was submitted.
    Value(Spanned<SetValue>),
    /// The submitted value, changed by these steps before it is judged.
    Normalize(Vec<Step>),
    /// This value if none was submitted.
    Default(Spanned<SetValue>),
    /// The value of the first branch that holds.
    Branches(Vec<Branch>),
    /// The value that belongs to another value.
    Mapped(Box<Mapped>),
    /// A value made from the parts of another value.
    Matched(Box<Matched>),
    /// An identifier that is made from the request's `eventId`.
    Generated(Box<Generator>),
}

/// A value and the conditions under which it is set.
pub(crate) struct Branch {
    /// All of these must hold.
    pub(crate) when: Vec<Part>,
    pub(crate) value: Spanned<SetValue>,
}

/// The attempt to set an attribute.
pub(super) struct Attempt<'r, 'q> {
    pub(super) alternative: Alternative,
    pub(super) value: Result<NewValue<'q>, WhyNotSet<'r>>,
}

/// The form with its attributes normalized. Copies it only if one of them is.
pub(super) fn normalize<'f, 'a>(sets: &[Set], form: &'f Form<'a>) -> Cow<'f, Form<'a>> {
    let mut normalized = Cow::Borrowed(form);
    for Set { attribute, source, .. } in sets {
        // A value that is not a text stays as it is, for the rules to refuse.
        if let Source::Normalize(steps) = source
            && let Some(found) = form.get(attribute)
            && let Value::Text(text) = &found.value
        {
            let text = Value::Text(Cow::Owned(normalize::apply(steps, text)));
            normalized.to_mut().replace(attribute, text);
        }
    }
    normalized
}

impl Source {
    /// The constants and templates that may be written.
    pub(crate) fn values(&self) -> Vec<&Spanned<SetValue>> {
        match self {
            Self::Value(value) | Self::Default(value) => vec![value],
            Self::Matched(matched) => vec![&matched.value],
            Self::Normalize(_) | Self::Generated(_) => Vec::new(),
            Self::Branches(branches) => branches.iter().map(|branch| &branch.value).collect(),
            Self::Mapped(mapped) => match &mapped.map {
                ValueMap::Inline(map) => map.values().chain(&mapped.otherwise).collect(),
                ValueMap::File { .. } => mapped.otherwise.iter().collect(),
            },
        }
    }

    /// The name of the value that the source is made from: the key `from` of the rules file.
    pub(crate) fn made_from(&self) -> Option<&Spanned<ValueName>> {
        match self {
            Self::Mapped(mapped) => Some(&mapped.from),
            Self::Matched(matched) => Some(&matched.from),
            _ => None,
        }
    }

    /// The names of all values that the source looks at.
    pub(crate) fn value_names(&self) -> Vec<&ValueName> {
        let mut names = Vec::new();
        for branch in self.branches() {
            names.extend(branch.when.iter().flat_map(Part::value_names));
        }
        if let Some(from) = self.made_from() {
            names.push(&from.value);
        }
        for value in self.values() {
            names.extend(value.value_names());
        }
        names
    }

    /// The branches, if the source has any.
    pub(crate) fn branches(&self) -> &[Branch] {
        match self {
            Self::Branches(branches) => branches,
            _ => &[],
        }
    }
}

impl Set {
    /// The value to set, or why none is.
    pub(super) fn attempt<'r: 'q, 'q>(
        &'r self,
        request: &'q Request<'_>,
        context: &EvalContext<'_>,
    ) -> Attempt<'r, 'q> {
        let mut alternative = Alternative::Only;
        let value = match &self.source {
            Source::Value(value) => value.fill(context),
            Source::Normalize(_) => self.normalized(&request.form, context),
            Source::Default(value) => match request.form.get(&self.attribute) {
                None => value.fill(context),
                Some(_) => Err(WhyNotSet::Submitted),
            },
            Source::Branches(branches) => match first_that_holds(branches, context) {
                Some((index, branch)) => {
                    alternative = Alternative::Branch(index);
                    branch.value.fill(context)
                }
                None => Err(WhyNotSet::NoBranch),
            },
            Source::Mapped(mapped) => return mapped.attempt(context),
            Source::Matched(matched) => matched.fill(context),
            Source::Generated(generator) => match &request.event_id {
                Some(event_id) if !event_id.is_empty() => {
                    Ok(NewValue::Text(generator.identifier(event_id).into()))
                }
                _ => Err(WhyNotSet::NoEventId),
            },
        };
        Attempt { alternative, value }
    }

    /// The normalized value. `submitted` is the form before it was normalized. Steps may leave an empty
    /// text, which is stored as well.
    fn normalized<'q>(
        &self,
        submitted: &'q Form<'_>,
        context: &EvalContext<'_>,
    ) -> Result<NewValue<'q>, WhyNotSet<'static>> {
        let Some(original) = submitted.get(&self.attribute) else {
            return Err(WhyNotSet::NotSubmitted);
        };
        match context.form.get_or_empty(&self.attribute) {
            Some(attribute) if let Value::Text(text) = &attribute.value => {
                Ok(NewValue::Text(text.to_string().into()))
            }
            _ => Ok(NewValue::Json(original.json)),
        }
    }
}

/// The first branch whose conditions hold, with its index. A value that a condition cannot read does not
/// meet it. Only in the conditions of rules does such a value count as a match.
fn first_that_holds<'r>(
    branches: &'r [Branch],
    context: &EvalContext<'_>,
) -> Option<(usize, &'r Branch)> {
    for (index, branch) in branches.iter().enumerate() {
        if branch.when.iter().all(|condition| condition.check(context).is_ok()) {
            return Some((index, branch));
        }
    }
    None
}
