//! The work of judging, counted in steps. A limit bounds the time of judging, whatever the rules files hold
//! and an end user sends.

use std::cell::Cell;

/// The steps that judging one request may take: up to 0.2 s in a release build.
const REQUEST_LIMIT: usize = 50_000_000;

/// The steps that `check --probe` may take for all rules: up to 10 s.
const PROBE_LIMIT: usize = 50 * REQUEST_LIMIT;

/// The steps that every check takes, besides those for the bytes of the value and for a pattern's search.
const CHECK_STEPS: usize = 25;

/// The steps per attribute to make a form for a probe.
const FORM_STEPS: usize = 150;

/// The steps per attribute to read an example.
const EXAMPLE_STEPS: usize = 25;

/// The steps to report a problem of an example. The search for the nearest known name takes up to 1 ms.
const PROBLEM_STEPS: usize = 250_000;

/// The work that judging may still do, in steps of about 4 ns. Checks that would exceed it fail, so that the request
/// is denied.
pub struct WorkBudget {
    steps_left: Cell<usize>,
}

/// The work would take more steps than are left.
pub(in crate::rule) struct TooCostly;

impl Default for WorkBudget {
    /// The budget of one request, or of the examples of all rules.
    fn default() -> Self {
        Self { steps_left: Cell::new(REQUEST_LIMIT) }
    }
}

impl WorkBudget {
    /// The budget of `check --probe` for all rules.
    pub fn of_probe() -> Self {
        Self { steps_left: Cell::new(PROBE_LIMIT) }
    }

    /// The steps that are left.
    pub(in crate::rule) fn steps_left(&self) -> usize {
        self.steps_left.get()
    }

    /// Spends the steps of a check. `value_steps` are those for the bytes of the value. Fails if too few are
    /// left.
    pub(in crate::rule) fn spend_check(&self, value_steps: usize) -> Result<(), TooCostly> {
        self.spend(CHECK_STEPS + value_steps)
    }

    /// Spends the steps to make a form for a probe.
    pub(crate) fn spend_form(&self, attributes: usize) {
        self.spend_or_exhaust(FORM_STEPS * attributes);
    }

    /// Spends the steps to read an example.
    pub(crate) fn spend_example(&self, attributes: usize) {
        self.spend_or_exhaust(EXAMPLE_STEPS * attributes);
    }

    /// Spends the steps to report a problem of an example.
    pub(crate) fn spend_problem(&self) {
        self.spend_or_exhaust(PROBLEM_STEPS);
    }

    /// Spends steps of work that is done even if fewer are left. Then no step is left, so the next check fails.
    fn spend_or_exhaust(&self, steps: usize) {
        let _ = self.spend(steps);
    }

    /// Spends steps. If fewer are left, spends all that are left and fails.
    pub(in crate::rule) fn spend(&self, steps: usize) -> Result<(), TooCostly> {
        match self.steps_left.get().checked_sub(steps) {
            Some(rest) => {
                self.steps_left.set(rest);
                Ok(())
            }
            None => {
                self.steps_left.set(0);
                Err(TooCostly)
            }
        }
    }

    /// Whether too few steps are left for a further check.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.steps_left.get() < CHECK_STEPS
    }
}
