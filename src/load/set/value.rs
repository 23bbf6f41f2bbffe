//! A value to set: a constant, or a template such as `"{firstName} {lastName}"`.

use serde_json::value::RawValue;

use crate::{
    nearest::unknown,
    problem::SpanProblem,
    rule::{
        node::{Content, Node, Spanned},
        set::{Piece, SetValue},
        value_name::{Scope, ValueName},
    },
};

/// The names that a template may have.
#[derive(Clone, Copy)]
enum TemplateNames<'s> {
    /// Values that a rule can name.
    Values(&'s Scope),
    /// The groups of a pattern, by their index.
    Groups(&'s [Option<&'s str>]),
}

/// Reads a text with `{attribute}` in it as a template, and any other value as a constant.
pub(super) fn read_value(node: &Node, scope: &Scope) -> Result<Spanned<SetValue>, SpanProblem> {
    read_named(node, TemplateNames::Values(scope))
}

/// Reads a value as [`read_value`] does. The names in a template are groups of a pattern.
pub(super) fn read_value_of_groups(
    node: &Node,
    groups: &[Option<&str>],
) -> Result<Spanned<SetValue>, SpanProblem> {
    read_named(node, TemplateNames::Groups(groups))
}

fn read_named(node: &Node, names: TemplateNames<'_>) -> Result<Spanned<SetValue>, SpanProblem> {
    let value = match &node.content {
        Content::Text(text) if text.contains(['{', '}']) => {
            SetValue::Template(read_template(node, text, names)?)
        }
        _ => SetValue::Constant(read_constant(node)?),
    };
    Ok(Spanned::new(value, node.span.clone()))
}

fn read_template(
    node: &Node,
    text: &str,
    names: TemplateNames<'_>,
) -> Result<Vec<Piece>, SpanProblem> {
    let mut parts = text.split('{');
    let before = parts.next().unwrap_or_default();
    require_no_brace(node, before)?;
    let mut pieces = vec![Piece::Text(before.to_owned())];
    for part in parts {
        let Some((name, after)) = part.split_once('}') else {
            return Err(unmatched_brace(node, '{'));
        };
        if name.is_empty() {
            return Err(node.problem("`{}` names no attribute; write one as in `{firstName}`"));
        }
        pieces.push(read_piece(node, name, names)?);
        require_no_brace(node, after)?;
        pieces.push(Piece::Text(after.to_owned()));
    }
    Ok(pieces)
}

/// Reads a name in the braces of a template.
fn read_piece(node: &Node, name: &str, names: TemplateNames<'_>) -> Result<Piece, SpanProblem> {
    match names {
        TemplateNames::Values(scope) => Ok(Piece::Value(ValueName::parse_name(name, node, scope)?)),
        TemplateNames::Groups(groups) => {
            if let Some(index) = groups.iter().position(|group| *group == Some(name)) {
                return Ok(Piece::Group { name: name.to_owned(), index });
            }
            let names: Vec<&str> = groups.iter().copied().flatten().collect();
            if names.is_empty() {
                let hint = "write one as in `(?<name>[a-z]+)`";
                return Err(node.problem(format!("the pattern has no named group; {hint}")));
            }
            Err(node.problem(unknown("group", name, names)))
        }
    }
}

/// Succeeds if this text between the attributes of a template has no brace.
fn require_no_brace(node: &Node, text: &str) -> Result<(), SpanProblem> {
    if text.contains('}') { Err(unmatched_brace(node, '}')) } else { Ok(()) }
}

fn unmatched_brace(node: &Node, brace: char) -> SpanProblem {
    node.problem(format!("unmatched `{brace}`; write an attribute as in `{{firstName}}`"))
}

fn read_constant(node: &Node) -> Result<Box<RawValue>, SpanProblem> {
    match RawValue::from_string(read_json(node)?) {
        Ok(json) => Ok(json),
        Err(_) => Err(node.problem("this value has no form in JSON")),
    }
}

/// Reads a constant. Returns it as JSON.
fn read_json(node: &Node) -> Result<String, SpanProblem> {
    match &node.content {
        Content::Text(text) if text.contains(['{', '}']) => {
            Err(node.problem("a list takes no template; set the attribute to a text"))
        }
        Content::Text(text) => Ok(serde_json::Value::from(text.as_str()).to_string()),
        Content::Integer(integer) => Ok(integer.to_string()),
        Content::Decimal(decimal) => match decimal.parse::<f64>() {
            Ok(decimal) if decimal.is_finite() => Ok(decimal.to_string()),
            _ => Err(node.expected("a finite number")),
        },
        Content::Boolean(boolean) => Ok(boolean.to_string()),
        Content::List(items) => {
            let items: Result<Vec<String>, SpanProblem> = items.iter().map(read_json).collect();
            Ok(format!("[{}]", items?.join(",")))
        }
        _ => Err(node.expected("a string, a number, a boolean or a list of them")),
    }
}
