//! Tells of refused callers, so that an administrator finds the reason and an attacker no way to
//! fill the log.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::auth::Reason;

/// How often a reason is told of at most.
const EVERY: Duration = Duration::from_secs(10);

/// When each reason was told of last, and how many callers it has hit since.
#[derive(Debug, Default)]
pub(super) struct Failures(Mutex<HashMap<&'static str, (Instant, u64)>>);

impl Failures {
    /// Logs a warning, or counts towards the next one.
    pub(super) fn tell(&self, reason: Reason) {
        let now = Instant::now();
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let untold = match told.get_mut(reason.as_str()) {
            Some((last, count)) if now.duration_since(*last) < EVERY => {
                *count += 1;
                return;
            }
            last => last.map_or(0, |(_, count)| *count),
        };
        told.insert(reason.as_str(), (now, 0));
        drop(told);
        let more = if untold > 0 { format!(" (and {untold} times before)") } else { String::new() };
        log::warn!("refused a caller: {}{more}", reason.as_str());
    }
}
