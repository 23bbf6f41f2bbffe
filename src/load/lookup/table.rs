//! A lookup in a table of the rules folder: a CSV file (RFC 4180) whose first line names the columns.

use csv::StringRecord;

use super::{
    KindParts,
    columns::{KeyColumn, NamedColumns},
    surprises::Surprises,
};
use crate::{
    load::{csv::CsvFile, fields::Fields, list_file::read_list_file},
    nearest::unknown,
    problem::{SpanProblem, SpanProblems},
    rule::{
        list_entry::push_list_problem,
        lookup::{Query, RepeatedRow, RowTable, TableQuery},
        node::Node,
    },
};

pub(super) fn read_table(fields: &Fields<'_>) -> Option<KindParts> {
    let file = &fields.claim("file")?.value;
    let named = NamedColumns::read(fields);
    let file_name = fields.ok_or_report(file.text())?;
    let content = read_list_file(file_name, file, fields)?;
    // Return for a problem of the columns only after the file was read, so that problems of both are reported.
    let named = named?;
    // Counts rows that are compared in another way than their author may expect.
    let mut surprises = Surprises::new(&named.keys, fields);
    let table = fields.ok_or_report(read_rows(&content, &named, &mut surprises))?;
    let mut notes = surprises.notes(file_name);
    // For `match = { email = "email" }`, which finds only rows with the text `email`. The hint is to write `"{email}"`.
    notes.extend(named.placeholder_hints());
    let columns = named.returned_names();
    let keys = named.keys.into_iter().map(|key| key.template).collect();
    let query = TableQuery { table, keys, columns: columns.clone() };
    Some(KindParts { query: Query::Table(query), columns, notes })
}

/// Reads the rows of a CSV file from its content. Reports each row that has another number of cells than the
/// first line, or that has the same keys as an earlier row.
fn read_rows(
    content: &Node,
    named: &NamedColumns,
    surprises: &mut Surprises<'_>,
) -> Result<RowTable, SpanProblems> {
    let mut csv = CsvFile::open(content)?;
    let mut header = StringRecord::new();
    csv.read_record(&mut header)?;
    let positions = find_columns(&header, named)?;
    let ignores_case = named.keys.iter().map(|key| key.ignores_case).collect();
    let mut table = RowTable::new(ignores_case, named.returned.len());
    let mut problems = SpanProblems::default();
    let mut record = StringRecord::new();
    while csv.read_record(&mut record)? {
        let line = csv.line_of(&record);
        if record.len() != header.len() {
            let (expected, found) = (header.len(), record.len());
            let message =
                format!("expected {expected} columns, as in the first line, found {found}");
            push_list_problem(&mut problems, csv.problem_in_line(line, &message));
            continue;
        }
        let row: Vec<&str> = positions.iter().filter_map(|index| record.get(*index)).collect();
        if !can_be_found(&row, &named.keys) {
            surprises.count_left_out(&row);
            continue;
        }
        surprises.count_searched(&row);
        if let Err(RepeatedRow { first_line }) = table.push(&row, line) {
            let columns: Vec<&str> = named.keys.iter().map(|key| key.name.as_str()).collect();
            let columns = columns.join("`, `");
            let message = format!("line {first_line} has the same `{columns}`; remove one of them");
            push_list_problem(&mut problems, csv.problem_in_line(line, &message));
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    // For `match = { email = "email" }`, which finds only rows with the text `email`. Probably `"{email}"` is meant.
    if table.is_empty()
        && let Some(key) = named.keys.iter().find(|key| key.equals_its_name())
        && let Some(hint) = key.placeholder_hint()
    {
        return Err(csv.problem(format!("the table has no row that can be found; {hint}")).into());
    }
    table.shrink();
    Ok(table)
}

/// Whether each key cell of a row may equal what a request asks for. The key columns come first.
fn can_be_found(row: &[&str], keys: &[KeyColumn]) -> bool {
    keys.iter().zip(row).all(|(key, cell)| key.can_equal(cell))
}

/// The positions of the named columns in each row, in the order of [`NamedColumns::all`].
fn find_columns(header: &StringRecord, named: &NamedColumns) -> Result<Vec<usize>, SpanProblems> {
    let mut found = Vec::new();
    let mut problems = SpanProblems::default();
    for column in named.all() {
        match find_column(header, column) {
            Ok(position) => found.push(position),
            Err(message) => problems.push(SpanProblem::at(column.span.clone(), message)),
        }
    }
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}

/// The position of the only column with this name.
fn find_column(header: &StringRecord, name: &str) -> Result<usize, String> {
    let mut positions = header.iter().enumerate().filter(|(_, title)| *title == name);
    match (positions.next(), positions.next()) {
        (Some((position, _)), None) => Ok(position),
        (Some(_), Some(_)) => Err(format!("the first line of the file names `{name}` twice")),
        (None, _) => Err(unknown("column", name, header.iter())),
    }
}
