//! A lookup in a table of the rules folder: a CSV file (RFC 4180) whose first line names the columns.

use csv::StringRecord;

use super::{QueryAndColumns, columns::NamedColumns, surprises::Surprises};
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
        node::{Content, Node, push_list_problem},
    },
};

pub(super) fn read_table(fields: &Fields<'_>) -> Option<QueryAndColumns> {
    let file = &fields.entry("file")?.value;
    let named = NamedColumns::read(fields);
    let name = fields.ok_or_report(file.text())?;
    let content = read_list_file(name, file, fields)?;
    // Only now, so that problems of the file are reported as well.
    let named = named?;
    let mut surprises = Surprises::new(&named.keys);
    let table = fields.ok_or_report(read_rows(&content, &named, &mut surprises))?;
    let mut notes = surprises.notes(name);
    notes.extend(named.likely_placeholders());
    let columns = named.returned_names();
    let keys = named.keys.into_iter().map(|key| key.template).collect();
    let query = TableQuery { table, keys, columns: columns.clone() };
    Some(QueryAndColumns { query: Query::Table(query), columns, notes })
}

/// Reads the rows of a CSV file. Reports every row that cannot be found unambiguously.
fn read_rows(
    file: &Node,
    named: &NamedColumns,
    surprises: &mut Surprises<'_>,
) -> Result<RowTable, SpanProblems> {
    let Content::Lines(text) = &file.content else {
        return Err(file.expected("a file").into());
    };
    let mut reader = reader_of(text, file)?;
    let mut record = StringRecord::new();
    let mut header = StringRecord::new();
    read_record(&mut reader, &mut header, file)?;
    let cells = find_columns(&header, named)?;
    let ignores_case = named.keys.iter().map(|key| key.ignores_case).collect();
    let mut table = RowTable::new(ignores_case, named.returned.len());
    let mut problems = SpanProblems::default();
    while read_record(&mut reader, &mut record, file)? {
        let line = line_of(&record, text);
        if record.len() != header.len() {
            let (expected, found) = (header.len(), record.len());
            let message =
                format!("expected {expected} columns, as in the first line, found {found}");
            push_list_problem(&mut problems, in_line(file, line, &message));
            continue;
        }
        let row: Vec<&str> = cells.iter().filter_map(|cell| record.get(*cell)).collect();
        if !named.keys.iter().zip(&row).all(|(key, cell)| key.can_equal(cell)) {
            surprises.add_ignored(&row);
            continue;
        }
        surprises.add_row(&row);
        if let Err(RepeatedRow { first_line }) = table.push(&row, line) {
            let columns: Vec<&str> = named.keys.iter().map(|key| key.name.as_str()).collect();
            let columns = columns.join("`, `");
            let message = format!("line {first_line} has the same `{columns}`; remove one of them");
            push_list_problem(&mut problems, in_line(file, line, &message));
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    if table.is_empty() {
        let add_row = "add one below the line that names the columns".to_owned();
        let hint = named.likely_placeholders().into_iter().next().unwrap_or(add_row);
        return Err(file.problem(format!("the table has no row that can be found; {hint}")).into());
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
    for column in named.all() {
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
