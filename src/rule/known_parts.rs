//! The parts whose result is known in the request that is being judged.
//!
//! Rules of a section often have a part in common, such as a condition. A part that is known to hold is not checked
//! again, and neither is a condition that is known not to hold.

use std::cell::Cell;

use super::Part;

/// The results of the parts that were checked so far. Has no room for a section without equal parts, since no result
/// would be used again.
#[derive(Default)]
pub(crate) struct KnownParts {
    /// Whether the part of this number holds. `None` if that is not known yet.
    holds: Box<[Cell<Option<bool>>]>,
}

impl KnownParts {
    /// No result yet, and room for those of so many different parts.
    pub(super) fn with_room_for(parts: usize) -> Self {
        Self { holds: vec![Cell::new(None); parts].into_boxed_slice() }
    }

    /// Whether the part holds, if that is known.
    pub(super) fn get(&self, part: &Part) -> Option<bool> {
        self.cell(part)?.get()
    }

    /// Keeps whether the part holds, for the parts that equal it.
    pub(super) fn keep(&self, part: &Part, holds: bool) {
        if let Some(cell) = self.cell(part) {
            cell.set(Some(holds));
        }
    }

    fn cell(&self, part: &Part) -> Option<&Cell<Option<bool>>> {
        self.holds.get(part.number?)
    }
}
