//! The content of a line of the log.

use std::{
    fmt,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use derive_more::Display;
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::{
    okta::{DecisionKind, Flow},
    rule::Verdict,
};

/// Stands for an absent hook, flow, decision or caller in logs and metrics.
pub(super) const NONE: &str = "none";

/// The content of a line. Holds no value of a profile.
pub struct Line<'a> {
    /// The time of the answer.
    pub time: SystemTime,
    /// The id of the decision.
    pub id: DecisionId,
    /// The hook. `None` for a path without a hook, and if no whole head has arrived.
    pub hook: Option<&'a str>,
    /// The flow of the request. `None` if the request was refused with an HTTP error.
    pub flow: Option<Flow>,
    /// The decision. `None` if the request was refused with an HTTP error, so that nothing was decided.
    pub decision: Option<DecisionKind>,
    /// The HTTP status in digits, such as `200` or `401`.
    pub status: &'a str,
    /// The word for the refusal's reason, such as `not_found`. `None` for a decision.
    pub reason: Option<&'static str>,
    /// Okta's `eventId`.
    pub event_id: Option<&'a str>,
    /// The outcome of each rule of the section. Empty for a refusal.
    pub verdicts: &'a [Verdict<'a>],
    /// The outcome of each lookup.
    pub lookups: &'a [LookupLine<'a>],
    /// The revision of the rules.
    pub rules_revision: &'a str,
    /// The admitted caller, by the authentication method. `None` if no caller was admitted.
    pub caller: Option<&'a dyn fmt::Display>,
    /// The time from the head's arrival to the answer.
    pub duration: Duration,
}

/// The outcome of a lookup. Holds no value.
pub struct LookupLine<'a> {
    /// The lookup's name.
    pub name: &'a str,
    /// `found`, `not_found`, `failed` or `not_asked`.
    pub outcome: &'static str,
    /// How the result was obtained. `None` if the lookup was not asked.
    pub retrieval: Option<Retrieval>,
}

/// How the result of a lookup was obtained.
#[derive(Clone, Copy)]
pub struct Retrieval {
    /// Whether the result was kept from an earlier request.
    pub is_cached: bool,
    /// The time from the question to the result.
    pub duration: Duration,
}

/// The names in logs and metrics.
impl<'a> Line<'a> {
    /// The hook's name or `none`.
    pub fn hook_name(&self) -> &'a str {
        self.hook.unwrap_or(NONE)
    }

    /// Okta's `requestType`, `classic` or `none`.
    pub fn request_type(&self) -> &'static str {
        match self.flow {
            Some(flow) => flow.spec().name,
            None => NONE,
        }
    }

    /// `allow`, `update`, `deny` or `none`.
    pub fn decision_name(&self) -> &'static str {
        match self.decision {
            Some(decision) => decision.as_str(),
            None => NONE,
        }
    }
}

/// The number of a decision, printed as 24 hexadecimal digits. A process counts from a random number, so that
/// the id is unique among processes.
#[derive(Clone, Copy, Debug, Display)]
#[display("{_0:024x}")]
pub struct DecisionId(u128);

impl DecisionId {
    /// Returns an id that this process has not used yet.
    pub fn next() -> Self {
        static FIRST: LazyLock<u64> = LazyLock::new(|| {
            let mut bytes = [0; 8];
            // Without entropy, ids repeat between processes and stay unique in each.
            let _ = SystemRandom::new().fill(&mut bytes);
            u64::from_ne_bytes(bytes)
        });
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self((u128::from(*FIRST) << 32) + u128::from(count))
    }

    /// Appends the same digits as `Display`, in a fraction of the time.
    pub(super) fn write_hex(self, out: &mut Vec<u8>) {
        for position in (0..24).rev() {
            let digit = (self.0 >> (4 * position)) as u8 & 0xf;
            out.push(match digit {
                0..=9 => b'0' + digit,
                _ => b'a' + digit - 10,
            });
        }
    }
}
