//! The JSON of a rule's outcomes. Each line of the decision log repeats this JSON, so it is made once, when the rule
//! is loaded.

use super::Outcome;
use crate::escape;

/// The length of the JSON of an enforced rule without its id, in bytes.
const LENGTH_WITHOUT_ID: usize = r#"{"id":"","mode":"enforce","outcome":"pass"}"#.len();

/// The JSON of each outcome of a rule: `{"id":"okta-email","mode":"enforce","outcome":"pass"}`.
pub struct OutcomeJson {
    pass: Vec<u8>,
    fail: Vec<u8>,
    skip: Vec<u8>,
}

impl OutcomeJson {
    /// The JSON for a rule of this id, in `shadow` mode or enforced.
    pub fn new(id: &str, shadow: bool) -> Self {
        Self {
            pass: outcome_json(id, shadow, "pass"),
            fail: outcome_json(id, shadow, "fail"),
            skip: outcome_json(id, shadow, "skip"),
        }
    }

    /// The JSON of an outcome.
    pub(crate) fn of(&self, outcome: &Outcome<'_>) -> &[u8] {
        match outcome {
            Outcome::Pass => &self.pass,
            Outcome::Fail(_) => &self.fail,
            Outcome::Skip(_) => &self.skip,
        }
    }
}

fn outcome_json(id: &str, shadow: bool, outcome: &str) -> Vec<u8> {
    let mut json = Vec::with_capacity(LENGTH_WITHOUT_ID + id.len());
    json.extend_from_slice(br#"{"id":"#);
    escape::json(&mut json, id);
    // None of these words needs an escape.
    for part in [r#","mode":""#, mode_name(shadow), r#"","outcome":""#, outcome, r#""}"#] {
        json.extend_from_slice(part.as_bytes());
    }
    json
}

/// The name of a rule's mode in rules, logs and metrics.
pub(super) fn mode_name(shadow: bool) -> &'static str {
    if shadow { "shadow" } else { "enforce" }
}
