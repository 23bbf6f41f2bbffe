//! A constant or a template.

use serde_json::value::RawValue;

use super::outcome::WhyNotSet;
use crate::{
    okta::NewValue,
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
}

impl SetValue {
    /// The value in one request. A template gives none if a value in it is absent.
    pub(super) fn fill<'r: 'q, 'q>(
        &'r self,
        context: &EvalContext<'_>,
    ) -> Result<NewValue<'q>, WhyNotSet<'r>> {
        let pieces = match self {
            Self::Constant(json) => return Ok(NewValue::Json(json)),
            Self::Template(pieces) => pieces,
        };
        let mut text = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(constant) => text.push_str(constant),
                Piece::Value(name) => push_value(&mut text, name, context)?,
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

fn push_value<'r>(
    text: &mut String,
    name: &'r ValueName,
    context: &EvalContext<'_>,
) -> Result<(), WhyNotSet<'r>> {
    match context.find(name) {
        Found::Present(value) => match value.scalar() {
            Some(scalar) => {
                text.push_str(scalar);
                Ok(())
            }
            None => Err(WhyNotSet::NotText(name)),
        },
        Found::NotAnAddress => Err(WhyNotSet::NotAnAddress(name)),
        Found::Absent => Err(WhyNotSet::Absent(name)),
    }
}
