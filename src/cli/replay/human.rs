//! The report for people.

use super::{
    change::DecisionChange,
    report::{CallTimes, Percentile, ReplayOutcome, Replayed, Report},
};
use crate::{cli::check::counted, escape};

/// The report for people: first the summary, then one line per change, then the details.
pub(super) fn human(report: &Report) -> String {
    let changes = sorted_changes(report);
    let mut lines = String::new();
    for (replayed, change) in &changes {
        lines += &format!("  {}: {change}\n", replayed.name);
    }
    for replayed in &report.results {
        if matches!(replayed.outcome, ReplayOutcome::OtherLookups) {
            lines += &format!("  {}: other lookups\n", replayed.name);
        }
    }
    let mut text = String::new();
    if report.compares_rules || report.failed() > 0 || !lines.is_empty() {
        text = format!("{}\n{lines}", report.summary());
    }
    if report.rewrites && !changes.is_empty() {
        text += &format!("rewrote {}\n", counted(changes.len(), "answer"));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    for (replayed, _) in &changes {
        if !replayed.difference().is_empty() {
            text += &format!("{}\n\n", replayed.difference());
        }
        text += &explanation(replayed);
    }
    text += &problems(report);
    escape::lines(&text).into_owned() + &last_lines(report)
}

/// The results that changed, those with another decision first.
fn sorted_changes(report: &Report) -> Vec<(&Replayed, &DecisionChange)> {
    let mut changes = Vec::new();
    for replayed in &report.results {
        if let Some(change) = replayed.change() {
            changes.push((replayed, change));
        }
    }
    // The sort keeps the order otherwise.
    changes.sort_by_key(|(_, change)| !change.changes_decision());
    changes
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
        match results.as_slice() {
            [result] if why.starts_with(&result.file) => text += &format!("{why}\n"),
            [result] => text += &format!("{}: {why}\n", result.name),
            _ => {
                text += &format!("{}: {why}\n", counted(results.len(), "request"));
                for result in &results {
                    text += &format!("  {}\n", result.name);
                }
            }
        }
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

/// A line about the times of calls, and the line that counts the results.
pub(super) fn last_lines(report: &Report) -> String {
    let mut text = String::new();
    if let Some(calls) = &report.calls {
        text += &format!("{}\n", describe_times(calls));
    }
    let failed = report.failed();
    text + &format!("{} passed, {failed} failed\n", report.results.len() - failed)
}

fn describe_times(calls: &CallTimes) -> String {
    if calls.times.is_empty() {
        return "time: no call was answered".to_owned();
    }
    let mut text = "time:".to_owned();
    for Percentile { name, milliseconds } in calls.percentiles() {
        text += &format!(" {name} {milliseconds:.1} ms,");
    }
    match calls.answered_on_retry {
        0 => text += " none answered only at the second attempt",
        count => text += &format!(" {count} answered only at the second attempt"),
    }
    text
}
