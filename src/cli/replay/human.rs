//! The report for people.

use std::fmt::Write as _;

use super::{
    report::{CallTimes, ReplayOutcome, Replayed, Report},
    turn::DecisionTurn,
};
use crate::{cli::check::counted, escape};

/// The report for people: first the sums, then one line per change, then the details.
pub(super) fn human(report: &Report) -> String {
    let mut changes: Vec<(&Replayed, &DecisionTurn)> = Vec::new();
    for result in &report.results {
        if let Some(turn) = result.turn() {
            changes.push((result, turn));
        }
    }
    // Decisions that turned come first. The sort keeps the order otherwise.
    changes.sort_by_key(|(_, turn)| !turn.is_turned());
    let mut text = String::new();
    let has_other_lookups =
        report.results.iter().any(|result| matches!(result.outcome, ReplayOutcome::OtherLookups));
    if report.compares_rules || report.failed() > 0 || !changes.is_empty() || has_other_lookups {
        text += &format!("{}\n", report.sums());
    }
    for (result, turn) in &changes {
        // Writing to memory cannot fail.
        let _ = writeln!(text, "  {}: {turn}", result.name);
    }
    for result in &report.results {
        if matches!(result.outcome, ReplayOutcome::OtherLookups) {
            let _ = writeln!(text, "  {}: other lookups", result.name);
        }
    }
    if report.rewrites && !changes.is_empty() {
        let _ = writeln!(text, "rewrote {}", counted(changes.len(), "answer"));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    for (result, _) in &changes {
        if !result.difference().is_empty() {
            let _ = write!(text, "{}\n\n", result.difference());
        }
        text += &explanation(result);
    }
    text += &problems(report);
    escape::lines(&text).into_owned() + &last_lines(report)
}

/// Each problem, with the requests that have it.
fn problems(report: &Report) -> String {
    let mut problems: Vec<(&str, Vec<&Replayed>)> = Vec::new();
    for result in &report.results {
        let ReplayOutcome::Problem { why, .. } = &result.outcome else {
            continue;
        };
        match problems.iter_mut().find(|(other, _)| other == why) {
            Some((_, results)) => results.push(result),
            None => problems.push((why, vec![result])),
        }
    }
    let mut text = String::new();
    for (why, results) in problems {
        // Writing to memory cannot fail.
        let _ = match results.as_slice() {
            [result] if why.starts_with(&result.file) => writeln!(text, "{why}"),
            [result] => writeln!(text, "{}: {why}", result.name),
            _ => {
                let mut names = String::new();
                for result in &results {
                    names += &format!("  {}\n", result.name);
                }
                write!(text, "{}: {why}\n{names}", counted(results.len(), "request"))
            }
        };
        text.push('\n');
        if let [first, ..] = results.as_slice() {
            text += &explanation(first);
        }
    }
    text
}

/// The explanation of an answer, with the name of its request.
fn explanation(replayed: &Replayed) -> String {
    match replayed.explanation() {
        "" => String::new(),
        explanation => format!("{} now: {explanation}\n\n", replayed.name),
    }
}

/// The times of calls, and the last line.
pub(super) fn last_lines(report: &Report) -> String {
    let mut text = String::new();
    if let Some(calls) = &report.calls {
        text += &format!("{}\n", describe(calls));
    }
    let failed = report.failed();
    text + &format!("{} passed, {failed} failed\n", report.results.len() - failed)
}

fn describe(calls: &CallTimes) -> String {
    let mut text = "time:".to_owned();
    for (name, milliseconds) in calls.percentiles() {
        text += &format!(" {name} {milliseconds:.1} ms,");
    }
    match calls.retried {
        0 => text += " no call was retried",
        count => text += &format!(" {count} answered only at the second attempt"),
    }
    text
}
