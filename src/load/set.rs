//! The `set` table of a section.

use std::collections::BTreeSet;

use serde_json::value::RawValue;

use super::fields::Fields;
use crate::{
    nearest::unknown,
    problem::{SpanProblem, SpanProblems},
    rule::{
        node::{Content, Entry, Node, Spanned, push_of_list},
        set::{Piece, STEPS, Set, Source},
        value_name::{Scope, ValueName},
    },
};

/// Reads the attributes that a section sets, in the file's order. Reports those that are in `update`.
pub(super) fn read_set(fields: &Fields<'_>, node: &Node, update: &[Spanned<String>]) -> Vec<Set> {
    let Some(table) = fields.ok_or_report(node.table()) else {
        return Vec::new();
    };
    if table.0.is_empty() {
        fields.report(node.problem("an empty table sets no attribute; leave it out"));
    }
    let update: BTreeSet<&str> = update.iter().map(|name| name.as_str()).collect();
    let mut sets = Vec::new();
    for Entry { key, key_span, value } in &table.0 {
        let key = Node { span: key_span.clone(), content: Content::Text(key.clone()) };
        let source = fields.ok_or_report(read_source(value, fields.scope));
        let Some(attribute) = fields.read_attribute_name(&key) else {
            continue;
        };
        if update.contains(attribute.as_str()) {
            let name = &attribute.value;
            fields
                .report(key.problem(format!("`{name}` is in `update` as well; keep one of them")));
        }
        if let Some(source) = source {
            sets.push(Set { attribute, source });
        }
    }
    sets
}

fn read_source(node: &Node, scope: &Scope) -> Result<Source, SpanProblems> {
    match &node.content {
        Content::Text(text) => Ok(read_template(node, text, scope)?),
        Content::Table(table) => match table.0.as_slice() {
            [entry] if entry.key == "normalize" => read_normalize(&entry.value),
            [entry] => Err(entry.problem(unknown("key", &entry.key, ["normalize"])).into()),
            _ => Err(node.expected("a constant, a template or { normalize = […] }").into()),
        },
        _ => Ok(constant(node, read_json(node)?)?),
    }
}

fn read_normalize(node: &Node) -> Result<Source, SpanProblems> {
    let mut steps = Vec::new();
    let mut problems = SpanProblems::default();
    for item in node.list()? {
        match item.choice("step", &STEPS) {
            Ok(step) => steps.push(step),
            Err(problem) => push_of_list(&mut problems, problem),
        }
    }
    if problems.is_empty() { Ok(Source::Normalize(steps)) } else { Err(problems) }
}

/// Reads a text with `{attribute}` in it as a template, and any other as a constant.
fn read_template(node: &Node, text: &str, scope: &Scope) -> Result<Source, SpanProblem> {
    let Some((before, named)) = text.split_once('{') else {
        require_no_brace(node, text)?;
        return constant(node, json_text(text));
    };
    require_no_brace(node, before)?;
    let mut pieces = vec![Piece::Text(before.to_owned())];
    for piece in named.split('{') {
        let Some((name, after)) = piece.split_once('}') else {
            return Err(unmatched_brace(node, '{'));
        };
        if name.is_empty() {
            return Err(node.problem("`{}` names no attribute; write one as in `{firstName}`"));
        }
        pieces.push(Piece::Value(ValueName::parse_name(name, node, scope)?));
        require_no_brace(node, after)?;
        pieces.push(Piece::Text(after.to_owned()));
    }
    Ok(Source::Template(pieces))
}

/// Succeeds if this text between the attributes of a template has no brace.
fn require_no_brace(node: &Node, text: &str) -> Result<(), SpanProblem> {
    if text.contains('}') { Err(unmatched_brace(node, '}')) } else { Ok(()) }
}

fn unmatched_brace(node: &Node, brace: char) -> SpanProblem {
    node.problem(format!("unmatched `{brace}`; write an attribute as in `{{firstName}}`"))
}

fn constant(node: &Node, json: String) -> Result<Source, SpanProblem> {
    match RawValue::from_string(json) {
        Ok(json) => Ok(Source::Constant(json)),
        Err(_) => Err(node.problem("this value has no form in JSON")),
    }
}

/// A JSON string.
fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Reads a constant. Returns it as JSON.
fn read_json(node: &Node) -> Result<String, SpanProblem> {
    match &node.content {
        Content::Text(text) if text.contains(['{', '}']) => {
            Err(node.problem("a list takes no template; set the attribute to a text"))
        }
        Content::Text(text) => Ok(json_text(text)),
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
