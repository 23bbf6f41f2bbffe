//! A line on a terminal that counts what is done, if it takes long.

use std::{
    io::{self, IsTerminal as _, Write as _},
    time::{Duration, Instant},
};

/// Shorter work has no line.
const PATIENCE: Duration = Duration::from_secs(1);
/// The time between two changes of the line.
const INTERVAL: Duration = Duration::from_millis(100);
/// Goes to the start of the line and clears it.
const CLEAR: &str = "\r\x1b[K";
/// The width of the bar, in characters.
const WIDTH: usize = 30;

/// Counts work. Clears its line when dropped.
pub(super) struct Progress {
    total: usize,
    done: usize,
    is_terminal: bool,
    next: Instant,
    is_shown: bool,
}

impl Progress {
    pub(super) fn new(total: usize) -> Self {
        let next = Instant::now() + PATIENCE;
        Self { total, done: 0, is_terminal: io::stderr().is_terminal(), next, is_shown: false }
    }

    /// Counts one more.
    pub(super) fn step(&mut self) {
        self.done += 1;
        let now = Instant::now();
        if !self.is_terminal || now < self.next {
            return;
        }
        self.next = now + INTERVAL;
        self.is_shown = true;
        let filled = WIDTH * self.done / self.total.max(1);
        let bar = "#".repeat(filled) + &" ".repeat(WIDTH.saturating_sub(filled));
        // If it fails, there is no other place to report it.
        let _ = write!(io::stderr(), "{CLEAR}[{bar}] {}/{}", self.done, self.total);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_shown {
            let _ = write!(io::stderr(), "{CLEAR}");
        }
    }
}
