//! Fills the templates of a question.

use super::outcome::WhyNotAsked;
use crate::rule::{
    check::{EvalContext, Found},
    template::{Piece, Template},
    value_name::ValueName,
};

/// The most bytes that the encoded values of a template may have together. Servers take URLs of 8,000 bytes
/// (RFC 9110 §4.1), and the constant text needs some of them.
const VALUES_LIMIT: usize = 4 << 10;

/// Fills in a template with the values of one request. `encode` is applied to each value, but not to the
/// constant text. Fails if a value is absent, empty or too long, or has no text.
pub(super) fn fill<'r>(
    template: &'r Template<ValueName>,
    context: &EvalContext<'_>,
    encode: fn(&str) -> String,
) -> Result<String, WhyNotAsked<'r>> {
    let mut text = String::new();
    let mut values_length = 0;
    for piece in &template.pieces {
        match piece {
            Piece::Text(constant) => text.push_str(constant),
            Piece::Name(name) => {
                let found = context.find(name);
                let Some(value) = askable_text(&found) else {
                    return Err(WhyNotAsked::Missing(name));
                };
                let encoded = encode(value);
                values_length += encoded.len();
                if values_length > VALUES_LIMIT {
                    return Err(WhyNotAsked::Missing(name));
                }
                text.push_str(&encoded);
            }
        }
    }
    Ok(text)
}

/// The text of a value. Returns `None` if the value has no text, or a text that is too long even before it is
/// encoded.
fn askable_text<'v>(found: &'v Found<'_>) -> Option<&'v str> {
    match found {
        Found::Present(value) => value.text().filter(|text| text.len() <= VALUES_LIMIT),
        Found::Absent | Found::NotAnAddress => None,
    }
}
