//! The results of replaying.

use std::{collections::BTreeMap, time::Duration};

use super::change::{DecisionChange, count_changes};
use crate::{
    cli::fixtures::Case,
    problem::{Problem, with_commas},
};

/// A recorded request that was replayed, or a problem of a file.
pub(super) struct Replayed {
    /// `<hook>/<case>`, or the place of a problem.
    pub(super) name: String,
    /// The file of the request, or of the problem.
    pub(super) file: String,
    pub(super) outcome: ReplayOutcome,
    /// How long the call took, if there was one.
    pub(super) duration: Option<Duration>,
}

/// The outcome of replaying one request.
pub(super) enum ReplayOutcome {
    /// The answers are equal.
    Same,
    /// The decision is the same, with other texts. Occurs only with `--against`.
    OtherTexts,
    /// The answer is the same, with other results of lookups. Occurs only with `--live`.
    OtherLookups,
    /// The hook is new. Occurs only with `--against`.
    NewHook,
    /// The answer changes. With `--against`: the decision or the values of an update change.
    Changed {
        change: DecisionChange,
        /// The file and line to look at.
        file: String,
        line: usize,
        difference: String,
        /// Okta's reaction, the texts that the end user sees, and findings.
        explanation: String,
    },
    /// There is no answer to compare.
    Problem { why: String, explanation: String },
}

/// The calls of a running service, counted and timed.
#[derive(Default)]
pub(super) struct CallStatistics {
    /// How long each call took. A call without a connection has no time.
    pub(super) times: Vec<Duration>,
    pub(super) answered: usize,
    /// How many calls were answered only at the second attempt.
    pub(super) answered_on_retry: usize,
    /// How many calls timed out, or had no connection.
    pub(super) unanswered: usize,
}

/// The time within which a share of the calls ended.
pub(super) struct Percentile {
    pub(super) name: &'static str,
    pub(super) time: Duration,
}

/// The results of all requests, and the facts that decide how they are reported.
pub(super) struct Report {
    pub(super) results: Vec<Replayed>,
    /// Whether changed answers have been rewritten. Then they are not failures.
    pub(super) rewrites: bool,
    /// Whether two sets of rules are compared (`--against`).
    pub(super) compares_rules: bool,
    /// The calls of `--url`.
    pub(super) calls: Option<CallStatistics>,
}

impl Replayed {
    pub(super) fn new(case: Case, outcome: ReplayOutcome) -> Self {
        let file = case.request.display().to_string();
        Self { name: case.name(), file, outcome, duration: None }
    }

    pub(super) fn of_problem(problem: &Problem) -> Self {
        let outcome = ReplayOutcome::problem(problem.to_string());
        Self { name: problem.place.clone(), file: problem.place.clone(), outcome, duration: None }
    }

    /// The change of the decision or answer, if there is one.
    pub(super) fn change(&self) -> Option<&DecisionChange> {
        match &self.outcome {
            ReplayOutcome::Changed { change, .. } => Some(change),
            _ => None,
        }
    }

    /// The difference of the answers. Empty if there is none to show.
    pub(super) fn difference(&self) -> &str {
        match &self.outcome {
            ReplayOutcome::Changed { difference, .. } => difference,
            _ => "",
        }
    }

    /// The explanation of an answer. Empty if there is none.
    pub(super) fn explanation(&self) -> &str {
        match &self.outcome {
            ReplayOutcome::Changed { explanation, .. }
            | ReplayOutcome::Problem { explanation, .. } => explanation,
            _ => "",
        }
    }
}

impl Report {
    /// How many requests failed.
    pub(super) fn failed(&self) -> usize {
        self.results.iter().filter(|result| self.is_failure(result)).count()
    }

    pub(super) fn is_failure(&self, replayed: &Replayed) -> bool {
        match replayed.outcome {
            ReplayOutcome::Changed { .. } => !self.rewrites,
            ReplayOutcome::Problem { .. } => true,
            _ => false,
        }
    }

    /// One line, such as "1,240 requests: 3 from allow to deny by `okta-email`, 0 from deny to allow".
    pub(super) fn summary(&self) -> String {
        let mut text = match self.results.len() {
            1 => "1 request: ".to_owned(),
            count => format!("{} requests: ", with_commas(count)),
        };
        let changes: Vec<_> = self.results.iter().filter_map(Replayed::change).collect();
        text += &count_changes(&changes);
        let mut other_outcomes: BTreeMap<&str, usize> = BTreeMap::new();
        for result in &self.results {
            if let Some(kind) = result.outcome.kind() {
                *other_outcomes.entry(kind).or_default() += 1;
            }
        }
        for (kind, count) in other_outcomes {
            text += &format!(", {} {kind}", with_commas(count));
        }
        text
    }
}

impl ReplayOutcome {
    /// A problem without an explanation.
    pub(super) fn problem(why: String) -> Self {
        Self::Problem { why, explanation: String::new() }
    }

    /// The words that name the outcome beside its count. Returns `None` for equal answers, and for changes,
    /// which [`count_changes`] counts.
    fn kind(&self) -> Option<&'static str> {
        match self {
            Self::Same | Self::Changed { .. } => None,
            Self::OtherTexts => Some("with the same decision and other texts or causes"),
            Self::OtherLookups => Some("with the same answer and other results of lookups"),
            Self::NewHook => Some("to hooks that the rules of --against lack"),
            Self::Problem { .. } => Some("not compared"),
        }
    }
}

impl CallStatistics {
    pub(super) fn percentiles(&self) -> Vec<Percentile> {
        let mut times = self.times.clone();
        times.sort();
        let mut percentiles = Vec::new();
        for (name, percent) in [("p50", 50), ("p95", 95), ("p99", 99), ("max", 100)] {
            percentiles.push(Percentile { name, time: percentile(&times, percent) });
        }
        percentiles
    }
}

/// The time within which this share of the calls ended. The times are sorted.
fn percentile(times: &[Duration], percent: usize) -> Duration {
    // The number of calls in the share: the last of them took the longest.
    let count = (times.len() * percent).div_ceil(100);
    times.get(count.saturating_sub(1)).copied().unwrap_or_default()
}
