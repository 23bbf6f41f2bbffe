//! Warnings that a caller can cause: each kind is told of at most once in a while, so that an
//! administrator finds the reason and an attacker no way to fill the log.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

/// How often a kind is told of at most.
const EVERY: Duration = Duration::from_secs(10);

/// Which warnings there were lately: when each kind was told of last, and how often it has come since.
#[derive(Debug, Default)]
pub(crate) struct Warnings(Mutex<HashMap<String, (Instant, u64)>>);

impl Warnings {
    /// Logs a warning, or counts towards the next one. Of `kind`s there must be few.
    pub(super) fn warn(&self, kind: &str, text: impl FnOnce() -> String) {
        let now = Instant::now();
        let mut told = self.0.lock();
        let untold = match told.get_mut(kind) {
            Some((last, count)) if now.duration_since(*last) < EVERY => {
                *count += 1;
                return;
            }
            last => last.map_or(0, |(_, count)| *count),
        };
        told.insert(kind.to_owned(), (now, 0));
        drop(told);
        let more = if untold > 0 { format!(" ({untold} more before)") } else { String::new() };
        log::warn!("{}{more}", text());
    }
}
