//! What a section sets besides what was submitted: constants, templates and normalised attributes.

use std::borrow::Cow;

use super::spanned::Spanned;
use crate::okta::{Attribute, Form, Value};

pub(crate) struct Set {
    pub(crate) attribute: Spanned<String>,
    pub(crate) source: Source,
}

/// How a value comes about.
pub(crate) enum Source {
    /// Always this, in JSON.
    Constant(String),
    /// Texts and attributes of the form, one after another.
    Template(Vec<Piece>),
    /// What was submitted, changed before it is judged.
    Normalize(Vec<Step>),
}

pub(crate) enum Piece {
    Text(String),
    Attribute(String),
}

pub(crate) type Step = fn(&str) -> String;

pub(crate) const STEPS: [(&str, Step); 4] = [
    ("trim", |text| text.trim().to_owned()),
    ("lowercase", str::to_lowercase),
    ("uppercase", str::to_uppercase),
    ("e164", e164),
];

/// A telephone number without what people write for the eye, and with `+` for `00`.
fn e164(text: &str) -> String {
    let number = text.replace([' ', '-', '.', '/', '(', ')', '\u{a0}'], "");
    number.strip_prefix("00").map(|rest| format!("+{rest}")).unwrap_or(number)
}

/// The form as it is judged: with the attributes normalised that are to be. Nothing if none is.
pub(super) fn normalised<'a>(sets: &[Set], form: &Form<'a>) -> Option<Form<'a>> {
    let mut changed = None;
    for set in sets {
        let Source::Normalize(steps) = &set.source else {
            continue;
        };
        // What is no text is left to the rules to refuse.
        let Some(Attribute { name, value: Value::Text(text), .. }) = form.get(&set.attribute)
        else {
            continue;
        };
        let text = steps.iter().fold(text.to_string(), |text, step| step(&text));
        changed.get_or_insert_with(|| form.clone()).replace(Attribute {
            name: name.clone(),
            submitted: Cow::Owned(json_text(&text)),
            value: Value::Text(Cow::Owned(text)),
        });
    }
    changed
}

impl Set {
    /// The value to set, in JSON; nothing where an attribute that it needs is absent from the form, as
    /// it was `submitted` or as it is judged.
    pub(super) fn json(&self, submitted: &Form<'_>, form: &Form<'_>) -> Option<Cow<'_, str>> {
        match &self.source {
            Source::Constant(json) => Some(json.into()),
            // Of blanks nothing may be left, which then is what Okta is to store.
            Source::Normalize(_) => {
                submitted.get(&self.attribute)?;
                Some(form.submitted(&self.attribute)?.submitted.to_string().into())
            }
            Source::Template(pieces) => {
                let mut text = String::new();
                for piece in pieces {
                    text.push_str(match piece {
                        Piece::Text(text) => text,
                        Piece::Attribute(name) => form.get(name)?.value.scalar()?,
                    });
                }
                Some(json_text(&text).into())
            }
        }
    }
}

/// A JSON string.
pub(crate) fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
