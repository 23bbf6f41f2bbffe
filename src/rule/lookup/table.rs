//! Tables of the rules folder, and questions to them. A table may have millions of rows.

use std::hash::{BuildHasher as _, Hash as _, Hasher as _, RandomState};

use hashbrown::HashTable;

use super::{
    fill::fill,
    outcome::WhyNotAsked,
    result::{Columns, LookupResult},
};
use crate::{
    okta::Value,
    rule::{check::EvalContext, template::Template, value_name::ValueName},
};

/// The question of a lookup to a table, before it is filled in.
pub(crate) struct TableQuery {
    pub(crate) table: RowTable,
    /// The texts that the key columns must equal.
    pub(crate) keys: Vec<Template<ValueName>>,
    /// The names of the columns that are returned, in the table's order.
    pub(crate) columns: Vec<String>,
}

/// A question to a table in one request. It holds values of people, and is never logged.
pub struct TableQuestion<'r> {
    query: &'r TableQuery,
    keys: Vec<String>,
}

/// Rows that are found by their keys in constant time.
pub(crate) struct RowTable {
    rows: Rows,
    /// The numbers of the rows, by the hashes of their keys.
    index: HashTable<u32>,
}

/// Rows in little memory: all cells are in one text.
struct Rows {
    all_cells: String,
    /// The end of each cell in `all_cells`, row by row. The cells of a row are its keys and then its values.
    ends: Vec<u32>,
    /// The line of each row in its file, from 1.
    lines: Vec<u32>,
    hasher: RandomState,
    /// For each key column, whether the case of ASCII letters is ignored.
    ignores_case: Vec<bool>,
    /// The number of cells per row.
    width: usize,
}

/// A row has the same keys as an earlier row.
pub(crate) struct RepeatedRow {
    pub(crate) first_line: u32,
}

impl RowTable {
    /// A table without rows. `ignores_case` has an entry per key. Each row has `value_count` cells besides
    /// its keys.
    pub(crate) fn new(ignores_case: Vec<bool>, value_count: usize) -> Self {
        let width = ignores_case.len() + value_count;
        let rows = Rows {
            all_cells: String::new(),
            ends: Vec::new(),
            lines: Vec::new(),
            hasher: RandomState::new(),
            ignores_case,
            width,
        };
        Self { rows, index: HashTable::new() }
    }

    /// Adds a row: its keys and then its values. Fails if an earlier row has the same keys. Leaves out a row as
    /// [`Rows::push`] does.
    pub(crate) fn push(&mut self, cells: &[&str], line: u32) -> Result<(), RepeatedRow> {
        let Self { rows, index } = self;
        let Some(row) = rows.push(cells, line) else {
            return Ok(());
        };
        let hash = rows.hash_of_keys(rows.keys_of(row));
        let earlier = index.find(hash, |other| rows.keys_of(row).eq(rows.keys_of(*other)));
        if let Some(first) = earlier {
            let first_line = rows.lines.get(*first as usize).copied().unwrap_or_default();
            return Err(RepeatedRow { first_line });
        }
        index.insert_unique(hash, row, |row| rows.hash_of_keys(rows.keys_of(*row)));
        Ok(())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.lines.is_empty()
    }

    /// Frees the memory that is reserved for further rows.
    pub(crate) fn shrink(&mut self) {
        self.rows.all_cells.shrink_to_fit();
        self.rows.ends.shrink_to_fit();
        self.rows.lines.shrink_to_fit();
    }

    /// The values of the row with these keys.
    fn find(&self, keys: &[String]) -> Option<impl Iterator<Item = &str>> {
        let hash = self.rows.hash_of_keys(keys.iter().map(String::as_str));
        let row = *self.index.find(hash, |row| self.rows.keys_of(*row).eq(keys))?;
        Some(self.rows.values_of(row))
    }
}

impl Rows {
    /// Adds a row and returns its number. Leaves out a row that would make `all_cells` larger than 4 GiB,
    /// and returns `None`. The loader's bound on lists is far below.
    fn push(&mut self, cells: &[&str], line: u32) -> Option<u32> {
        let row = u32::try_from(self.lines.len()).ok()?;
        let row_length: usize = cells.iter().map(|cell| cell.len()).sum();
        let length_after = self.all_cells.len() + row_length;
        if u32::try_from(length_after).is_err() {
            return None;
        }
        for (index, cell) in cells.iter().enumerate() {
            // The values come after the keys, so `ignores_case` has no entry for them.
            match self.ignores_case.get(index) {
                Some(true) => self.all_cells.push_str(&cell.to_ascii_lowercase()),
                _ => self.all_cells.push_str(cell),
            }
            self.ends.push(u32::try_from(self.all_cells.len()).unwrap_or(u32::MAX));
        }
        self.lines.push(line);
        Some(row)
    }

    fn hash_of_keys<'k>(&self, keys: impl Iterator<Item = &'k str>) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        for key in keys {
            key.hash(&mut hasher);
        }
        hasher.finish()
    }

    fn keys_of(&self, row: u32) -> impl Iterator<Item = &str> {
        self.cells_of(row).take(self.ignores_case.len())
    }

    fn values_of(&self, row: u32) -> impl Iterator<Item = &str> {
        self.cells_of(row).skip(self.ignores_case.len())
    }

    fn cells_of(&self, row: u32) -> impl Iterator<Item = &str> {
        let first = row as usize * self.width;
        (first..first + self.width).map(|cell| self.cell(cell))
    }

    fn cell(&self, cell: usize) -> &str {
        let start = match cell.checked_sub(1) {
            Some(before) => self.ends.get(before).copied().unwrap_or_default(),
            None => 0,
        };
        let end = self.ends.get(cell).copied().unwrap_or_default();
        self.all_cells.get(start as usize..end as usize).unwrap_or_default()
    }
}

impl TableQuery {
    pub(super) fn question(
        &self,
        context: &EvalContext<'_>,
    ) -> Result<TableQuestion<'_>, WhyNotAsked<'_>> {
        let mut keys = Vec::new();
        for (template, ignores_case) in self.keys.iter().zip(&self.table.rows.ignores_case) {
            let mut key = fill(template, context, str::to_owned)?;
            if *ignores_case {
                key.make_ascii_lowercase();
            }
            keys.push(key);
        }
        Ok(TableQuestion { query: self, keys })
    }

    pub(super) fn value_names(&self) -> Vec<&ValueName> {
        self.keys.iter().flat_map(Template::names).collect()
    }
}

impl TableQuestion<'_> {
    /// The values of the row with the keys of the question. Empty cells are absent.
    pub(crate) fn result(&self) -> LookupResult {
        let Some(values) = self.query.table.find(&self.keys) else {
            return LookupResult::NotFound;
        };
        let mut columns = Columns::new();
        for (column, value) in self.query.columns.iter().zip(values) {
            if !value.is_empty() {
                columns.insert(column.clone(), Value::Text(value.to_owned().into()));
            }
        }
        LookupResult::Found(columns)
    }
}
