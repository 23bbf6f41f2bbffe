//! The `set` table of a section.

use super::{attribute, fields::Fields};
use crate::{
    nearest::did_you_mean,
    org::Org,
    rule::{
        node::{Content, Fault, Node},
        set::{Piece, STEPS, Set, Source, Step, json_text},
    },
};

/// Reads what a section sets, in the file's order; what is copied already may not be set as well.
pub(super) fn read(fields: &Fields<'_, '_>, node: &Node, update: &[String]) -> Vec<Set> {
    let Some(table) = fields.keep(node.table()) else {
        return Vec::new();
    };
    let mut sets = Vec::new();
    for entry in &table.0 {
        let key = Node { span: entry.key_span.clone(), content: Content::Text(entry.key.clone()) };
        if fields.keep(attribute::name(&key)).is_none() {
            continue;
        }
        if update.contains(&entry.key) {
            let message = format!("`{}` is in `update` as well; keep one of them", entry.key);
            fields.push(entry.key_span.clone(), message);
        }
        match source(&entry.value) {
            Ok(source) => {
                fields.ask(&key, |org, new| against(org, &entry.key, &source, new));
                sets.push(Set { attribute: entry.key.clone(), source });
            }
            Err(faults) => fields.extend(faults),
        }
    }
    if table.0.is_empty() {
        fields.push(node.span.clone(), "an empty table sets nothing; leave it out");
    }
    sets
}

/// What the org has against setting an attribute to this.
fn against(org: &Org, name: &str, source: &Source, registration: bool) -> Option<String> {
    let constant = if let Source::Constant(json) = source { Some(json.as_str()) } else { None };
    let pieces = if let Source::Template(pieces) = source { pieces.as_slice() } else { &[] };
    let missing = |piece: &Piece| match piece {
        Piece::Attribute(name) => org.judged(name, registration, false),
        Piece::Text(_) => None,
    };
    org.written(name, registration, constant).or_else(|| pieces.iter().find_map(missing))
}

fn source(node: &Node) -> Result<Source, Vec<Fault>> {
    match &node.content {
        Content::Text(text) => template(node, text).map_err(|fault| vec![fault]),
        Content::Table(table) => {
            let [entry] = table.0.as_slice() else {
                return Err(vec![node.expected("a constant, a template or { normalize = […] }")]);
            };
            if entry.key != "normalize" {
                let suggestion = did_you_mean(&entry.key, ["normalize"]);
                let message = format!("unknown key `{}`{suggestion}", entry.key);
                return Err(vec![Fault { span: entry.key_span.clone(), message }]);
            }
            entry.value.each_text(step).map(Source::Normalize)
        }
        _ => json(node).map(Source::Constant).map_err(|fault| vec![fault]),
    }
}

fn step(name: &str, node: &Node) -> Result<Step, Fault> {
    match STEPS.iter().find(|(known, _)| *known == name) {
        Some((_, step)) => Ok(*step),
        None => {
            let suggestion = did_you_mean(name, STEPS.iter().map(|(known, _)| *known));
            Err(node.fault(format!("unknown step `{name}`{suggestion}")))
        }
    }
}

/// A text with `{attribute}` in it is a template; one without is a constant.
fn template(node: &Node, text: &str) -> Result<Source, Fault> {
    let broken = || node.fault("a brace has no other; write an attribute as `{firstName}`");
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or_else(broken)?;
        if before.contains('}') || name.contains('{') || name.trim() != name || name.is_empty() {
            return Err(broken());
        }
        pieces.push(Piece::Text(before.to_owned()));
        pieces.push(Piece::Attribute(name.to_owned()));
        rest = after;
    }
    match (rest.contains('}'), pieces.is_empty()) {
        (true, _) => Err(broken()),
        (false, true) => Ok(Source::Constant(json_text(text))),
        (false, false) => {
            pieces.push(Piece::Text(rest.to_owned()));
            Ok(Source::Template(pieces))
        }
    }
}

/// A constant in JSON.
fn json(node: &Node) -> Result<String, Fault> {
    Ok(match &node.content {
        Content::Text(text) => json_text(text),
        Content::Integer(integer) => integer.to_string(),
        Content::Decimal(decimal) if decimal.is_finite() => decimal.to_string(),
        Content::Boolean(boolean) => boolean.to_string(),
        Content::List(items) => {
            let items: Result<Vec<_>, _> = items.iter().map(json).collect();
            format!("[{}]", items?.join(","))
        }
        _ => return Err(node.expected("a string, a number, a boolean or a list of them")),
    })
}
