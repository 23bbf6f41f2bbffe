//! `replay`: recorded requests through the rules, compared with the recorded answers.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use serde_json::value::RawValue;
use similar::TextDiff;

use super::{Common, Exit, Failure, fixtures, print};
use crate::{file, rule::RuleSet};

const EXAMPLES: &str = "\
A folder holds <hook>/<case>.request.json and <hook>/<case>.response.json.

Examples:
  registration-hook replay                   compare tests/fixtures
  registration-hook replay recorded --update write the answers of today

Exit codes: 0 all equal, 1 a difference, 2 could not answer";

/// For how long the shortest description of a difference is looked for.
const DIFF_TIMEOUT: Duration = Duration::from_millis(500);
/// Up to how many levels are indented, since each costs every line in it two bytes.
const DEEPEST_INDENT: usize = 16;

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The folder of recorded requests
    #[arg(default_value = "tests/fixtures")]
    directory: PathBuf,
    /// Rewrite the recorded answers
    #[arg(long)]
    update: bool,
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Exit, Failure> {
    let rules = common.rules()?;
    let mut passed = 0_usize;
    let mut failed = 0_usize;
    for case in fixtures::read(&arguments.directory)? {
        let case = case.map_err(|problem| problem.to_string());
        match case.and_then(|case| compare(&case, &rules, arguments.update)) {
            Ok(()) => passed += 1,
            Err(why) => {
                failed += 1;
                print(format!("{why}\n\n").as_bytes())?;
            }
        }
    }
    print(format!("{passed} passed, {failed} failed\n").as_bytes())?;
    Ok(if failed == 0 { Exit::Good } else { Exit::Bad })
}

/// Answers a request and compares, or rewrites, the recorded answer.
fn compare(case: &fixtures::Case, rules: &RuleSet, update: bool) -> Result<(), String> {
    let answer = case.answer(rules, |answer| pretty(&answer.body));
    let answer = answer.map_err(|problem| problem.to_string())?;
    let answer = answer.map_err(|error| format!("{}: {error}", case.request.display()))?;
    let place = case.response.display();
    if update {
        return file::write_unlinked(&case.response, answer.as_bytes())
            .map_err(|error| format!("{place}: {error}"));
    }
    let recorded = fixtures::read_file(&case.response)
        .map_err(|error| format!("{place}: {error}; record it with --update"))?;
    let recorded = pretty(&recorded)
        .map_err(|error| format!("{place}: the recorded answer is no JSON: {error}"))?;
    if recorded == answer {
        return Ok(());
    }
    Err(difference(&format!("{place} (recorded)"), &recorded, &answer))
}

/// What differs, line by line. Of texts that have little in common the time is bounded.
fn difference(place: &str, recorded: &str, answer: &str) -> String {
    let diff = TextDiff::configure().timeout(DIFF_TIMEOUT).diff_lines(recorded, answer);
    let diff = diff.unified_diff().header(place, "the answer now").to_string();
    diff.trim_end().to_owned()
}

/// JSON as it is recorded: a member a line, in the order given, and every value as it was written.
fn pretty(json: &[u8]) -> serde_json::Result<String> {
    let json: &RawValue = serde_json::from_slice(json)?;
    let mut out = String::new();
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for letter in json.get().chars() {
        let in_text = quoted;
        quoted ^= letter == '"' && !escaped;
        escaped = quoted && letter == '\\' && !escaped;
        if !in_text {
            if letter.is_ascii_whitespace() {
                continue;
            }
            let (opened, closes) = (out.ends_with(['{', '[']), ['}', ']'].contains(&letter));
            depth = depth.saturating_sub(usize::from(closes));
            if opened != closes || out.ends_with(',') {
                out.push('\n');
                out.extend(std::iter::repeat_n("  ", depth.min(DEEPEST_INDENT)));
            }
            depth += usize::from(['{', '['].contains(&letter));
        }
        out.push(letter);
        if !in_text && letter == ':' {
            out.push(' ');
        }
    }
    Ok(out + "\n")
}
