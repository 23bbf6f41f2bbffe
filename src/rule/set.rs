//! The attributes that a section sets, and the recipes for their values.

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
pub(crate) use normalize::{STEPS, Step, apply_steps, steps_of_normalize};
pub use outcome::SetOutcome;
pub(crate) use outcome::{Alternative, WhyNotSet};
pub(crate) use pattern::{GroupPattern, Matched};
pub(crate) use text_map::{RepeatedKey, TextMap};
pub(crate) use value::{GroupName, SetValue};

/// An entry of `set`: an attribute, and the recipe for its value.
pub(crate) struct SetEntry {
    pub(crate) attribute: Spanned<String>,
    pub(crate) recipe: Recipe,
    /// The names of the lookups whose results the recipe needs.
    pub(crate) lookups: Vec<String>,
}

/// How a value to set is made. Large recipes are boxed, since a section may have many attributes.
pub(crate) enum Recipe {
    /// This value, whatever was submitted.
    Value(Spanned<SetValue>),
    /// The submitted value, normalized by these steps. The rules judge the normalized value, not the
    /// submitted one.
    Normalize(Vec<Step>),
    /// This value, unless the form has one.
    Default(Spanned<SetValue>),
    /// The value of the first branch that holds.
    Branches(Vec<Branch>),
    /// The value that a map has for another value.
    Mapped(Box<Mapped>),
    /// A value made from the groups of a pattern that matches another value.
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
///
/// Has two lifetimes, since the value may borrow from the request (`'q`) as well as from the rules (`'r`, which is
/// longer). The reason borrows only from the rules, so that it can outlive the request, in an explanation.
pub(super) struct Attempt<'r, 'q> {
    pub(super) alternative: Alternative,
    pub(super) value: Result<NewValue<'q>, WhyNotSet<'r>>,
}

impl<'r, 'q> Attempt<'r, 'q> {
    /// An attempt with a recipe that has no alternatives, or of which none was taken.
    pub(super) fn without_alternative(value: Result<NewValue<'q>, WhyNotSet<'r>>) -> Self {
        Self { alternative: Alternative::None, value }
    }
}

/// The form with its attributes normalized. Copies the form only if an attribute in it is to be normalized.
pub(super) fn normalized_form<'f, 'a>(
    entries: &[SetEntry],
    form: &'f Form<'a>,
) -> Cow<'f, Form<'a>> {
    let mut normalized = Cow::Borrowed(form);
    for SetEntry { attribute, recipe, .. } in entries {
        // A value of another type than text stays as it is.
        if let Recipe::Normalize(steps) = recipe
            && let Some(found) = form.get(attribute)
            && let Value::Text(text) = &found.value
        {
            let text = normalize::apply_steps(steps, text);
            normalized.to_mut().replace(attribute, Value::Text(Cow::Owned(text)));
        }
    }
    normalized
}

impl Recipe {
    /// The constants and templates in the rules file that may be set.
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

    /// The name in the key `from`.
    pub(crate) fn name_in_from(&self) -> Option<&Spanned<ValueName>> {
        match self {
            Self::Mapped(mapped) => Some(&mapped.from),
            Self::Matched(matched) => Some(&matched.from),
            _ => None,
        }
    }

    /// The names of all values that the recipe looks at.
    pub(crate) fn value_names(&self) -> Vec<&ValueName> {
        let mut names = Vec::new();
        for branch in self.branches() {
            names.extend(branch.when.iter().flat_map(Part::value_names));
        }
        if let Some(from) = self.name_in_from() {
            names.push(&from.value);
        }
        for value in self.values() {
            names.extend(value.value_names());
        }
        names
    }

    /// The branches, if the recipe has any.
    pub(crate) fn branches(&self) -> &[Branch] {
        match self {
            Self::Branches(branches) => branches,
            _ => &[],
        }
    }
}

impl SetEntry {
    /// The value to set, or the reason why none is.
    pub(super) fn attempt<'r: 'q, 'q>(
        &'r self,
        request: &'q Request<'_>,
        context: &EvalContext<'_>,
    ) -> Attempt<'r, 'q> {
        match &self.recipe {
            Recipe::Default(_) if request.form.get(&self.attribute).is_some() => {
                Attempt::without_alternative(Err(WhyNotSet::Submitted))
            }
            Recipe::Value(value) | Recipe::Default(value) => {
                Attempt::without_alternative(value.fill(context))
            }
            Recipe::Normalize(_) => {
                Attempt::without_alternative(self.normalized_value(&request.form, context))
            }
            Recipe::Branches(branches) => attempt_branches(branches, context),
            Recipe::Mapped(mapped) => mapped.attempt(context),
            Recipe::Matched(matched) => Attempt::without_alternative(matched.fill(context)),
            Recipe::Generated(generator) => {
                Attempt::without_alternative(generated_value(generator, request))
            }
        }
    }

    /// The normalized value. `submitted` is the form before it was normalized, and `context` has the normalized one.
    /// If the steps leave nothing of a text, the value is an empty text.
    fn normalized_value<'q>(
        &self,
        submitted: &'q Form<'_>,
        context: &EvalContext<'_>,
    ) -> Result<NewValue<'q>, WhyNotSet<'static>> {
        let Some(original) = submitted.get(&self.attribute) else {
            return Err(WhyNotSet::NotSubmitted);
        };
        match context.form.get_even_if_empty(&self.attribute) {
            Some(attribute) if let Value::Text(text) = &attribute.value => {
                Ok(NewValue::Text(text.to_string().into()))
            }
            // A value of another type is set as it was submitted.
            _ => Ok(NewValue::Json(original.json)),
        }
    }
}

/// The identifier that is made from the request's `eventId`.
fn generated_value<'q>(
    generator: &Generator,
    request: &Request<'_>,
) -> Result<NewValue<'q>, WhyNotSet<'static>> {
    match &request.event_id {
        Some(event_id) if !event_id.is_empty() => {
            Ok(NewValue::Text(generator.identifier(event_id).into()))
        }
        _ => Err(WhyNotSet::NoEventId),
    }
}

/// The value of the first branch whose conditions hold. A value that a condition cannot read does not meet the
/// condition. In the `when` of a rule or lookup it does: otherwise an end user could skip the
/// rule with such a value.
fn attempt_branches<'r: 'q, 'q>(
    branches: &'r [Branch],
    context: &EvalContext<'_>,
) -> Attempt<'r, 'q> {
    for (index, Branch { when, value }) in branches.iter().enumerate() {
        if when.iter().all(|condition| condition.check(context).is_ok()) {
            let alternative = Alternative::Branch(index);
            return Attempt { alternative, value: value.fill(context) };
        }
    }
    Attempt::without_alternative(Err(WhyNotSet::NoBranch))
}
