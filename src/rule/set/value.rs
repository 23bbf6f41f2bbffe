//! A value to set: a constant or a template.

use serde_json::value::RawValue;

use super::outcome::WhyNotSet;
use crate::{
    okta::{NewValue, Value, response::SIZE_LIMIT},
    rule::{
        check::{EvalContext, Found},
        template::{Piece, Template},
        value_name::ValueName,
    },
};

/// A value to set.
pub(crate) enum SetValue {
    /// The same value in each request, as JSON.
    Constant(Box<RawValue>),
    /// A text with the values of names in it.
    Template(Template<ValueName>),
    /// A text with the texts of a pattern's groups in it.
    Groups(Template<GroupName>),
}

/// The name of a pattern's group.
pub(crate) struct GroupName {
    pub(crate) name: String,
    pub(crate) index: usize,
}

impl SetValue {
    /// The value in one request. Fails if a value in a template is absent. A value with groups of a pattern needs
    /// [`Self::fill_with_groups`].
    pub(super) fn fill<'r: 'q, 'q>(
        &'r self,
        context: &EvalContext<'_>,
    ) -> Result<NewValue<'q>, WhyNotSet<'r>> {
        self.fill_with_groups(context, &[])
    }

    /// Like [`Self::fill`], with the texts of a pattern's groups.
    pub(super) fn fill_with_groups<'r: 'q, 'q>(
        &'r self,
        context: &EvalContext<'_>,
        groups: &[Option<&str>],
    ) -> Result<NewValue<'q>, WhyNotSet<'r>> {
        let text = match self {
            Self::Constant(json) => return Ok(NewValue::Json(json.get())),
            Self::Template(template) => {
                fill(template, |name, text| push_value(name, context, text))?
            }
            Self::Groups(template) => fill(template, |name, text| push_group(name, groups, text))?,
        };
        Ok(NewValue::Text(text.into()))
    }

    /// The names of the values in a template. A constant has none.
    pub(crate) fn value_names(&self) -> Vec<&ValueName> {
        match self {
            Self::Template(template) => template.names(),
            Self::Constant(_) | Self::Groups(_) => Vec::new(),
        }
    }
}

/// Appends the text of a group to a text. `groups` has the texts of all groups.
fn push_group<'r>(
    name: &'r GroupName,
    groups: &[Option<&str>],
    text: &mut String,
) -> Result<(), WhyNotSet<'r>> {
    match groups.get(name.index) {
        Some(Some(group)) if !group.is_empty() => text.push_str(group),
        _ => return Err(WhyNotSet::EmptyGroup(&name.name)),
    }
    Ok(())
}

/// Appends the value of a name to a text.
fn push_value<'r>(
    name: &'r ValueName,
    context: &EvalContext<'_>,
    text: &mut String,
) -> Result<(), WhyNotSet<'r>> {
    match find_required(name, context)?.text() {
        Some(value) => text.push_str(value),
        None => return Err(WhyNotSet::NotText(name)),
    }
    Ok(())
}

/// Fills a template. `push` appends the value of a name to the text.
fn fill<'r, N>(
    template: &'r Template<N>,
    push: impl Fn(&'r N, &mut String) -> Result<(), WhyNotSet<'r>>,
) -> Result<String, WhyNotSet<'r>> {
    let mut text = String::new();
    for piece in &template.pieces {
        // The answer is already too large, so the request is denied whatever follows.
        if text.len() > SIZE_LIMIT {
            break;
        }
        match piece {
            Piece::Text(constant) => text.push_str(constant),
            Piece::Name(name) => push(name, &mut text)?,
        }
    }
    Ok(text)
}

/// Finds the value of a name that a recipe needs. Fails with the reason why the attribute is not set.
pub(super) fn find_required<'r, 'v>(
    name: &'r ValueName,
    context: &'v EvalContext<'_>,
) -> Result<Value<'v>, WhyNotSet<'r>> {
    match context.find(name) {
        Found::Present(value) => {
            // Most recipes copy the value, which costs as much as a check.
            let length = value.text().unwrap_or_default().len();
            context.work.spend_check(length).map_err(|_| WhyNotSet::TooCostly(name))?;
            Ok(value)
        }
        Found::NotAnAddress => Err(WhyNotSet::NotAnAddress(name)),
        Found::Absent => Err(WhyNotSet::Absent(name)),
    }
}
