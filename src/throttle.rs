//! Lets one message of a kind through in a while, so that nobody can fill the log.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

/// How often messages of one kind are let through at most.
const EVERY: Duration = Duration::from_secs(10);

/// Remembers the messages that were let through lately.
#[derive(Debug, Default)]
pub struct Throttle(Mutex<HashMap<String, Kind>>);

#[derive(Debug)]
struct Kind {
    /// When a message was let through.
    last: Instant,
    /// How many were left out since.
    left_out: u64,
}

impl Throttle {
    /// Lets a message through, or leaves it out. Returns how many of its kind were left out since the
    /// last one that was let through; `None` where this one is left out as well. There must be few
    /// kinds, since all are remembered.
    pub fn admit(&self, kind: &str, now: Instant) -> Option<u64> {
        let mut kinds = self.0.lock();
        let Some(known) = kinds.get_mut(kind) else {
            kinds.insert(kind.to_owned(), Kind { last: now, left_out: 0 });
            return Some(0);
        };
        if now.saturating_duration_since(known.last) < EVERY {
            known.left_out += 1;
            return None;
        }
        let left_out = known.left_out;
        *known = Kind { last: now, left_out: 0 };
        Some(left_out)
    }
}
