//! The JSON of a decision: its line in the log, and its `debugContext` for Okta.

use std::fmt::{self, Display};

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::line::{DecisionId, Line};
use crate::{escape, rule::Verdict};

/// The longest `event_id` that is written, in characters. Okta's own have 22.
const EVENT_ID_LIMIT: usize = 64;

/// Appends the object of a log line.
pub(super) fn write_line(line: &Line<'_>, out: &mut Vec<u8>) {
    escape::json(
        out,
        &JsonLine {
            time: Time(Timestamp::now()),
            decision_id: line.id,
            event_id: line.event_id.map(shorten),
            hook: line.hook,
            request_type: line.request_type,
            decision: line.decision,
            status: line.status.parse().unwrap_or_default(),
            rules: rules(line, |_| None),
            rules_revision: line.rules_revision,
            duration_us: line.duration.as_micros(),
            caller: line.caller,
        },
    );
}

/// The object of `debugContext`, which Okta keeps in its System Log. It marks rules that do not
/// decide.
pub fn debug_context(line: &Line<'_>) -> String {
    let mut out = Vec::new();
    let context = DebugContext {
        decision_id: line.id,
        rules: rules(line, shadow_mode),
        rules_revision: line.rules_revision,
        duration_us: line.duration.as_micros(),
    };
    escape::json(&mut out, &context);
    String::from_utf8(out).unwrap_or_default()
}

#[derive(Serialize)]
struct JsonLine<'a> {
    #[serde(serialize_with = "serialize_display")]
    time: Time,
    #[serde(serialize_with = "serialize_display")]
    decision_id: DecisionId,
    event_id: Option<&'a str>,
    hook: &'a str,
    request_type: &'a str,
    decision: &'a str,
    status: u16,
    rules: Vec<JsonRule<'a>>,
    rules_revision: &'a str,
    duration_us: u128,
    #[serde(serialize_with = "serialize_display")]
    caller: &'a dyn Display,
}

#[derive(Serialize)]
struct DebugContext<'a> {
    #[serde(serialize_with = "serialize_display")]
    decision_id: DecisionId,
    rules: Vec<JsonRule<'a>>,
    rules_revision: &'a str,
    duration_us: u128,
}

#[derive(Serialize)]
struct JsonRule<'a> {
    id: &'a str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<&'static str>,
}

fn rules<'a>(line: &Line<'a>, mode: fn(&Verdict<'_>) -> Option<&'static str>) -> Vec<JsonRule<'a>> {
    let rules = line.verdicts.iter().map(|verdict| JsonRule {
        id: &verdict.rule.id,
        outcome: verdict.outcome.as_str(),
        mode: mode(verdict),
    });
    rules.collect()
}

/// The mode of a rule that does not decide.
fn shadow_mode(verdict: &Verdict<'_>) -> Option<&'static str> {
    if verdict.rule.shadow { Some("shadow") } else { None }
}

fn shorten(event_id: &str) -> &str {
    match event_id.char_indices().nth(EVENT_ID_LIMIT) {
        Some((end, _)) => event_id.get(..end).unwrap_or_default(),
        None => event_id,
    }
}

/// A time in UTC with milliseconds, as RFC 3339 writes it.
struct Time(Timestamp);

impl Display for Time {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:.3}", self.0)
    }
}

/// Writes the printed form of a value as a JSON string.
fn serialize_display<S: Serializer>(
    value: &impl Display,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}
