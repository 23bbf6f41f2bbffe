//! Counts the rows of a CSV table that are compared in another way than their author may expect.
//!
//! The key columns are those that `match` names. It gives each of them a template such as `{email}`, or a constant such
//! as `"banned"`. A lookup finds a row whose key columns equal these texts.

use super::columns::KeyColumn;
use crate::{
    load::{fields::Fields, unmatched::why_unmatched},
    rule::{check::Comparison, template::Piece, value_name::ValueName},
};

/// The counts for one table.
pub(super) struct Surprises<'k> {
    keys: &'k [KeyColumn],
    fields: &'k Fields<'k>,
    /// Rows that a lookup searches. The [`unmatched`](ColumnCounts::unmatched) rows among them can never be found.
    searched: usize,
    /// Rows that are left out of the search: a cell in a key column is empty, or differs from the column's constant.
    left_out: usize,
    /// Left-out rows that would be searched if outer spaces and case did not matter in a constant.
    nearly_searched: usize,
    /// Searched rows with a space at the beginning or end of a cell.
    spaced: usize,
    /// The counts for each key column, in the order of `keys`.
    columns: Vec<ColumnCounts>,
}

/// The counts for one key column. If some cells have capital letters and others have none, their case is probably
/// arbitrary, so a note suggests `ignore_case`. The counts of capitals stay 0 if case does not matter.
#[derive(Clone, Default)]
struct ColumnCounts {
    /// Searched rows with a cell that can never match. For example, the value is always in lower case, and the cell is
    /// not.
    unmatched: usize,
    /// Searched rows with a capital letter in the cell.
    with_capitals: usize,
    /// Searched rows with letters in the cell, all of them small.
    without_capitals: usize,
}

impl<'k> Surprises<'k> {
    pub(super) fn new(keys: &'k [KeyColumn], fields: &'k Fields<'k>) -> Self {
        let columns = vec![ColumnCounts::default(); keys.len()];
        Self { keys, fields, searched: 0, left_out: 0, nearly_searched: 0, spaced: 0, columns }
    }

    /// Counts a row that is left out of the search. The key columns come first in `row`.
    pub(super) fn count_left_out(&mut self, row: &[&str]) {
        self.left_out += 1;
        if self.keys.iter().zip(row).all(|(key, cell)| nearly_equals(key, cell)) {
            self.nearly_searched += 1;
        }
    }

    /// Counts a row that a lookup searches. The key columns come first in `row`.
    pub(super) fn count_searched(&mut self, row: &[&str]) {
        self.searched += 1;
        if row.iter().any(|cell| cell.trim() != *cell) {
            self.spaced += 1;
        }
        for ((key, cell), counts) in self.keys.iter().zip(row).zip(&mut self.columns) {
            counts.count_cell(key, cell, self.fields);
        }
    }

    /// The notes for the author. `file` is the name of the table's file.
    pub(super) fn notes(&self, file: &str) -> Vec<String> {
        let mut notes = Vec::new();
        if self.searched == 0 {
            notes.push(format!(
                "no row of `{file}` can be found, so rules with `found = false` pass and others that need the lookup deny"
            ));
        }
        if self.left_out > 0 {
            let rows = row_count(self.left_out);
            notes.push(format!(
                "{rows} of `{file}` can never be found: a cell in a column of `match` is empty, or differs from the constant there"
            ));
        }
        if self.nearly_searched > 0 {
            let rows = row_count(self.nearly_searched);
            notes.push(format!(
                "{rows} of `{file}` cannot be found for one reason: a cell differs from the constant in `match` by outer spaces or by case"
            ));
        }
        if self.spaced > 0 {
            let rows = row_count(self.spaced);
            notes.push(format!(
                "`{file}` has {rows} with a space at the beginning or end of a cell; the space counts when the cell is compared"
            ));
        }
        for (key, counts) in self.keys.iter().zip(&self.columns) {
            let name = &key.name.value;
            if counts.unmatched > 0
                && let Some(value) = only_name(key)
            {
                let rows = row_count(counts.unmatched);
                notes.push(format!(
                    "{rows} of `{file}` can never be found: `{value}` is always in lower case, normalized or a domain, and their `{name}` is not"
                ));
            }
            if counts.with_capitals > 0 && counts.without_capitals > 0 {
                let rows = row_count(counts.with_capitals);
                notes.push(format!(
                    "`{file}` has {rows} with capital letters in `{name}`, and a value matches only with the same ones; to ignore case, add `ignore_case = [\"{name}\"]`"
                ));
            }
        }
        notes
    }
}

impl ColumnCounts {
    /// Counts the cell of a searched row.
    fn count_cell(&mut self, key: &KeyColumn, cell: &str, fields: &Fields<'_>) {
        let comparison = Comparison { ignore_case: key.ignores_case, ..Comparison::default() };
        if let Some(name) = only_name(key)
            && why_unmatched(cell, name, &comparison, fields).is_some()
        {
            self.unmatched += 1;
            return;
        }
        // A searched cell equals the constant of its column, if there is one, so its case does not matter.
        let case_matters = !key.ignores_case && key.constant().is_none();
        if case_matters && cell.bytes().any(|byte| byte.is_ascii_uppercase()) {
            self.with_capitals += 1;
        } else if case_matters && cell.bytes().any(|byte| byte.is_ascii_lowercase()) {
            self.without_capitals += 1;
        }
    }
}

/// The name of the value that a key column must equal. Returns `None` if its template has constant text or several
/// names.
fn only_name(key: &KeyColumn) -> Option<&ValueName> {
    match key.template.pieces.as_slice() {
        [Piece::Name(name)] => Some(name),
        _ => None,
    }
}

/// Whether a row with this cell would be searched if outer spaces and case did not matter in a constant.
fn nearly_equals(key: &KeyColumn, cell: &str) -> bool {
    match key.constant() {
        Some(constant) => constant.trim().eq_ignore_ascii_case(cell.trim()),
        None => !cell.is_empty(),
    }
}

/// `1 row` or `3 rows`.
fn row_count(count: usize) -> String {
    if count == 1 { "1 row".to_owned() } else { format!("{count} rows") }
}
