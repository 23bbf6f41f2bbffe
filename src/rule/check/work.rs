//! The work of judging, counted, so that neither a rules file nor an end user decides how long it takes.

use std::cell::Cell;

/// The steps that judging one request may take: up to 0.2 s in a release build.
const STEPS: usize = 50_000_000;
/// The steps of a check whatever its value is. A check then takes a step per byte of the value, and a
/// pattern the steps of its search.
const CHECK_STEPS: usize = 25;

/// The steps per attribute of a form that is made for a check.
const FORM_STEPS: usize = 150;

/// The work that may still be done. A step takes about 4 ns.
pub struct Work {
    left: Cell<usize>,
}

/// More work would be needed than may be done.
pub(super) struct TooCostly;

impl Default for Work {
    /// The work of one request, or of the examples of all rules.
    fn default() -> Self {
        Self { left: Cell::new(STEPS) }
    }
}

impl Work {
    /// Counts a check of a value with so many bytes.
    pub(super) fn count_check(&self, length: usize) -> Result<(), TooCostly> {
        self.count(CHECK_STEPS + length)
    }

    /// Counts a form that is made for a check.
    pub(crate) fn count_form(&self, attributes: usize) {
        // If too much work is done, the check says so.
        let _ = self.count(FORM_STEPS * attributes);
    }

    /// Counts steps. Once they are too many, no further work is done.
    pub(super) fn count(&self, steps: usize) -> Result<(), TooCostly> {
        match self.left.get().checked_sub(steps) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => {
                self.left.set(0);
                Err(TooCostly)
            }
        }
    }

    /// Whether no further check is done.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.left.get() < CHECK_STEPS
    }
}
