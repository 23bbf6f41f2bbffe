//! Counts the rows of a CSV table that are compared in another way than their author may expect.

use super::columns::KeyColumn;
use crate::{
    load::{fields::Fields, unmatched::why_unmatched},
    rule::{check::Reduction, template::Piece, value_name::ValueName},
};

/// The counts for one table.
pub(super) struct Surprises<'k> {
    keys: &'k [KeyColumn],
    fields: &'k Fields<'k>,
    /// Rows that a request can ask for.
    findable: usize,
    /// Rows that no request can ask for.
    ignored: usize,
    /// The ignored rows whose cells differ from the constants of `match` only in outer spaces or in case.
    nearly_found: usize,
    /// Rows with a space at the beginning or end of a cell.
    spaced: usize,
    /// For each key column, in the same order.
    columns: Vec<ColumnCounts>,
}

/// The counts for one column.
#[derive(Clone, Default)]
struct ColumnCounts {
    /// Rows that the value of `match` never equals.
    unmatched: usize,
    /// Rows with a capital letter in the column.
    with_capitals: usize,
    /// Rows with small letters only.
    only_small: usize,
}

impl<'k> Surprises<'k> {
    pub(super) fn new(keys: &'k [KeyColumn], fields: &'k Fields<'k>) -> Self {
        let columns = vec![ColumnCounts::default(); keys.len()];
        Self { keys, fields, findable: 0, ignored: 0, nearly_found: 0, spaced: 0, columns }
    }

    /// Counts a row that no request can ask for. It has the key columns first.
    pub(super) fn add_ignored(&mut self, row: &[&str]) {
        self.ignored += 1;
        if self.keys.iter().zip(row).all(|(key, cell)| nearly_equals(key, cell)) {
            self.nearly_found += 1;
        }
    }

    /// Counts a row that a request can ask for.
    pub(super) fn add_row(&mut self, row: &[&str]) {
        self.findable += 1;
        if row.iter().any(|cell| cell.trim() != *cell) {
            self.spaced += 1;
        }
        for ((key, cell), counts) in self.keys.iter().zip(row).zip(&mut self.columns) {
            let reduction = Reduction { ignore_case: key.ignores_case, ..Reduction::default() };
            if let Some(name) = only_name(key)
                && why_unmatched(cell, name, &reduction, self.fields).is_some()
            {
                counts.unmatched += 1;
            } else if key.ignores_case || key.is_constant() {
                continue;
            } else if cell.bytes().any(|byte| byte.is_ascii_uppercase()) {
                counts.with_capitals += 1;
            } else if cell.bytes().any(|byte| byte.is_ascii_lowercase()) {
                counts.only_small += 1;
            }
        }
    }

    /// The notes for the author. `file` is the name of the table's file.
    pub(super) fn notes(&self, file: &str) -> Vec<String> {
        let mut notes = Vec::new();
        if self.findable == 0 {
            notes.push(format!(
                "no row of `{file}` can be found, so rules with `found = false` pass and others that need the lookup deny"
            ));
        }
        if self.ignored > 0 {
            let rows = rows(self.ignored);
            notes.push(format!(
                "{rows} of `{file}` can never be found: a cell of `match` is empty, or differs from its constant"
            ));
        }
        if self.nearly_found > 0 {
            let rows = rows(self.nearly_found);
            notes.push(format!(
                "{rows} of `{file}` would be found but for a space, or for upper and lower case, in the cell of a constant of `match`"
            ));
        }
        if self.spaced > 0 {
            let rows = rows(self.spaced);
            notes.push(format!(
                "{rows} of `{file}` with a space at the beginning or end of a cell: it counts when the cell is compared"
            ));
        }
        for (key, counts) in self.keys.iter().zip(&self.columns) {
            let name = &key.name.value;
            if counts.unmatched > 0
                && let Some(value) = only_name(key)
            {
                let rows = rows(counts.unmatched);
                notes.push(format!(
                    "{rows} of `{file}` can never be found: `{value}` is always in another form than their `{name}` (in lower case, or normalized)"
                ));
            }
            if counts.with_capitals > 0 && counts.only_small > 0 {
                let rows = rows(counts.with_capitals);
                notes.push(format!(
                    "{rows} of `{file}` with capital letters in `{name}`, which must be typed the same; to ignore case, add `ignore_case = [\"{name}\"]`"
                ));
            }
        }
        notes
    }
}

/// The name of the value that a column must equal, if it must equal that value alone.
fn only_name(key: &KeyColumn) -> Option<&ValueName> {
    match key.template.pieces.as_slice() {
        [Piece::Name(name)] => Some(name),
        _ => None,
    }
}

/// Whether a request could ask for this cell if outer spaces and case did not matter in a constant.
fn nearly_equals(key: &KeyColumn, cell: &str) -> bool {
    match key.template.pieces.as_slice() {
        [Piece::Text(constant)] => constant.trim().eq_ignore_ascii_case(cell.trim()),
        _ => !cell.is_empty(),
    }
}

fn rows(count: usize) -> String {
    if count == 1 { "1 row".to_owned() } else { format!("{count} rows") }
}
