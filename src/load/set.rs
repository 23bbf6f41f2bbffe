//! The `set` table of a section.

use std::collections::BTreeSet;

use serde_json::value::RawValue;

use super::fields::{Fields, misnamed};
use crate::{
    nearest::unknown,
    okta::Flow,
    org::Org,
    rule::{
        node::{Content, Entry, Fault, Node},
        set::{Piece, STEPS, Set, Source},
    },
};

/// Reads what a section sets, in the file's order; what is copied already may not be set as well.
pub(super) fn read(fields: &Fields<'_, '_>, node: &Node, update: &[String]) -> Vec<Set> {
    let Some(table) = fields.keep(node.table()) else {
        return Vec::new();
    };
    if table.0.is_empty() {
        fields.tell(node.fault("an empty table sets nothing; leave it out"));
    }
    let update: BTreeSet<&str> = update.iter().map(String::as_str).collect();
    let mut sets = Vec::new();
    for Entry { key, key_span, value } in &table.0 {
        let key = Node { span: key_span.clone(), content: Content::Text(key.clone()) };
        let source = fields.keep(source(value));
        let name = fields.name(&key, |org, name, new| against(org, name, source.as_ref()?, new));
        if let Some(name) = name.filter(|name| update.contains(name)) {
            fields.tell(key.fault(format!("`{name}` is in `update` as well; keep one of them")));
        }
        if let (Some(name), Some(source)) = (name, source) {
            sets.push(Set { attribute: name.to_owned(), source });
        }
    }
    sets
}

/// What the org has against setting an attribute to this.
fn against(org: &Org, name: &str, source: &Source, flow: Flow) -> Option<String> {
    let missing = match source {
        Source::Constant(json) => return org.written(name, flow, Some(json.get())),
        Source::Normalize(_) => None,
        Source::Template(pieces) => pieces.iter().find_map(|piece| match piece {
            Piece::Attribute(name) => org.judged(name, flow, false),
            Piece::Text(_) => None,
        }),
    };
    org.written(name, flow, None).or(missing)
}

fn source(node: &Node) -> Result<Source, Vec<Fault>> {
    match &node.content {
        Content::Text(text) => Ok(template(node, text)?),
        Content::Table(table) => match table.0.as_slice() {
            [entry] if entry.key == "normalize" => {
                let steps = entry.value.each_text(|_, step| step.choice("step", &STEPS))?;
                Ok(Source::Normalize(steps))
            }
            [entry] => Err(entry.fault(unknown("key", &entry.key, ["normalize"])).into()),
            _ => Err(node.expected("a constant, a template or { normalize = […] }").into()),
        },
        _ => Ok(constant(node, json(node)?)?),
    }
}

/// A text with `{attribute}` in it is a template; one without is a constant.
fn template(node: &Node, text: &str) -> Result<Source, Fault> {
    let broken = || node.fault("a brace has no other; write an attribute as `{firstName}`");
    let plain = |text: &str| match text.contains('}') {
        true => Err(broken()),
        false => Ok(Piece::Text(text.to_owned())),
    };
    let Some((before, named)) = text.split_once('{') else {
        plain(text)?;
        return constant(node, json_text(text));
    };
    let mut pieces = vec![plain(before)?];
    for piece in named.split('{') {
        let (name, after) = piece.split_once('}').ok_or_else(broken)?;
        if name.is_empty() {
            return Err(broken());
        }
        misnamed(name).map_or(Ok(()), |why| Err(node.fault(why)))?;
        pieces.extend([Piece::Attribute(name.to_owned()), plain(after)?]);
    }
    Ok(Source::Template(pieces))
}

fn constant(node: &Node, json: String) -> Result<Source, Fault> {
    match RawValue::from_string(json) {
        Ok(json) => Ok(Source::Constant(json)),
        Err(_) => Err(node.fault("this value has no form in JSON")),
    }
}

/// A JSON string.
fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A constant in JSON.
fn json(node: &Node) -> Result<String, Fault> {
    Ok(match &node.content {
        Content::Text(text) if text.contains(['{', '}']) => {
            return Err(node.fault("a list takes no template; set the attribute to a text"));
        }
        Content::Text(text) => json_text(text),
        Content::Integer(integer) => integer.to_string(),
        Content::Decimal(decimal) => match decimal.parse::<f64>() {
            Ok(decimal) if decimal.is_finite() => decimal.to_string(),
            _ => return Err(node.expected("a finite number")),
        },
        Content::Boolean(boolean) => boolean.to_string(),
        Content::List(items) => {
            let items: Result<Vec<_>, _> = items.iter().map(json).collect();
            format!("[{}]", items?.join(","))
        }
        _ => return Err(node.expected("a string, a number, a boolean or a list of them")),
    })
}
