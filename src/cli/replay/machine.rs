//! Reports for programs: JSON, JUnit's XML, and workflow commands of GitHub Actions.

use std::fmt::Write as _;

use serde::Serialize;

use super::{
    change::{AnswerDecision, DecisionChange},
    report::{Percentile, ReplayOutcome, Replayed, Report},
};
use crate::escape;

#[derive(Serialize)]
struct JsonReport<'r> {
    passed: usize,
    failed: usize,
    /// The summary line of the report for people.
    summary: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    milliseconds: Vec<JsonTime>,
    /// How many calls of `--url` were answered only at the second attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    answered_on_retry: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unanswered: Option<usize>,
    requests: Vec<JsonResult<'r>>,
}

#[derive(Serialize)]
struct JsonTime {
    percentile: &'static str,
    time: f64,
}

#[derive(Serialize)]
struct JsonResult<'r> {
    name: &'r str,
    file: &'r str,
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<&'static str>,
    /// The rules that deny now.
    #[serde(skip_serializing_if = "Option::is_none")]
    rules: Option<&'r [String]>,
    #[serde(skip_serializing_if = "str::is_empty")]
    difference: &'r str,
    #[serde(skip_serializing_if = "str::is_empty")]
    explanation: &'r str,
}

pub(super) fn json(report: &Report) -> String {
    let failed = report.failed();
    let json = JsonReport {
        passed: report.results.len() - failed,
        failed,
        summary: report.summary(),
        milliseconds: json_times(report),
        answered_on_retry: report.calls.as_ref().map(|calls| calls.answered_on_retry),
        unanswered: report.calls.as_ref().map(|calls| calls.unanswered),
        requests: report.results.iter().map(|result| json_result(report, result)).collect(),
    };
    // Writing this report to memory cannot fail.
    let text = serde_json::to_string_pretty(&json).unwrap_or_default();
    escape_hidden(&text) + "\n"
}

/// The percentiles of the times of calls. Empty if there were no calls.
fn json_times(report: &Report) -> Vec<JsonTime> {
    let mut times = Vec::new();
    if let Some(calls) = &report.calls
        && !calls.times.is_empty()
    {
        for Percentile { name, time } in calls.percentiles() {
            let milliseconds = time.as_micros() as f64 / 1000.0;
            times.push(JsonTime { percentile: name, time: milliseconds });
        }
    }
    times
}

/// Escapes the hidden characters in the strings of JSON. A line break is always between members: in a string, it is
/// already escaped.
fn escape_hidden(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for letter in json.chars() {
        if letter == '\n' || !escape::is_hidden(letter) {
            out.push(letter);
            continue;
        }
        for unit in letter.encode_utf16(&mut [0; 2]) {
            // Writing to memory cannot fail.
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
    out
}

fn json_result<'r>(report: &Report, replayed: &'r Replayed) -> JsonResult<'r> {
    let Replayed { name, file, outcome, .. } = replayed;
    let result = if report.is_failure(replayed) { "failed" } else { "passed" };
    let mut json = JsonResult {
        name,
        file,
        result,
        message: outcome_message(outcome),
        before: None,
        after: None,
        rules: None,
        difference: replayed.difference(),
        explanation: replayed.explanation(),
    };
    if let Some(DecisionChange { before, after }) = replayed.change() {
        json.before = before.as_ref().and_then(AnswerDecision::name);
        json.after = after.name();
        json.rules = Some(&after.denied_by);
    }
    json
}

/// The message of a change or of a problem.
fn outcome_message(outcome: &ReplayOutcome) -> Option<String> {
    match outcome {
        ReplayOutcome::Changed { change, .. } => Some(change.to_string()),
        ReplayOutcome::Problem { why, .. } => Some(why.clone()),
        _ => None,
    }
}

/// The difference, and the explanation of the answer.
fn details(replayed: &Replayed) -> String {
    let details = format!("{}\n\n{}", replayed.difference(), replayed.explanation());
    details.trim().to_owned()
}

pub(super) fn junit(report: &Report) -> String {
    let failed = report.failed();
    let tests = report.results.len();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites tests=\"{tests}\" failures=\"{failed}\">\n\
         <testsuite name=\"replay\" tests=\"{tests}\" failures=\"{failed}\">\n"
    );
    for result in &report.results {
        text += &junit_case(report, result);
    }
    text + "</testsuite>\n</testsuites>\n"
}

fn junit_case(report: &Report, replayed: &Replayed) -> String {
    let Replayed { name, file, outcome, duration } = replayed;
    // The name of a problem may be a place without a slash.
    let (class, name) = name.rsplit_once('/').unwrap_or(("replay", name));
    let seconds = duration.unwrap_or_default().as_secs_f64();
    let (class, name, file) = (escape_xml(class), escape_xml(name), escape_xml(file));
    let text = format!(
        "<testcase classname=\"{class}\" name=\"{name}\" file=\"{file}\" time=\"{seconds:.3}\""
    );
    if !report.is_failure(replayed) {
        return text + "/>\n";
    }
    let message = escape_xml(&outcome_message(outcome).unwrap_or_default());
    let details = escape_xml(&details(replayed));
    text + &format!("><failure message=\"{message}\">{details}</failure></testcase>\n")
}

/// Escapes a text for XML, and replaces hidden characters: XML cannot hold most of them.
fn escape_xml(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            letter if letter != '\n' && escape::is_hidden(letter) => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
    out
}

/// One `::error` per failure.
pub(super) fn github(report: &Report) -> String {
    let mut text = String::new();
    for result in &report.results {
        if !report.is_failure(result) {
            continue;
        }
        let (file, line) = match &result.outcome {
            ReplayOutcome::Changed { file, line, .. } => (file, *line),
            _ => (&result.file, 1),
        };
        let message = outcome_message(&result.outcome).unwrap_or_default();
        let _ = writeln!(
            text,
            "::error file={},line={line},title={}::{}",
            github_property(file),
            github_property(&result.name),
            github_text(format!("{message}\n{}", details(result)).trim_end()),
        );
    }
    escape::lines(&text).into_owned()
}

/// Escapes the message of a workflow command.
fn github_text(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property of a workflow command.
fn github_property(text: &str) -> String {
    github_text(text).replace(':', "%3A").replace(',', "%2C")
}
