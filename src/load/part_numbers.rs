//! Numbers the parts of a section. Equal parts get equal numbers, so that the result of one serves for the others.

use std::collections::HashMap;

use crate::rule::node::{Node, Table};

/// The numbers of the parts of a section so far.
#[derive(Default)]
pub(super) struct PartNumbers {
    /// The number of each different part, by the keys of the part and their values.
    numbers: HashMap<Vec<(&'static str, Node)>, usize>,
    has_equal_parts: bool,
}

impl PartNumbers {
    /// The number of the part that these keys of a table make up.
    pub(super) fn number_of(&mut self, table: &Table, keys: &[&'static str]) -> usize {
        let mut part = Vec::new();
        for key in keys {
            if let Some(entry) = table.get(key) {
                part.push((*key, entry.value.clone()));
            }
        }
        let next = self.numbers.len();
        let number = *self.numbers.entry(part).or_insert(next);
        if number != next {
            self.has_equal_parts = true;
        }
        number
    }

    /// How many parts a request remembers the results of: all different ones, or none if no two parts are equal.
    pub(super) fn to_remember(&self) -> usize {
        if self.has_equal_parts { self.numbers.len() } else { 0 }
    }
}
