//! The report for people.

use std::fmt::Write as _;

use super::{
    change::DecisionChange,
    report::{CallTimes, ReplayOutcome, Replayed, Report},
};
use crate::{cli::check::counted, escape};

/// The report for people: first the summary, then one line per change, then the details.
pub(super) fn human(report: &Report) -> String {
    let mut changes: Vec<(&Replayed, &DecisionChange)> = Vec::new();
    for result in &report.results {
        if let Some(change) = result.change() {
            changes.push((result, change));
        }
    }
    // Changes of a decision come first. The sort keeps the order otherwise.
    changes.sort_by_key(|(_, change)| !change.changes_decision());
    let mut text = String::new();
    let mut with_other_lookups = Vec::new();
    for result in &report.results {
        if matches!(result.outcome, ReplayOutcome::OtherLookups) {
            with_other_lookups.push(result);
        }
    }
    let has_news = !changes.is_empty() || !with_other_lookups.is_empty();
    if report.compares_rules || report.failed() > 0 || has_news {
        text += &format!("{}\n", report.summary());
    }
    for (result, change) in &changes {
        // Writing to memory cannot fail.
        let _ = writeln!(text, "  {}: {change}", result.name);
    }
    for result in &with_other_lookups {
        let _ = writeln!(text, "  {}: other lookups", result.name);
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
        text += &format!("{}\n", describe(calls));
    }
    let failed = report.failed();
    text + &format!("{} passed, {failed} failed\n", report.results.len() - failed)
}

fn describe(calls: &CallTimes) -> String {
    if calls.times.is_empty() {
        return "time: no call was answered".to_owned();
    }
    let mut text = "time:".to_owned();
    for (name, milliseconds) in calls.percentiles() {
        text += &format!(" {name} {milliseconds:.1} ms,");
    }
    match calls.retried {
        0 => text += " none answered only at the second attempt",
        count => text += &format!(" {count} answered only at the second attempt"),
    }
    text
}
