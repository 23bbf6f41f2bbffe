//! The work of judging, counted, so that neither a rules file nor an end user decides how long it takes.

use std::cell::Cell;

/// The steps that judging one request may take: up to 0.2 s in a release build.
const STEPS: usize = 50_000_000;

/// The steps that each check takes at least. It takes further steps per byte of the value, and a pattern
/// those of its search.
const CHECK_STEPS: usize = 25;

/// The steps per attribute of a form that is made for a check.
const FORM_STEPS: usize = 150;

/// The steps per attribute of an example that is read.
const EXAMPLE_STEPS: usize = 25;

/// The steps to report a problem of an example. The search for the nearest known name takes up to 1 ms.
const PROBLEM_STEPS: usize = 250_000;

/// The work that may still be done. A step takes about 4 ns.
pub struct Work {
    left: Cell<usize>,
}

/// More work would be needed than may be done.
pub(in crate::rule) struct TooCostly;

impl Default for Work {
    /// The work of one request, or of the examples of all rules.
    fn default() -> Self {
        Self { left: Cell::new(STEPS) }
    }
}

impl Work {
    /// The work of a probe of all rules: up to 10 s.
    pub fn of_probe() -> Self {
        Self { left: Cell::new(50 * STEPS) }
    }

    /// The work that may still be done, in steps.
    pub(in crate::rule) fn left(&self) -> usize {
        self.left.get()
    }

    /// Counts a check of a value with so many bytes.
    pub(in crate::rule) fn count_check(&self, length: usize) -> Result<(), TooCostly> {
        self.count(CHECK_STEPS + length)
    }

    /// Counts a form that is made for a check. The check itself fails once the work is used up.
    pub(crate) fn count_form(&self, attributes: usize) {
        let _ = self.count(FORM_STEPS * attributes);
    }

    /// Counts the reading of an example with so many attributes.
    pub(crate) fn count_example(&self, attributes: usize) {
        let _ = self.count(EXAMPLE_STEPS * attributes);
    }

    /// Counts a problem of an example.
    pub(crate) fn count_problem(&self) {
        let _ = self.count(PROBLEM_STEPS);
    }

    /// Counts steps. Fails if fewer are left, and then leaves none.
    pub(in crate::rule) fn count(&self, steps: usize) -> Result<(), TooCostly> {
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

    /// Whether too few steps are left for a further check.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.left.get() < CHECK_STEPS
    }
}
