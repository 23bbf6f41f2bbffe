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
        template::{Piece, Template},
        value_name::ValueName,
    },
};

/// How many columns each list of a lookup may name.
const MOST_COLUMNS: usize = 100;

/// The columns that a lookup names.
struct NamedColumns {
    keys: Vec<Key>,
    returned: Vec<Spanned<String>>,
}

/// A column of `match`.
struct Key {
    column: Spanned<String>,
    /// The text that the column must equal.
    template: Template<ValueName>,
    /// Whether the case of ASCII letters is ignored.
    ignores_case: bool,
}

impl Key {
    /// Whether a request can ask for this cell. No request asks for an empty text.
    fn can_equal(&self, cell: &str) -> bool {
        match self.template.pieces.as_slice() {
            [Piece::Text(constant)] if self.ignores_case => constant.eq_ignore_ascii_case(cell),
            [Piece::Text(constant)] => constant == cell,
            _ => !cell.is_empty(),
        }
    }
}

pub(super) fn read_table(fields: &Fields<'_>) -> Option<QueryAndColumns> {
    let file = &fields.entry("file")?.value;
    let before = fields.problem_count();
    let mut keys = read_match(fields);
    let returned = read_returns(fields);
    read_ignore_case(fields, &mut keys);
    let name = fields.ok_or_report(file.text())?;
    let content = read_list_file(name, file, fields)?;
    if fields.problem_count() > before {
        return None;
    }
    let named = NamedColumns { keys, returned };
    let table = fields.ok_or_report(read_rows(&content, &named))?;
    let columns: Vec<String> = named.returned.into_iter().map(|column| column.value).collect();
    let keys = named.keys.into_iter().map(|key| key.template).collect();
    let query = TableQuery { table, keys, columns: columns.clone() };
    Some(QueryAndColumns { query: Query::Table(query), columns })
}

/// Reads `match`: columns and what they must equal.
fn read_match(fields: &Fields<'_>) -> Vec<Key> {
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
    if table.0.len() > MOST_COLUMNS {
        fields.report(too_many_columns(node, table.0.len()));
        return keys;
    }
    for entry in &table.0 {
        let column = Spanned::new(entry.key.clone(), entry.key_span.clone());
        if let Some(template) = fields.ok_or_report(read_placeholder(&entry.value, fields)) {
            keys.push(Key { column, template, ignores_case: false });
        }
    }
    keys
}

/// Reads `returns`: the columns that rules may use. Without it there are none.
fn read_returns(fields: &Fields<'_>) -> Vec<Spanned<String>> {
    let mut columns: Vec<Spanned<String>> = Vec::new();
    for item in fields.optional("returns", read_columns).unwrap_or_default() {
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

/// Reads a list of columns.
fn read_columns(node: &Node) -> Result<&[Node], SpanProblem> {
    let columns = node.list()?;
    if columns.len() > MOST_COLUMNS {
        Err(too_many_columns(node, columns.len()))
    } else {
        Ok(columns)
    }
}

fn too_many_columns(node: &Node, count: usize) -> SpanProblem {
    node.problem(format!("these are {count} columns; up to {MOST_COLUMNS} are allowed"))
}

/// Reads `ignore_case`, and marks the keys that are listed there.
fn read_ignore_case(fields: &Fields<'_>, keys: &mut [Key]) {
    for item in fields.optional("ignore_case", read_columns).unwrap_or_default() {
        let Some(name) = fields.ok_or_report(item.text()) else {
            continue;
        };
        if let Some(key) = keys.iter_mut().find(|key| key.column.value == name) {
            key.ignores_case = true;
        } else {
            let known = keys.iter().map(|key| key.column.as_str());
            fields.report(item.problem(unknown("column of `match`", name, known)));
        }
    }
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
    let ignores_case = named.keys.iter().map(|key| key.ignores_case).collect();
    let mut table = RowTable::new(ignores_case, named.returned.len());
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
        if !named.keys.iter().zip(&row).all(|(key, cell)| key.can_equal(cell)) {
            continue;
        }
        if let Err(RepeatedRow { first_line }) = table.push(&row, line) {
            let columns: Vec<&str> = named.keys.iter().map(|key| key.column.as_str()).collect();
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
    for column in named.keys.iter().map(|key| &key.column).chain(&named.returned) {
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
