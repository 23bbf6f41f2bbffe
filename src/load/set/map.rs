//! A map, in the rules file or in a CSV file: `{ from = "…", map = { … }, else = "…" }`.

use std::collections::BTreeMap;

use csv::StringRecord;

use super::{read_from_key, value::read_value};
use crate::{
    load::{
        csv::CsvFile,
        fields::Fields,
        list_file::{file_name, read_list_file},
        unmatched::why_unmatched,
    },
    problem::SpanProblems,
    rule::{
        check::Comparison,
        email,
        list_entry::push_list_problem,
        node::{Node, Spanned},
        set::{Mapped, Recipe, RepeatedKey, TextMap, ValueMap},
        value_name::ValueName,
    },
};

pub(super) fn read_mapped(fields: &Fields<'_>, _attribute: &str) -> Option<Recipe> {
    let from = read_from_key(fields);
    let node = &fields.claim("map")?.value;
    let map = match file_name(node) {
        None => read_inline_map(node, from.as_ref(), fields),
        Some(name) => {
            let file = read_list_file(name, node, fields)?;
            fields.ok_or_report(read_map_file(&file, from.as_ref(), fields))
        }
    };
    let otherwise = fields.optional("else", |node| read_value(node, fields.scope));
    Some(Recipe::Mapped(Box::new(Mapped { from: from?, map: map?, otherwise })))
}

fn read_inline_map(
    node: &Node,
    from: Option<&Spanned<ValueName>>,
    fields: &Fields<'_>,
) -> Option<ValueMap> {
    let table = fields.ok_or_report(node.table(r#"{ "eng.okta.com" = "Engineering" }"#))?;
    if table.0.is_empty() {
        fields.report(node.problem("an empty map has no effect; add at least one entry"));
        return None;
    }
    let before = fields.problem_count();
    let mut map = BTreeMap::new();
    for entry in &table.0 {
        if entry.key.is_empty() {
            let message =
                "the value of `from` is never empty, so this entry has no effect; remove it";
            fields.report(entry.problem(message));
        } else if let Some(message) = why_key_is_unmatched(&entry.key, from, fields) {
            fields.report(entry.problem(message));
        }
        if let Some(value) = fields.ok_or_report(read_value(&entry.value, fields.scope)) {
            map.insert(entry.key.clone(), value);
        }
    }
    if fields.problem_count() == before { Some(ValueMap::Inline(map)) } else { None }
}

/// Why the value of `from` never equals a key. Returns `None` if it may.
fn why_key_is_unmatched(
    key: &str,
    from: Option<&Spanned<ValueName>>,
    fields: &Fields<'_>,
) -> Option<String> {
    why_unmatched(key, from?, &Comparison::default(), fields)
}

/// Reads the keys and values of the CSV file at this node. Its first line names the columns.
fn read_map_file(
    node: &Node,
    from: Option<&Spanned<ValueName>>,
    fields: &Fields<'_>,
) -> Result<ValueMap, SpanProblems> {
    let mut csv = CsvFile::open(node)?;
    let mut problems = SpanProblems::default();
    let mut map = TextMap::default();
    let mut record = StringRecord::new();
    csv.read_record(&mut record)?;
    let mut title_looks_like_entry = false;
    match key_and_value(&record) {
        Ok((title, _)) => title_looks_like_entry = looks_like_value(title),
        Err(message) => problems.push(csv.problem_in_line(csv.line_of(&record), &message)),
    }
    while csv.read_record(&mut record)? {
        let line = csv.line_of(&record);
        match key_and_value(&record) {
            Ok(("", _)) => {
                push_list_problem(&mut problems, csv.problem_in_line(line, "the key is empty"));
            }
            Ok((key, value)) => {
                if let Some(message) = why_key_is_unmatched(key, from, fields) {
                    push_list_problem(&mut problems, csv.problem_in_line(line, &message));
                }
                map.push(key, value, line);
            }
            Err(message) => push_list_problem(&mut problems, csv.problem_in_line(line, &message)),
        }
    }
    for RepeatedKey { first_line, line } in map.sort() {
        let message = format!("the key is in line {first_line} as well; remove one of them");
        push_list_problem(&mut problems, csv.problem_in_line(line, &message));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    if map.is_empty() {
        let hint = "add a key and a value below the line that names the columns";
        return Err(csv.problem(format!("the file has no entry; {hint}")).into());
    }
    Ok(ValueMap::File { place: node.span.clone(), title_looks_like_entry, map })
}

/// Whether a cell is a domain, an address or a number. The title of a column is hardly ever one of these.
fn looks_like_value(cell: &str) -> bool {
    let is_domain = cell.contains('.') && email::is_domain(cell);
    is_domain || cell.contains('@') || cell.starts_with(|letter: char| letter.is_ascii_digit())
}

fn key_and_value(record: &StringRecord) -> Result<(&str, &str), String> {
    match (record.get(0), record.get(1), record.len()) {
        (Some(key), Some(value), 2) => Ok((key, value)),
        (_, _, count) => Err(format!("expected two columns, a key and a value, found {count}")),
    }
}
