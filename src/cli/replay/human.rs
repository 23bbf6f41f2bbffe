//! The report for people.

use super::{
    change::DecisionChange,
    report::{CallStatistics, Percentile, ReplayOutcome, Replayed, Report},
};
use crate::{cli::check::counted, duration, escape};

/// The report for people: first the summary, then one line per change, then the details.
pub(super) fn human(report: &Report) -> String {
    let changes = sorted_changes(report);
    let mut text = describe_changes(report, &changes);
    for ChangedResult { replayed, .. } in &changes {
        if !replayed.difference().is_empty() {
            text += &format!("{}\n\n", replayed.difference());
        }
        text += &explanation(replayed);
    }
    text += &describe_problems(report);
    escape::lines(&text).into_owned() + &last_lines(report)
}

/// The summary, and one line per change. Empty if there is nothing to report.
fn describe_changes(report: &Report, changes: &[ChangedResult<'_>]) -> String {
    let mut lines = String::new();
    for ChangedResult { replayed, change } in changes {
        lines += &format!("  {}: {change}\n", replayed.name);
    }
    for replayed in &report.results {
        if matches!(replayed.outcome, ReplayOutcome::OtherLookups) {
            lines += &format!("  {}: same answer, other results of lookups\n", replayed.name);
        }
    }
    let all_equal = lines.is_empty() && report.failed() == 0;
    // With `--against`, the summary is always shown: "no decision changes" is a result, too.
    if all_equal && !report.compares_rules {
        return String::new();
    }
    let mut text = format!("{}\n{lines}", report.summary());
    if report.rewrites && !changes.is_empty() {
        text += &format!("rewrote {}\n", counted(changes.len(), "answer"));
    }
    text + "\n"
}

/// A result whose answer or decision changed.
struct ChangedResult<'r> {
    replayed: &'r Replayed,
    change: &'r DecisionChange,
}

/// The results that changed. Those with another decision come first.
fn sorted_changes(report: &Report) -> Vec<ChangedResult<'_>> {
    let mut other_decision = Vec::new();
    let mut same_decision = Vec::new();
    for replayed in &report.results {
        match replayed.change() {
            Some(change) if change.changes_decision() => {
                other_decision.push(ChangedResult { replayed, change });
            }
            Some(change) => same_decision.push(ChangedResult { replayed, change }),
            None => {}
        }
    }
    other_decision.append(&mut same_decision);
    other_decision
}

/// A problem, and the requests that have it.
struct SharedProblem<'r> {
    why: &'r str,
    requests: Vec<&'r Replayed>,
}

/// Each problem once, with every request that has it.
fn shared_problems(report: &Report) -> Vec<SharedProblem<'_>> {
    let mut problems: Vec<SharedProblem<'_>> = Vec::new();
    for request in &report.results {
        let ReplayOutcome::Problem { why, .. } = &request.outcome else {
            continue;
        };
        match problems.iter_mut().find(|problem| problem.why == why) {
            Some(problem) => problem.requests.push(request),
            None => problems.push(SharedProblem { why, requests: vec![request] }),
        }
    }
    problems
}

/// Each problem with its requests, and the explanation of the first one's answer.
fn describe_problems(report: &Report) -> String {
    let mut text = String::new();
    for SharedProblem { why, requests } in shared_problems(report) {
        match requests.as_slice() {
            // The message begins with the file, so the name would repeat it.
            [request] if why.starts_with(&request.file) => text += &format!("{why}\n"),
            [request] => text += &format!("{}: {why}\n", request.name),
            _ => {
                text += &format!("{}: {why}\n", counted(requests.len(), "request"));
                for request in &requests {
                    text += &format!("  {}\n", request.name);
                }
            }
        }
        text.push('\n');
        if let Some(first) = requests.first() {
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

/// `time: p50 1.2 ms, p95 2.0 ms, p99 2.1 ms, max 2.1 ms, 2 answered only at the second attempt`.
fn describe_times(calls: &CallStatistics) -> String {
    if calls.answered == 0 {
        return "time: no call was answered".to_owned();
    }
    let mut text = "time:".to_owned();
    for Percentile { name, time } in calls.percentiles() {
        text += &format!(" {name} {},", duration::text(time));
    }
    text += &format!(" {} answered only at the second attempt", calls.answered_on_retry);
    if calls.unanswered > 0 {
        text += &format!(", {} not answered", calls.unanswered);
    }
    text
}
