//! A lookup in a table of the rules folder: a CSV file (RFC 4180) whose first line names the columns.

use csv::StringRecord;

use super::{QueryAndColumns, read_placeholder};
use crate::{
    load::{
        csv::{in_line, line_of, reader_of},
        fields::Fields,
        part::read_list_file,
    },
    nearest::unknown,
    problem::{SpanProblem, SpanProblems},
    rule::{
        lookup::{Query, RepeatedRow, RowTable, TableQuery},
        node::{Content, Node, Spanned, push_of_list},
        template::Template,
        value_name::ValueName,
    },
};

/// The columns that a lookup names.
struct NamedColumns {
    keys: Vec<Spanned<String>>,
    /// For each key, whether the case of ASCII letters is ignored.
    ignores_case: Vec<bool>,
    returned: Vec<Spanned<String>>,
}

pub(super) fn read_table(fields: &Fields<'_>) -> Option<QueryAndColumns> {
    let file = &fields.entry("file")?.value;
    let before = fields.problem_count();
    let keys = read_match(fields);
    let returned = read_returns(fields);
    let ignores_case = read_ignore_case(fields, &keys);
    let name = fields.ok_or_report(file.text())?;
    let content = read_list_file(name, file, fields)?;
    let mut templates = Vec::new();
    let mut key_names = Vec::new();
    for (key, template) in keys {
        key_names.push(key);
        templates.push(template);
    }
    let columns: Vec<String> = returned.iter().map(|column| column.value.clone()).collect();
    let named = NamedColumns { keys: key_names, ignores_case, returned };
    if fields.problem_count() > before {
        return None;
    }
    let table = fields.ok_or_report(read_rows(&content, &named))?;
    let query = TableQuery { table, keys: templates, columns: columns.clone() };
    Some(QueryAndColumns { query: Query::Table(query), columns })
}

/// Reads `match`: columns and what they must equal.
fn read_match(fields: &Fields<'_>) -> Vec<(Spanned<String>, Template<ValueName>)> {
    let mut keys = Vec::new();
    let Some(node) = fields.required("match", Ok) else {
        return keys;
    };
    let Some(table) = fields.ok_or_report(node.table()) else {
        return keys;
    };
    if table.0.is_empty() {
        fields.report(node.problem("an empty table matches every row; name at least one column"));
    }
    for entry in &table.0 {
        let column = Spanned::new(entry.key.clone(), entry.key_span.clone());
        if let Some(template) = fields.ok_or_report(read_placeholder(&entry.value, fields)) {
            keys.push((column, template));
        }
    }
    keys
}

/// Reads `returns`: the columns that rules may use. Without it there are none.
fn read_returns(fields: &Fields<'_>) -> Vec<Spanned<String>> {
    let mut columns: Vec<Spanned<String>> = Vec::new();
    for item in fields.optional("returns", Node::list).unwrap_or_default() {
        let Some(name) = fields.ok_or_report(item.text()) else {
            continue;
        };
        if columns.iter().any(|column| column.value == name) {
            fields.report(item.problem(format!("`{name}` is listed twice; leave one out")));
        } else {
            columns.push(Spanned::new(name.to_owned(), item.span.clone()));
        }
    }
    columns
}

/// Reads `ignore_case`: for each key, whether it is listed there.
fn read_ignore_case(
    fields: &Fields<'_>,
    keys: &[(Spanned<String>, Template<ValueName>)],
) -> Vec<bool> {
    let mut ignores_case = vec![false; keys.len()];
    for item in fields.optional("ignore_case", Node::list).unwrap_or_default() {
        let Some(name) = fields.ok_or_report(item.text()) else {
            continue;
        };
        match keys.iter().position(|(key, _)| key.value == name) {
            Some(index) => {
                if let Some(flag) = ignores_case.get_mut(index) {
                    *flag = true;
                }
            }
            None => {
                let known = keys.iter().map(|(key, _)| key.value.as_str());
                fields.report(item.problem(unknown("column of `match`", name, known)));
            }
        }
    }
    ignores_case
}

/// Reads the rows of a CSV file. Reports every row that cannot be found unambiguously.
fn read_rows(file: &Node, named: &NamedColumns) -> Result<RowTable, SpanProblems> {
    let Content::Lines(text) = &file.content else {
        return Err(file.expected("a file").into());
    };
    let mut reader = reader_of(text);
    let mut record = StringRecord::new();
    let mut header = StringRecord::new();
    read_record(&mut reader, &mut header, file)?;
    let cells = find_columns(&header, named)?;
    let mut table = RowTable::new(named.ignores_case.clone(), named.returned.len());
    let mut problems = SpanProblems::default();
    while read_record(&mut reader, &mut record, file)? {
        let line = line_of(&record, text);
        if record.len() != header.len() {
            let (expected, found) = (header.len(), record.len());
            let message =
                format!("expected {expected} columns, as in the first line, found {found}");
            push_of_list(&mut problems, in_line(file, line, &message));
            continue;
        }
        let row: Vec<&str> = cells.iter().filter_map(|cell| record.get(*cell)).collect();
        if let Err(RepeatedRow { first_line }) = table.push(&row, line) {
            let columns: Vec<&str> = named.keys.iter().map(|key| key.value.as_str()).collect();
            let columns = columns.join("`, `");
            let message = format!("line {first_line} has the same `{columns}`; remove one of them");
            push_of_list(&mut problems, in_line(file, line, &message));
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    if table.is_empty() {
        let hint = "add one below the line that names the columns";
        return Err(file.problem(format!("the table has no row; {hint}")).into());
    }
    table.shrink();
    Ok(table)
}

/// Reads the next record. Returns false at the end.
fn read_record(
    reader: &mut csv::Reader<&[u8]>,
    record: &mut StringRecord,
    file: &Node,
) -> Result<bool, SpanProblem> {
    reader
        .read_record(record)
        .map_err(|error| file.problem(format!("cannot read the file: {error}")))
}

/// The positions of the named columns in a row: of the keys, then of the returned ones.
fn find_columns(header: &StringRecord, named: &NamedColumns) -> Result<Vec<usize>, SpanProblems> {
    let mut cells = Vec::new();
    let mut problems = SpanProblems::default();
    for column in named.keys.iter().chain(&named.returned) {
        let name = column.value.as_str();
        let mut positions = header.iter().enumerate().filter(|(_, title)| *title == name);
        let message = match (positions.next(), positions.next()) {
            (Some((position, _)), None) => {
                cells.push(position);
                continue;
            }
            (Some(_), Some(_)) => format!("the first line of the file names `{name}` twice"),
            (None, _) => unknown("column", name, header.iter()),
        };
        problems.push(SpanProblem::at(column.span.clone(), message));
    }
    if problems.is_empty() { Ok(cells) } else { Err(problems) }
}
