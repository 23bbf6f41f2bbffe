//! Limits how often a message of a kind is logged, so that no caller can fill the log.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

/// The shortest interval between two messages of one kind.
const INTERVAL: Duration = Duration::from_secs(10);

/// Admits at most one message of each kind per interval, and counts the others.
#[derive(Debug, Default)]
pub struct Throttle(Mutex<HashMap<String, History>>);

#[derive(Debug)]
struct History {
    /// When a message was last admitted.
    last: Instant,
    /// How many have been omitted since.
    omitted: u64,
}

impl Throttle {
    /// Admits a message, and returns how many of its kind have been omitted since the last one. Returns
    /// `None` to omit this one as well. Remembers all kinds, so there must be few.
    pub fn admit(&self, kind: &str, now: Instant) -> Option<u64> {
        let mut kinds = self.0.lock();
        let Some(known) = kinds.get_mut(kind) else {
            kinds.insert(kind.to_owned(), History { last: now, omitted: 0 });
            return Some(0);
        };
        if now.saturating_duration_since(known.last) < INTERVAL {
            known.omitted += 1;
            return None;
        }
        let omitted = known.omitted;
        *known = History { last: now, omitted: 0 };
        Some(omitted)
    }
}
