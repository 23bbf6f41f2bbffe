//! `replay`: recorded requests through the rules, compared with the recorded answers.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use serde_json::value::RawValue;
use similar::TextDiff;

use super::{Common, Exit, Failure, print};
use crate::{pipeline, rule::RuleSet};

const REQUEST: &str = ".request.json";
const RESPONSE: &str = ".response.json";

const EXAMPLES: &str = "\
A folder holds <hook>/<case>.request.json and <hook>/<case>.response.json.

Examples:
  registration-hook replay                   compare tests/fixtures
  registration-hook replay recorded --update write the answers of today

Exit codes: 0 all equal, 1 a difference, 2 could not answer";

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
    let directory = &arguments.directory;
    let (hooks, strays): (Vec<_>, Vec<_>) =
        entries(directory)?.into_iter().partition(|path| path.is_dir());
    if hooks.is_empty() {
        return Err(Failure::new(format!(
            "{}: there is no recorded request; put one at <hook>/<case>{REQUEST}",
            directory.display()
        )));
    }
    let mut passed = 0_usize;
    let mut failed = 0_usize;
    for stray in strays.iter().filter(|path| path.extension().is_some_and(|it| it == "json")) {
        failed += 1;
        let why = "a recorded request stands in a folder that is named like its hook";
        print(format!("{}: {why}\n\n", stray.display()).as_bytes())?;
    }
    for hook in hooks {
        for case in cases(&hook)? {
            match case.and_then(|case| compare(&case, &hook, &rules, arguments.update)) {
                Ok(()) => passed += 1,
                Err(why) => {
                    failed += 1;
                    print(format!("{why}\n\n").as_bytes())?;
                }
            }
        }
    }
    print(format!("{passed} passed, {failed} failed\n").as_bytes())?;
    Ok(if failed == 0 { Exit::Good } else { Exit::Bad })
}

fn entries(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let read = || {
        let mut paths = fs::read_dir(directory)?
            .map(|entry| Ok(entry?.path()))
            .collect::<std::io::Result<Vec<_>>>()?;
        paths.sort();
        Ok(paths)
    };
    read().map_err(|error: std::io::Error| {
        Failure::new(format!("{}: cannot read the folder: {error}", directory.display()))
    })
}

/// A recorded request and where its answer is recorded.
struct Case {
    request: PathBuf,
    response: PathBuf,
}

/// The cases of a hook's folder, or what is amiss with one.
fn cases(hook: &Path) -> Result<Vec<Result<Case, String>>, Failure> {
    let mut cases = Vec::new();
    for path in entries(hook)? {
        let name = path.display().to_string();
        if let Some(case) = name.strip_suffix(REQUEST) {
            let response = format!("{case}{RESPONSE}").into();
            cases.push(Ok(Case { request: path, response }));
        } else if let Some(case) = name.strip_suffix(RESPONSE) {
            if !Path::new(&format!("{case}{REQUEST}")).exists() {
                let out = format!("remove it, or record {case}{REQUEST}");
                cases.push(Err(format!("{name}: there is no request to this answer; {out}")));
            }
        } else {
            cases.push(Err(format!("{name}: expected a name ending in {REQUEST} or {RESPONSE}")));
        }
    }
    if cases.is_empty() {
        cases.push(Err(format!("{}: there is no recorded request in this folder", hook.display())));
    }
    Ok(cases)
}

/// Answers a request and compares, or rewrites, the recorded answer.
fn compare(case: &Case, folder: &Path, rules: &RuleSet, update: bool) -> Result<(), String> {
    let name = case.request.display();
    let hook = folder
        .file_name()
        .and_then(|hook| rules.hooks.get(hook.to_str()?))
        .ok_or_else(|| format!("{name}: no rules file is named like its folder"))?;
    let request = fs::read(&case.request).map_err(|error| format!("{name}: {error}"))?;
    let answer = pipeline::answer(hook, &request, pipeline::today())
        .map_err(|error| format!("{name}: {error}"))?;
    let answer = pretty(&answer.body).map_err(|error| format!("{name}: {error}"))?;
    let place = case.response.display();
    if update {
        return fs::write(&case.response, answer).map_err(|error| format!("{place}: {error}"));
    }
    let recorded = fs::read(&case.response)
        .map_err(|error| format!("{place}: {error}; record it with --update"))?;
    let recorded = pretty(&recorded)
        .map_err(|error| format!("{place}: the recorded answer is no JSON: {error}"))?;
    if recorded == answer {
        return Ok(());
    }
    let diff = TextDiff::from_lines(&recorded, &answer);
    Err(diff
        .unified_diff()
        .header(&format!("{place} (recorded)"), "the answer now")
        .to_string()
        .trim_end()
        .to_owned())
}

/// JSON as it is recorded: a member a line, in the order given, and every value as it was written.
fn pretty(json: &[u8]) -> serde_json::Result<String> {
    let compact: &RawValue = serde_json::from_slice(json)?;
    let mut out = String::new();
    let mut depth = 0_usize;
    let mut quoted = false;
    let mut escaped = false;
    for letter in compact.get().chars() {
        if quoted {
            quoted = letter != '"' || escaped;
            escaped = letter == '\\' && !escaped;
            out.push(letter);
            continue;
        }
        let opened = out.ends_with(['{', '[']);
        match letter {
            ' ' | '\t' | '\n' | '\r' => continue,
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                if !opened {
                    new_line(&mut out, depth);
                }
            }
            _ if opened || out.ends_with(',') => new_line(&mut out, depth),
            _ => {}
        }
        out.push(letter);
        match letter {
            '{' | '[' => depth += 1,
            ':' => out.push(' '),
            '"' => quoted = true,
            _ => {}
        }
    }
    Ok(out + "\n")
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}
