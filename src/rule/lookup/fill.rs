//! Fills the templates of a question.

use super::outcome::WhyNotAsked;
use crate::rule::{
    check::{EvalContext, Found},
    template::{Piece, Template},
    value_name::ValueName,
};

/// The longest text of all values in a template, as they are encoded, in bytes. Servers take URLs of
/// 8,000 bytes (RFC 9110 §4.1), and the constant text needs some of them.
const LONGEST: usize = 4 << 10;

/// The text of a template in one request. `encode` writes a value for its place; other text stays as it
/// is. A value that is absent, empty, too long or has no text cannot be asked about.
pub(super) fn fill<'r>(
    template: &'r Template<ValueName>,
    context: &EvalContext<'_>,
    encode: fn(&str) -> String,
) -> Result<String, WhyNotAsked<'r>> {
    let mut text = String::new();
    let mut length = 0;
    for piece in &template.pieces {
        match piece {
            Piece::Text(constant) => text.push_str(constant),
            Piece::Name(name) => {
                let found = context.find(name);
                let Some(value) = askable_text(&found) else {
                    return Err(WhyNotAsked::Missing(name));
                };
                let encoded = encode(value);
                length += encoded.len();
                if length > LONGEST {
                    return Err(WhyNotAsked::Missing(name));
                }
                text.push_str(&encoded);
            }
        }
    }
    Ok(text)
}

fn askable_text<'v>(found: &'v Found<'_>) -> Option<&'v str> {
    match found {
        Found::Present(value) => value.text().filter(|text| text.len() <= LONGEST),
        Found::Absent | Found::NotAnAddress => None,
    }
}
