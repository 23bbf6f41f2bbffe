//! The path and query of an HTTP lookup. Their structure is constant: values of a request stand only in
//! path segments and in query values.

use crate::{
    load::template::read_template,
    problem::SpanProblem,
    rule::{
        lookup::has_dot_segment,
        node::Node,
        template::{Piece, Template},
        value_name::{Scope, ValueName},
    },
};

/// How many bytes of a path and query may be constant. Servers limit the whole, and values need room.
const LONGEST_CONSTANT: usize = 2048;

/// A part of a path and query.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TargetPart {
    Path,
    /// The name before `=`.
    QueryKey,
    /// The value after `=`.
    QueryValue,
}

/// Reads a path and query with names of values in braces.
pub(super) fn read_target(node: &Node, scope: &Scope) -> Result<Template<ValueName>, SpanProblem> {
    let text = node.text()?;
    if !text.starts_with('/') || text.starts_with("//") {
        return Err(node.problem(
            "expected a path that begins with one `/`, such as `/v1/accounts/{email}`; the scheme and the host are those of the source",
        ));
    }
    let template = read_template(node, text, |name| ValueName::parse_name(name, node, scope))?;
    require_valid_pieces(node, &template)?;
    let path = text.split('?').next().unwrap_or_default();
    if has_dot_segment(path) {
        let message = "a segment `.` or `..` leads to another path; write that path instead";
        return Err(node.problem(message));
    }
    Ok(template)
}

/// Succeeds if the constant pieces are valid and not too long, and no value stands in a query key.
fn require_valid_pieces(node: &Node, template: &Template<ValueName>) -> Result<(), SpanProblem> {
    let mut part = TargetPart::Path;
    let mut constant_length = 0;
    for piece in &template.pieces {
        match piece {
            Piece::Text(constant) => {
                constant_length += constant.len();
                require_valid_escapes(node, constant)?;
                for character in constant.chars() {
                    require_url_character(node, character)?;
                    part = part_after(part, character);
                }
            }
            Piece::Name(name) if part == TargetPart::QueryKey => {
                return Err(node.problem(format!(
                    "`{{{name}}}` stands in the name of a query parameter; a value can only stand after its `=`, as in `?email={{email}}`"
                )));
            }
            Piece::Name(_) => {}
        }
    }
    if constant_length > LONGEST_CONSTANT {
        let message =
            format!("the path is longer than {LONGEST_CONSTANT} bytes; servers refuse it");
        return Err(node.problem(message));
    }
    Ok(())
}

/// The part to which the next character belongs, if `character` belongs to `part`.
fn part_after(part: TargetPart, character: char) -> TargetPart {
    match (part, character) {
        (TargetPart::Path, '?') | (TargetPart::QueryValue, '&') => TargetPart::QueryKey,
        (TargetPart::QueryKey, '=') => TargetPart::QueryValue,
        _ => part,
    }
}

/// Succeeds if two hexadecimal digits follow each `%`.
fn require_valid_escapes(node: &Node, text: &str) -> Result<(), SpanProblem> {
    for after in text.split('%').skip(1) {
        let is_valid = match after.as_bytes() {
            [first, second, ..] => first.is_ascii_hexdigit() && second.is_ascii_hexdigit(),
            _ => false,
        };
        if !is_valid {
            let message =
                "`%` begins a percent-encoded byte, such as `%20`; write `%` itself as `%25`";
            return Err(node.problem(message));
        }
    }
    Ok(())
}

/// Succeeds if this character may stand in a path or query (RFC 3986).
fn require_url_character(node: &Node, character: char) -> Result<(), SpanProblem> {
    if character.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@/?%".contains(character) {
        return Ok(());
    }
    let mut encoded = String::new();
    for byte in character.to_string().bytes() {
        encoded.push_str(&format!("%{byte:02X}"));
    }
    let message =
        format!("`{character}` may not stand in a path or query; write it as `{encoded}`");
    Err(node.problem(message))
}
