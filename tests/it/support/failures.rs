//! The failures of a table test.

use std::{
    fmt::{Debug, Display},
    thread,
};

/// The rows of a table test that failed, so that one run reports all of them.
#[derive(Default)]
pub struct Failures {
    rows: Vec<String>,
    /// Whether `assert_none` was called. A test without the call would pass with failed rows.
    is_asserted: bool,
}

impl Failures {
    pub fn add(&mut self, row: impl Display) {
        self.rows.push(row.to_string());
    }

    /// Adds the row if the condition does not hold.
    pub fn check(&mut self, row: impl Display, holds: bool) {
        if !holds {
            self.add(row);
        }
    }

    /// Adds the row and both values if they differ.
    pub fn check_eq<A: PartialEq<B> + Debug, B: Debug>(
        &mut self,
        row: impl Display,
        actual: A,
        expected: B,
    ) {
        if actual != expected {
            self.add(format!("{row}: {actual:?}, expected {expected:?}"));
        }
    }

    /// Adds the row and the text if the text does not have this part.
    pub fn check_contains(&mut self, row: impl Display, text: &str, part: &str) {
        if !text.contains(part) {
            self.add(format!("{row}: `{part}` is missing in: {text}"));
        }
    }

    pub fn assert_none(mut self) {
        self.is_asserted = true;
        let count = self.rows.len();
        assert!(count == 0, "{count} rows failed:\n{}", self.rows.join("\n"));
    }
}

impl Drop for Failures {
    fn drop(&mut self) {
        assert!(self.is_asserted || thread::panicking(), "call `assert_none`");
    }
}
