//! A decision as a line for people.

use std::io::Write as _;

use jiff::{Timestamp, tz::TimeZone};

use super::line::{Line, LookupLine};
use crate::{
    duration, escape,
    okta::DecisionKind,
    rule::{Outcome, Verdict},
};

const RED: &str = "\x1b[31m";
const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[33m";
const PLAIN: &str = "\x1b[0m";

/// Appends the text of a line, such as `09:30:00 deny        join self.service.registration ✗ okta-email (0.2 ms)`.
/// Writing to memory cannot fail.
pub(super) fn write_line(line: &Line<'_>, colour: bool, out: &mut Vec<u8>) {
    let (result_colour, result) = match line.decision {
        None => (RED, format!("refused {} {}", line.status, line.reason.unwrap_or_default())),
        Some(DecisionKind::Deny) => (YELLOW, "deny".to_owned()),
        Some(decision) => (GREEN, decision.as_str().to_owned()),
    };
    let (set_colour, reset) = if colour { (result_colour, PLAIN) } else { ("", "") };
    // In local time, unlike the JSON.
    let time =
        Timestamp::try_from(line.time).unwrap_or(Timestamp::MAX).to_zoned(TimeZone::system());
    let hook = escape::line(line.hook_name());
    let _ = write!(out, "{} {set_colour}{result:<11}{reset} {hook}", time.strftime("%H:%M:%S"));
    if let Some(flow) = line.flow {
        let _ = write!(out, " {}", flow.spec().name);
    }
    for verdict in line.verdicts {
        write_verdict(verdict, out);
    }
    for LookupLine { name, outcome, .. } in line.lookups {
        let _ = write!(out, " {name}: {outcome}");
    }
    let _ = write!(out, " ({})", duration::text(line.duration));
}

fn write_verdict(verdict: &Verdict<'_>, out: &mut Vec<u8>) {
    let mark = match verdict.outcome {
        Outcome::Pass => '✓',
        Outcome::Fail(_) => '✗',
        Outcome::Skip(_) => '–',
    };
    let shadow = if verdict.rule.shadow { " (shadow)" } else { "" };
    let _ = write!(out, " {mark} {}{shadow}", escape::line(&verdict.rule.id));
}
