//! Messages that a caller can cause: each kind is logged at most once in a while, so that an
//! administrator finds the reason and an attacker cannot fill the log.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use log::Level;
use parking_lot::Mutex;

/// How often a kind is logged at most.
const EVERY: Duration = Duration::from_secs(10);

/// The kinds of message that were logged lately.
#[derive(Debug, Default)]
pub(crate) struct Warnings(Mutex<HashMap<String, Lately>>);

/// One kind of message.
#[derive(Debug)]
struct Lately {
    logged: Instant,
    /// How often it has come since.
    left_out: u64,
}

impl Warnings {
    /// Logs a warning, or counts it for the next one of its kind. There must be few kinds.
    pub(crate) fn warn(&self, kind: &str, text: impl FnOnce() -> String) {
        self.log(Level::Warn, kind, text);
    }

    /// Logs an error, or counts it for the next one of its kind. There must be few kinds.
    pub(crate) fn error(&self, kind: &str, text: impl FnOnce() -> String) {
        self.log(Level::Error, kind, text);
    }

    fn log(&self, level: Level, kind: &str, text: impl FnOnce() -> String) {
        let Some(left_out) = self.is_due(kind) else {
            return;
        };
        match left_out {
            0 => log::log!(level, "{}", text()),
            _ => log::log!(level, "{} ({left_out} more before)", text()),
        }
    }

    /// Returns how many of this kind were left out before, or `None` where this one is left out.
    fn is_due(&self, kind: &str) -> Option<u64> {
        let now = Instant::now();
        let mut kinds = self.0.lock();
        let Some(lately) = kinds.get_mut(kind) else {
            kinds.insert(kind.to_owned(), Lately { logged: now, left_out: 0 });
            return Some(0);
        };
        if now.duration_since(lately.logged) < EVERY {
            lately.left_out += 1;
            return None;
        }
        let left_out = lately.left_out;
        *lately = Lately { logged: now, left_out: 0 };
        Some(left_out)
    }
}
