//! A map, in the rules file or in a CSV file: `{ from = "…", map = { … }, else = "…" }`.

use std::collections::BTreeMap;

use csv::StringRecord;

use super::{read_from, value::read_value};
use crate::{
    load::{
        csv::{in_line, line_of, reader_of},
        fields::Fields,
        part::{file_name, read_list_file},
    },
    problem::SpanProblems,
    rule::{
        node::{Content, Node, push_list_problem},
        set::{Mapped, RepeatedKey, Source, TextMap, ValueMap},
    },
};

pub(super) fn read_mapped(fields: &Fields<'_>, _: &str) -> Option<Source> {
    let from = read_from(fields);
    let node = &fields.entry("map")?.value;
    let map = match file_name(node) {
        None => read_inline(node, fields),
        Some(name) => {
            let file = read_list_file(name, node, fields)?;
            fields.ok_or_report(read_file(&file))
        }
    };
    let otherwise = fields.optional("else", |node| read_value(node, fields.scope));
    Some(Source::Mapped(Box::new(Mapped { from: from?, map: map?, otherwise })))
}

fn read_inline(node: &Node, fields: &Fields<'_>) -> Option<ValueMap> {
    let table = fields.ok_or_report(node.table(r#"{ "eng.okta.com" = "Engineering" }"#))?;
    if table.0.is_empty() {
        fields.report(node.problem("an empty map has no effect; add at least one entry"));
        return None;
    }
    let before = fields.problem_count();
    let mut map = BTreeMap::new();
    for entry in &table.0 {
        if entry.key.is_empty() {
            fields.report(entry.problem("no value is empty text, so this entry has no effect"));
        }
        if let Some(value) = fields.ok_or_report(read_value(&entry.value, fields.scope)) {
            map.insert(entry.key.clone(), value);
        }
    }
    if fields.problem_count() == before { Some(ValueMap::Inline(map)) } else { None }
}

/// Reads the keys and values of a CSV file (RFC 4180), whose first line names the columns.
fn read_file(file: &Node) -> Result<ValueMap, SpanProblems> {
    let Content::Lines(text) = &file.content else {
        return Err(file.expected("a file").into());
    };
    let mut reader = reader_of(text, file)?;
    let mut problems = SpanProblems::default();
    let mut map = TextMap::default();
    let mut record = StringRecord::new();
    let mut is_header = true;
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                return Err(file.problem(format!("cannot read the file: {error}")).into());
            }
        }
        let line = line_of(&record, text);
        match (record.get(0), record.get(1), record.get(2)) {
            (Some(_), Some(_), None) if is_header => {}
            (Some(""), Some(_), None) => {
                push_list_problem(&mut problems, in_line(file, line, "the key is empty"));
            }
            (Some(key), Some(value), None) => map.push(key, value, line),
            _ => {
                let count = record.len();
                let message = format!("expected two columns, a key and a value, found {count}");
                push_list_problem(&mut problems, in_line(file, line, &message));
            }
        }
        is_header = false;
    }
    for RepeatedKey { first_line, line } in map.sort() {
        let message = format!("the key is in line {first_line} as well; remove one of them");
        push_list_problem(&mut problems, in_line(file, line, &message));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    if map.is_empty() {
        let hint = "add a key and a value below the line that names the columns";
        return Err(file.problem(format!("the file has no entry; {hint}")).into());
    }
    Ok(ValueMap::File { place: file.span.clone(), map })
}
