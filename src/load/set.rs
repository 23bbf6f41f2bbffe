//! The `set` table of a section.

use std::collections::BTreeSet;

use super::{fields::Fields, lookup::lookups_of};
use crate::{
    problem::SpanProblems,
    rule::{
        node::{Content, Entry, Node, Spanned, push_list_problem},
        set::{STEPS, Set, Source},
        value_name::ValueName,
    },
};

mod branches;
mod generate;
mod map;
mod pattern;
mod value;

use branches::read_branches;
use generate::read_generator;
use map::read_mapped;
use pattern::read_matched;
use value::read_value;

/// A kind of source that is written as a table.
struct SetKind {
    /// The key that only this kind has.
    key: &'static str,
    /// The keys that it may have besides.
    others: &'static [&'static str],
    /// Reads the table of the attribute of this name.
    read: fn(&Fields<'_>, &str) -> Option<Source>,
}

const KINDS: [SetKind; 5] = [
    SetKind { key: "normalize", others: &[], read: read_normalize },
    SetKind { key: "default", others: &[], read: read_default },
    SetKind { key: "map", others: &["from", "else"], read: read_mapped },
    SetKind { key: "pattern", others: &["from", "value"], read: read_matched },
    SetKind { key: "generate", others: &["length"], read: read_generator },
];

/// Reads the attributes that a section sets, in the file's order. Reports those that are in `update`.
pub(super) fn read_set<'n>(
    fields: &Fields<'n>,
    node: &'n Node,
    update: &[Spanned<String>],
) -> Vec<Set> {
    let Some(table) = fields.ok_or_report(node.table(r#"{ organization = "Okta" }"#)) else {
        return Vec::new();
    };
    if table.0.is_empty() {
        fields.report(node.problem("an empty table sets no attribute; leave it out"));
    }
    let update: BTreeSet<&str> = update.iter().map(|name| name.as_str()).collect();
    let mut sets = Vec::new();
    for Entry { key: name, key_span, value } in &table.0 {
        let key = Node { span: key_span.clone(), content: Content::Text(name.clone()) };
        let source = read_source(value, fields, name);
        let Some(attribute) = fields.read_attribute_name(&key) else {
            continue;
        };
        if update.contains(attribute.as_str()) {
            fields
                .report(key.problem(format!("`{name}` is in `update` as well; keep one of them")));
        }
        if let Some(source) = source {
            let lookups = lookups_of(source.value_names());
            sets.push(Set { attribute, source, lookups });
        }
    }
    sets
}

fn read_source<'n>(node: &'n Node, fields: &Fields<'n>, attribute: &str) -> Option<Source> {
    match &node.content {
        // The node is a table, so no message shows an example of one.
        Content::Table(_) => read_table(&fields.table_in(node, "")?, attribute),
        Content::List(items) if items.iter().any(Node::is_table) => {
            read_branches(node, items, fields)
        }
        _ => fields.ok_or_report(read_value(node, fields.scope)).map(Source::Value),
    }
}

/// Reads a source that is written as a table. Its keys say of which kind it is.
fn read_table(fields: &Fields<'_>, attribute: &str) -> Option<Source> {
    let mut kinds = KINDS.iter().filter(|kind| fields.table.get(kind.key).is_some());
    match (kinds.next(), kinds.next()) {
        (Some(kind), None) => {
            let source = (kind.read)(fields, attribute);
            fields.report_unknown_keys();
            source
        }
        (Some(first), Some(second)) => {
            let (first, second) = (first.key, second.key);
            let message = format!("`{first}` and `{second}` exclude each other; keep one of them");
            fields.report(fields.problem(message));
            None
        }
        (None, _) => {
            report_no_kind(fields);
            None
        }
    }
}

/// Reports the unknown keys of a table that is a source of no kind, or else that a key is missing.
fn report_no_kind(fields: &Fields<'_>) {
    let before = fields.problem_count();
    for kind in &KINDS {
        fields.entry(kind.key);
        for key in kind.others {
            fields.entry(key);
        }
    }
    fields.report_unknown_keys();
    if fields.problem_count() == before {
        let keys: Vec<_> = KINDS.iter().map(|kind| kind.key).collect();
        let message = format!("this sets no value; add one of `{}`", keys.join("`, `"));
        fields.report(fields.problem(message));
    }
}

fn read_normalize(fields: &Fields<'_>, _: &str) -> Option<Source> {
    let entry = fields.entry("normalize")?;
    let mut steps = Vec::new();
    let mut problems = SpanProblems::default();
    for item in fields.ok_or_report(entry.value.list(r#"["trim", "lowercase"]"#))? {
        match item.choice("step", &STEPS) {
            // A long list of steps would take seconds per value.
            Ok(_) if steps.len() == STEPS.len() => {
                let message = format!("there are only {} steps", STEPS.len());
                push_list_problem(&mut problems, item.problem(message));
            }
            Ok(step) => steps.push(step),
            Err(problem) => push_list_problem(&mut problems, problem),
        }
    }
    let result = if problems.is_empty() { Ok(steps) } else { Err(problems) };
    fields.ok_or_report(result).map(Source::Normalize)
}

/// Reads `from`: the name of the value that a source is made from.
fn read_from(fields: &Fields<'_>) -> Option<Spanned<ValueName>> {
    let node = fields.required_node("from")?;
    fields.read_value_name(node)
}

fn read_default(fields: &Fields<'_>, _: &str) -> Option<Source> {
    fields.required("default", |node| read_value(node, fields.scope)).map(Source::Default)
}
