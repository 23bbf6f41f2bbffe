//! `replay`: answers recorded requests and compares the answers with the recorded ones.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use serde_json::value::RawValue;
use similar::TextDiff;

use super::{
    CliError, ExitStatus, SharedFlags, fixtures, live::LiveSources, load_valid_rules, print_result,
};
use crate::{escape, file, rule::RuleSet, settings::SecretFiles};

const EXAMPLES: &str = "\
The folder holds <hook>/<case>.request.json and <hook>/<case>.response.json, and the results of lookups
in <hook>/<case>.lookups.json.

Examples:
  registration-hook replay                     compare tests/fixtures
  registration-hook replay recorded --update   record the present answers

Exit codes: 0 all equal, 1 a difference, 2 could not answer";

/// The longest time to search for the shortest description of a difference.
const DIFF_TIMEOUT: Duration = Duration::from_millis(500);
/// The deepest level that is indented. Each level costs two bytes per line.
const DEEPEST_INDENT: usize = 16;

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ReplayArguments {
    /// The folder of recorded requests
    #[arg(default_value = "tests/fixtures")]
    directory: PathBuf,
    /// Rewrite the recorded answers
    #[arg(long)]
    update: bool,
    /// With --update: really ask the sources of lookups, and rewrite their recorded results
    #[arg(long, requires = "update")]
    live: bool,
}

pub(super) fn run(
    flags: &SharedFlags,
    arguments: &ReplayArguments,
) -> Result<ExitStatus, CliError> {
    let secret_files = if arguments.live { SecretFiles::Read } else { SecretFiles::Skip };
    let mut settings = flags.load_valid_settings(secret_files)?;
    let rules = load_valid_rules(&settings)?;
    let sources = if arguments.live { Some(LiveSources::new(&mut settings)?) } else { None };
    let mut passed = 0_usize;
    let mut failed = 0_usize;
    for case in fixtures::read_cases(&arguments.directory)? {
        let result = match case {
            Ok(case) if arguments.update => update(&case, &rules, sources.as_ref()),
            Ok(case) => compare(&case, &rules),
            Err(problem) => Err(problem.to_string()),
        };
        match result {
            Ok(()) => passed += 1,
            Err(why) => {
                failed += 1;
                print_result(escape::lines(&format!("{why}\n\n")).as_bytes())?;
            }
        }
    }
    print_result(format!("{passed} passed, {failed} failed\n").as_bytes())?;
    Ok(if failed == 0 { ExitStatus::Success } else { ExitStatus::Negative })
}

/// Records the answer to a request. With sources, first records the results of its lookups.
fn update(
    case: &fixtures::Case,
    rules: &RuleSet,
    sources: Option<&LiveSources>,
) -> Result<(), String> {
    if let Some(sources) = sources {
        case.record_lookups(rules, sources).map_err(|problem| problem.to_string())?;
    }
    let answer = present_answer(case, rules)?;
    file::replace(&case.response, answer.as_bytes())
        .map_err(|error| format!("{}: {error}", case.response.display()))
}

/// Compares the answer to a request with the recorded one. The error shows the difference.
fn compare(case: &fixtures::Case, rules: &RuleSet) -> Result<(), String> {
    let answer = present_answer(case, rules)?;
    let place = case.response.display();
    let recorded =
        case.read_response().map_err(|why| format!("{place}: {why}; record it with --update"))?;
    let recorded = pretty(&recorded)
        .map_err(|error| format!("{place}: the recorded answer is not JSON: {error}"))?;
    if recorded == answer {
        return Ok(());
    }
    Err(difference(&format!("{place} (recorded)"), &recorded, &answer))
}

/// Answers a request by the rules, and formats the answer as it is recorded.
fn present_answer(case: &fixtures::Case, rules: &RuleSet) -> Result<String, String> {
    let request = case.read_request().map_err(|problem| problem.to_string())?;
    let answer = case.answer(rules, &request).map_err(|problem| problem.to_string())?;
    pretty(&answer.body).map_err(|error| format!("{}: {error}", case.request.display()))
}

/// The difference of two texts, line by line. It is the shortest one if that is found within
/// [`DIFF_TIMEOUT`].
fn difference(place: &str, recorded: &str, answer: &str) -> String {
    let difference = TextDiff::configure().timeout(DIFF_TIMEOUT).diff_lines(recorded, answer);
    let shown = difference.unified_diff().header(place, "the answer now").to_string();
    shown.trim_end().to_owned()
}

/// Formats JSON as it is recorded: one member per line. Keeps the order, and every value as written.
fn pretty(json: &[u8]) -> serde_json::Result<String> {
    let json: &RawValue = serde_json::from_slice(json)?;
    let mut formatter = JsonFormatter::default();
    for letter in json.get().chars() {
        formatter.push(letter);
    }
    Ok(formatter.out + "\n")
}

/// Formats valid JSON, letter by letter.
#[derive(Default)]
struct JsonFormatter {
    out: String,
    depth: usize,
    place: JsonPlace,
}

/// The place of the next letter of JSON.
#[derive(Clone, Copy, Default)]
enum JsonPlace {
    #[default]
    Outside,
    InString,
    AfterBackslash,
}

impl JsonFormatter {
    fn push(&mut self, letter: char) {
        match (self.place, letter) {
            (JsonPlace::Outside, _) => return self.push_outside(letter),
            (JsonPlace::InString, '"') => self.place = JsonPlace::Outside,
            (JsonPlace::InString, '\\') => self.place = JsonPlace::AfterBackslash,
            (JsonPlace::InString, _) => {}
            (JsonPlace::AfterBackslash, _) => self.place = JsonPlace::InString,
        }
        self.out.push(letter);
    }

    /// Adds a letter that is not in a string.
    fn push_outside(&mut self, letter: char) {
        if letter.is_ascii_whitespace() {
            return;
        }
        let is_first = self.out.ends_with(['{', '[']);
        match letter {
            '}' | ']' => {
                self.depth = self.depth.saturating_sub(1);
                if !is_first {
                    self.break_line();
                }
            }
            _ if is_first || self.out.ends_with(',') => self.break_line(),
            _ => {}
        }
        self.out.push(letter);
        match letter {
            '{' | '[' => self.depth += 1,
            ':' => self.out.push(' '),
            '"' => self.place = JsonPlace::InString,
            _ => {}
        }
    }

    fn break_line(&mut self) {
        self.out.push('\n');
        for _ in 0..self.depth.min(DEEPEST_INDENT) {
            self.out.push_str("  ");
        }
    }
}
