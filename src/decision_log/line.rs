//! The content of a line of the log.

use std::{
    fmt::{self, Display},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ring::rand::{SecureRandom as _, SystemRandom};

use crate::rule::Verdict;

/// The content of a line. Holds no value of a profile.
pub struct Line<'a> {
    /// The unique name of the decision.
    pub id: DecisionId,
    /// The hook, or `none` for a path without a hook.
    pub hook: &'a str,
    /// `self.service.registration`, `progressive.profile`, `classic` or `none`.
    pub request_type: &'static str,
    /// `allow`, `update` or `deny`; `none` for a refusal.
    pub decision: &'static str,
    /// The HTTP status.
    pub status: &'a str,
    /// Okta's `eventId`.
    pub event_id: Option<&'a str>,
    /// The outcome of each rule.
    pub verdicts: &'a [Verdict<'a>],
    /// The revision of the rules.
    pub rules_revision: &'a str,
    /// The method that admitted the caller, or `none`.
    pub caller: &'a dyn Display,
    /// The time from the head's arrival to the answer.
    pub duration: Duration,
}

/// The unique name of a decision: random digits of this process, and a count.
#[derive(Clone, Copy, Debug)]
pub struct DecisionId(u64);

impl DecisionId {
    /// A new name.
    pub fn next() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        Self(COUNT.fetch_add(1, Ordering::Relaxed))
    }
}

impl Display for DecisionId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        static PROCESS: LazyLock<u64> = LazyLock::new(|| {
            let mut bytes = [0; 8];
            // Without entropy, ids repeat between processes and stay unique in each.
            let _ = SystemRandom::new().fill(&mut bytes);
            u64::from_ne_bytes(bytes)
        });
        write!(out, "{:016x}{:08x}", *PROCESS, self.0)
    }
}
