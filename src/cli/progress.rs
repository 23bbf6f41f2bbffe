//! A progress bar for long work, in one line of a terminal.

use std::{
    io::{self, IsTerminal as _, Write as _},
    time::{Duration, Instant},
};

/// The line appears after this time, so that short work has none.
const DELAY: Duration = Duration::from_secs(1);
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
    /// When the line may change again.
    next_change: Instant,
    is_shown: bool,
}

impl Progress {
    pub(super) fn new(total: usize) -> Self {
        let next_change = Instant::now() + DELAY;
        Self {
            total,
            done: 0,
            is_terminal: io::stderr().is_terminal(),
            next_change,
            is_shown: false,
        }
    }

    /// Counts one more piece of work as done.
    pub(super) fn step(&mut self) {
        self.done += 1;
        let now = Instant::now();
        if !self.is_terminal || now < self.next_change {
            return;
        }
        self.next_change = now + INTERVAL;
        self.is_shown = true;
        let filled = WIDTH * self.done / self.total.max(1);
        let bar = "#".repeat(filled) + &" ".repeat(WIDTH.saturating_sub(filled));
        // If writing fails, there is no other place to report it.
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
