//! What a line says, and its two forms.

use std::{
    fmt::{self, Display},
    io::Write as _,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::{Timestamp, tz::TimeZone};
use ring::rand::{SecureRandom as _, SystemRandom};

use super::Style;
use crate::{
    escape,
    rule::{Outcome, Verdict},
};

/// The longest `event_id` that is written, in characters; Okta's own have 22.
const EVENT_ID_LIMIT: usize = 64;

/// What is written about a request. Nothing in it is the end user's.
pub struct Line<'a> {
    /// A name for this decision that no other has.
    pub id: DecisionId,
    /// The hook, or `none` for a path that is none.
    pub hook: &'a str,
    /// `self.service.registration`, `progressive.profile`, `classic` or `none`.
    pub request_type: &'static str,
    /// `allow`, `update` or `deny`; `none` for a refusal.
    pub decision: &'static str,
    /// The HTTP status.
    pub status: &'a str,
    /// Okta's `eventId`.
    pub event_id: Option<&'a str>,
    /// What came of each rule.
    pub verdicts: &'a [Verdict<'a>],
    /// The revision of the rules.
    pub rules_revision: &'a str,
    /// How the caller was admitted, or `none`.
    pub caller: &'a dyn Display,
    /// From the head's arrival to the answer.
    pub duration: Duration,
}

impl Line<'_> {
    /// Appends the line; writing to memory cannot fail.
    pub(super) fn write(&self, style: Style, out: &mut Vec<u8>) {
        match style {
            Style::Json => self.json(out),
            Style::Human { colour } => self.human(colour, out),
        }
        out.push(b'\n');
    }

    fn json(&self, out: &mut Vec<u8>) {
        let _ = write!(
            out,
            r#"{{"time":"{:.3}","decision_id":"{}","event_id":"#,
            Timestamp::now(),
            self.id,
        );
        match self.event_id {
            Some(id) => {
                let end = id.char_indices().nth(EVENT_ID_LIMIT).map_or(id.len(), |(at, _)| at);
                escape::json(out, id.get(..end).unwrap_or_default());
            }
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(br#","hook":"#);
        escape::json(out, self.hook);
        let _ = write!(
            out,
            r#","request_type":"{}","decision":"{}","status":{},"rules":"#,
            self.request_type, self.decision, self.status,
        );
        self.rules(out, "");
        out.extend_from_slice(br#","caller":"#);
        escape::json(out, &self.caller.to_string());
        out.push(b'}');
    }

    /// What Okta's System Log is to say of the decision, as a JSON object.
    pub fn debug_context(&self) -> String {
        let mut out = format!(r#"{{"decision_id":"{}","rules":"#, self.id).into_bytes();
        self.rules(&mut out, r#","mode":"shadow""#);
        out.push(b'}');
        String::from_utf8(out).unwrap_or_default()
    }

    /// The rules, each `shadow` one marked so, their revision, and how long it took.
    fn rules(&self, out: &mut Vec<u8>, shadow: &str) {
        out.push(b'[');
        for (index, Verdict { rule, outcome }) in self.verdicts.iter().enumerate() {
            out.extend_from_slice(if index > 0 { b",{\"id\":" } else { b"{\"id\":" });
            escape::json(out, &rule.id);
            let mode = if rule.shadow { shadow } else { "" };
            let _ = write!(out, r#","outcome":"{}"{mode}}}"#, outcome.as_str());
        }
        let _ = write!(
            out,
            r#"],"rules_revision":"{}","duration_us":{}"#,
            self.rules_revision,
            self.duration.as_micros(),
        );
    }

    fn human(&self, colour: bool, out: &mut Vec<u8>) {
        let (start, what) = match self.decision {
            "none" => ("\x1b[31m", format!("refused {}", self.status)),
            "deny" => ("\x1b[33m", "deny".to_owned()),
            good => ("\x1b[32m", good.to_owned()),
        };
        let (start, end) = if colour { (start, "\x1b[0m") } else { ("", "") };
        let time = Timestamp::now().to_zoned(TimeZone::system());
        let hook = escape::line(self.hook);
        let _ = write!(out, "{} {start}{what:<11}{end} {hook}", time.strftime("%H:%M:%S"));
        if self.request_type != "none" {
            let _ = write!(out, " {}", self.request_type);
        }
        for Verdict { rule, outcome } in self.verdicts {
            let mark = match outcome {
                Outcome::Pass => '✓',
                Outcome::Fail(_) => '✗',
                Outcome::Skip => '–',
            };
            let shadow = if rule.shadow { " (shadow)" } else { "" };
            let _ = write!(out, " {mark} {}{shadow}", escape::line(&rule.id));
        }
        let _ = write!(out, " ({:.1} ms)", self.duration.as_secs_f64() * 1e3);
    }
}

/// A name that no other decision has: this process's random half, and a count.
#[derive(Clone, Copy, Debug)]
pub struct DecisionId(u64);

impl DecisionId {
    /// A new one.
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
