//! The attributes that a section sets: constants, templates and normalised attributes.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{check::EvalContext, node::Spanned, value_name::ValueName};
use crate::okta::{Form, NewValue, Value};

/// An attribute to set, and the source of its value.
pub(crate) struct Set {
    pub(crate) attribute: Spanned<String>,
    pub(crate) source: Source,
}

/// The source of a value.
pub(crate) enum Source {
    /// Always the same value.
    Constant(Box<RawValue>),
    /// A text with values in it.
    Template(Vec<Piece>),
    /// The submitted value, changed by these steps before it is judged.
    Normalize(Vec<Step>),
}

/// A piece of a template.
pub(crate) enum Piece {
    /// This text.
    Text(String),
    /// The value of this name.
    Value(ValueName),
}

/// A step of a normalisation.
pub(crate) type Step = fn(&str) -> String;

/// The steps by their names in rules files.
pub(crate) const STEPS: [(&str, Step); 4] = [
    ("trim", |text| text.trim().to_owned()),
    ("lowercase", str::to_lowercase),
    ("uppercase", str::to_uppercase),
    ("e164", e164),
];

/// A telephone number without the usual separators, and with `+` in place of `00`.
fn e164(text: &str) -> String {
    let number = text.replace([' ', '-', '.', '/', '(', ')', '\u{a0}'], "");
    match number.strip_prefix("00") {
        Some(rest) => format!("+{rest}"),
        None => number,
    }
}

/// The form with its attributes normalised. Copies it only if one of them is.
pub(super) fn normalise<'f, 'a>(sets: &[Set], form: &'f Form<'a>) -> Cow<'f, Form<'a>> {
    let mut normalised = Cow::Borrowed(form);
    for Set { attribute, source } in sets {
        // A value that is not a text stays as it is, for the rules to refuse.
        if let Source::Normalize(steps) = source
            && let Some(found) = form.get(attribute)
            && let Value::Text(text) = &found.value
        {
            let text = Value::Text(Cow::Owned(normalise_text(steps, text)));
            normalised.to_mut().replace(attribute, text);
        }
    }
    normalised
}

fn normalise_text(steps: &[Step], text: &str) -> String {
    let mut text = text.to_owned();
    for step in steps {
        text = step(&text);
    }
    text
}

impl Set {
    /// The value to set. Returns `None` if a value that it needs is absent. `submitted` is the form
    /// before its attributes were normalised.
    pub(super) fn value<'q>(
        &'q self,
        submitted: &'q Form<'_>,
        context: &EvalContext<'_>,
    ) -> Option<NewValue<'q>> {
        match &self.source {
            Source::Constant(json) => Some(NewValue::Json(json)),
            Source::Template(pieces) => Some(NewValue::Text(fill(pieces, context)?)),
            Source::Normalize(_) => {
                // Normalising may leave an empty text, which is then the value to store.
                let original = submitted.get(&self.attribute)?;
                match &context.form.submitted(&self.attribute)?.value {
                    Value::Text(text) => Some(NewValue::Text(text.to_string())),
                    _ => Some(NewValue::Json(original.submitted)),
                }
            }
        }
    }
}

/// The text of a template. Returns `None` if a value in it is absent.
fn fill(pieces: &[Piece], context: &EvalContext<'_>) -> Option<String> {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(constant) => text.push_str(constant),
            Piece::Value(name) => text.push_str(context.find(name).present()?.text()?),
        }
    }
    Some(text)
}
