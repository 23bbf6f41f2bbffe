//! Limits how often a message of a kind is logged, so that no caller can fill the log.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

/// The shortest interval between two messages of one kind.
const INTERVAL: Duration = Duration::from_secs(10);

/// Admits at most one message of each kind per interval, and counts the others.
#[derive(Debug, Default)]
pub struct Throttle(Mutex<HashMap<String, History>>);

/// The messages of a kind so far.
#[derive(Debug)]
struct History {
    /// When a message was last admitted.
    last: Instant,
    /// How many messages were omitted since then.
    omitted: Omitted,
}

/// How many messages of a kind were omitted between two admitted ones. Printed, it is the suffix of the second
/// admitted message: ` (3 more before)`, or an empty text for 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Omitted(pub u64);

impl fmt::Display for Omitted {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            omitted => write!(out, " ({omitted} more before)"),
        }
    }
}

impl Throttle {
    /// Admits a message, and returns how many of its kind have been omitted since the last admitted one. Returns
    /// `None` to omit this one as well. Remembers all kinds, so there must be few.
    pub fn admit(&self, kind: &str, now: Instant) -> Option<Omitted> {
        let mut kinds = self.0.lock();
        let Some(known) = kinds.get_mut(kind) else {
            kinds.insert(kind.to_owned(), History { last: now, omitted: Omitted(0) });
            return Some(Omitted(0));
        };
        if now.saturating_duration_since(known.last) < INTERVAL {
            known.omitted.0 += 1;
            return None;
        }
        let omitted = known.omitted;
        *known = History { last: now, omitted: Omitted(0) };
        Some(omitted)
    }

    /// How many messages of each kind have been omitted since the last admitted one. Leaves out kinds without any.
    pub fn omitted(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for (kind, history) in self.0.lock().iter() {
            if history.omitted.0 > 0 {
                counts.insert(kind.clone(), history.omitted.0);
            }
        }
        counts
    }
}
