//! A constant or a template.

use serde_json::value::RawValue;

use super::outcome::WhyNotSet;
use crate::{
    okta::{NewValue, Value, response::SIZE_LIMIT},
    rule::{
        check::{EvalContext, Found},
        value_name::ValueName,
    },
};

/// A value to set.
pub(crate) enum SetValue {
    /// Always the same value.
    Constant(Box<RawValue>),
    /// A text with values in it.
    Template(Vec<Piece>),
}

/// A piece of a template.
pub(crate) enum Piece {
    /// This text.
    Text(String),
    /// The value of this name.
    Value(ValueName),
    /// The text of a pattern's group.
    Group { name: String, index: usize },
}

impl SetValue {
    /// The value in one request. A template gives none if a value in it is absent.
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
        let pieces = match self {
            Self::Constant(json) => return Ok(NewValue::Json(json)),
            Self::Template(pieces) => pieces,
        };
        let mut text = String::new();
        for piece in pieces {
            // Whatever follows, the answer is too large, and so the request is denied.
            if text.len() > SIZE_LIMIT {
                break;
            }
            match piece {
                Piece::Text(constant) => text.push_str(constant),
                Piece::Value(name) => match required(name, context)?.text() {
                    Some(value) => text.push_str(value),
                    None => return Err(WhyNotSet::NotText(name)),
                },
                Piece::Group { name, index } => match groups.get(*index) {
                    Some(Some(group)) if !group.is_empty() => text.push_str(group),
                    _ => return Err(WhyNotSet::NoGroup(name)),
                },
            }
        }
        Ok(NewValue::Text(text.into()))
    }

    /// The names of the values in a template. A constant has none.
    pub(crate) fn value_names(&self) -> Vec<&ValueName> {
        let mut names = Vec::new();
        if let Self::Template(pieces) = self {
            for piece in pieces {
                if let Piece::Value(name) = piece {
                    names.push(name);
                }
            }
        }
        names
    }
}

/// The value of a name, or why a value that needs it is not set.
pub(super) fn required<'r, 'v>(
    name: &'r ValueName,
    context: &'v EvalContext<'_>,
) -> Result<Value<'v>, WhyNotSet<'r>> {
    match context.find(name) {
        Found::Present(value) => Ok(value),
        Found::NotAnAddress => Err(WhyNotSet::NotAnAddress(name)),
        Found::Absent => Err(WhyNotSet::Absent(name)),
    }
}
