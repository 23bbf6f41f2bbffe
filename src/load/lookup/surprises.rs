//! Counts the rows of a CSV table that are compared in another way than their author may expect.

use super::columns::KeyColumn;
use crate::rule::template::Piece;

/// The counts for one table.
pub(super) struct Surprises<'k> {
    keys: &'k [KeyColumn],
    /// Rows that no request can ask for.
    ignored: usize,
    /// The ignored rows whose cells differ from the constants of `match` only in outer spaces or in case.
    nearly_found: usize,
    /// Rows with a space at the beginning or end of a cell.
    spaced: usize,
    /// For each key column, in the same order.
    cases: Vec<CaseCounts>,
}

/// The letters in one column.
#[derive(Clone, Default)]
struct CaseCounts {
    /// Rows with a capital letter in the column.
    with_capitals: usize,
    /// Rows with small letters only.
    only_small: usize,
}

impl<'k> Surprises<'k> {
    pub(super) fn new(keys: &'k [KeyColumn]) -> Self {
        let cases = vec![CaseCounts::default(); keys.len()];
        Self { keys, ignored: 0, nearly_found: 0, spaced: 0, cases }
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
        if row.iter().any(|cell| cell.trim() != *cell) {
            self.spaced += 1;
        }
        for ((key, cell), case) in self.keys.iter().zip(row).zip(&mut self.cases) {
            if key.ignores_case || key.is_constant() {
                continue;
            }
            if cell.bytes().any(|byte| byte.is_ascii_uppercase()) {
                case.with_capitals += 1;
            } else if cell.bytes().any(|byte| byte.is_ascii_lowercase()) {
                case.only_small += 1;
            }
        }
    }

    /// The notes for the author. `file` is the name of the table's file.
    pub(super) fn notes(&self, file: &str) -> Vec<String> {
        let mut notes = Vec::new();
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
        for (key, case) in self.keys.iter().zip(&self.cases) {
            if case.with_capitals > 0 && case.only_small > 0 {
                let (name, rows) = (&key.name.value, rows(case.with_capitals));
                notes.push(format!(
                    "{rows} of `{file}` with capital letters in `{name}`, which must be typed the same; to ignore case, add `ignore_case = [\"{name}\"]`"
                ));
            }
        }
        notes
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
