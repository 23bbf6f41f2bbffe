//! Messages that a caller can cause. Each kind is logged at most once per interval, so that an
//! administrator finds the reason and an attacker cannot fill the log.

use std::time::Instant;

use log::Level;

use crate::throttle::Throttle;

/// Logs at most one message of a kind per interval.
#[derive(Debug, Default)]
pub(crate) struct Warnings(Throttle);

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
        match self.0.admit(kind, Instant::now()) {
            None => {}
            Some(0) => log::log!(level, "{}", text()),
            Some(left_out) => log::log!(level, "{} ({left_out} more before)", text()),
        }
    }
}
