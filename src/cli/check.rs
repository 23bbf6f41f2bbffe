//! `check`: loads settings and rules, runs every rule's examples, and prints every problem.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{
    CliError, ExitStatus, SharedFlags,
    fixtures::{self, Case},
    print_result, rules_source,
};
use crate::{
    certificate, clock,
    credentials::issuer,
    escape,
    lint::{
        self, Lints,
        coverage::Coverage,
        notes::{notes, notes_on_files},
        probe::Probed,
    },
    load::{self, Purpose},
    lookup::source_kinds,
    org::Org,
    problem::{Problem, Problems},
    rule::{Hook, RuleSet, lookup::SourceKind},
    settings::{LoadedSettings, SecretFiles, Settings},
};

const EXAMPLES: &str = "\
Examples:
  registration-hook check                              every problem in settings and rules
  registration-hook check --probe                      try inputs that ought to fail on each rule
  registration-hook check --coverage tests/fixtures    require recorded requests for each rule

Exit codes: 0 valid, 1 problems, 2 could not answer";

/// How many notes are shown. The rest are only counted.
const MOST_NOTES: usize = 100;

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct CheckArguments {
    /// The org's user schema, to check the rules against: GET /api/v1/meta/schemas/user/default
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
    /// The org's enrollment policy, for its form: GET /api/v1/policies/POLICY-ID/rules
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Try inputs that ought to fail on each rule, and report those that pass
    #[arg(long)]
    probe: bool,
    /// Require recorded requests, as `replay` reads them, that pass and fail each rule and take each branch
    #[arg(long, value_name = "DIR")]
    coverage: Option<PathBuf>,
}

pub(super) fn run(flags: &SharedFlags, arguments: &CheckArguments) -> Result<ExitStatus, CliError> {
    let org = Org::read_files(arguments.schema.as_deref(), arguments.policy.as_deref())?;
    let LoadedSettings { settings, mut problems } = flags.load_settings(SecretFiles::Read)?;
    problems.append(org.problems.clone());
    add_file_problems(&settings, &mut problems);
    let lints = Lints { org, probe: arguments.probe };
    let facts = clock::facts();
    let mut kinds = source_kinds(&settings.sources);
    for name in &settings.invalid_sources {
        kinds.insert(name.clone(), SourceKind::Invalid);
    }
    let mut draft = load::load_rules(&rules_source(&settings), &facts, &kinds, Purpose::Inspect);
    let probed = lint::run(&mut draft, &lints, &facts);
    let file_notes = notes_on_files(&draft.unread);
    let rules = match draft.into_rules() {
        Ok(rules) => Some(rules),
        Err(rule_problems) => {
            problems.append(rule_problems);
            None
        }
    };
    // The lines about `--probe` and `--coverage`.
    let mut flag_lines = String::new();
    if arguments.probe {
        flag_lines += &describe_probe(&probed);
    }
    if let Some(folder) = &arguments.coverage {
        flag_lines += &check_coverage(rules.as_ref(), &settings, folder, &mut problems)?;
    }
    let report = match &rules {
        Some(rules) if problems.is_empty() => {
            let mut all_notes = notes(rules, &lints.org);
            all_notes.extend(file_notes);
            report_of_valid(rules, &settings, &flag_lines, &all_notes)
        }
        _ => report_of_problems(&problems, &flag_lines, &file_notes),
    };
    print_result(escape::lines(&report).as_bytes())?;
    Ok(if problems.is_empty() { ExitStatus::Success } else { ExitStatus::Negative })
}

/// A line about the inputs that `--probe` tried.
fn describe_probe(probed: &Probed) -> String {
    let inputs = counted(probed.inputs, "input");
    let rules = counted(probed.rules, "rule");
    let lookups = match probed.lookups {
        0 => "",
        1 => "; the lookup is not probed",
        _ => "; the lookups are not probed",
    };
    format!("--probe: tried {inputs} on {rules}{lookups}\n")
}

/// Adds the problems of the files that the settings name: certificates and keys.
fn add_file_problems(settings: &Settings, problems: &mut Problems) {
    if let Some(oauth) = &settings.auth.oauth
        && let Err(problem) = issuer(oauth, &settings.proxies)
    {
        problems.push(problem);
    }
    if let Some(files) = &settings.server.tls
        && let Err(problem) = certificate::read_pair(files)
    {
        problems.push(problem);
    }
}

/// Adds a problem for each rule that no recorded request passes, for each that none fails, for each branch
/// that none takes, and for each unreadable request. Returns a line about the requests.
fn check_coverage(
    rules: Option<&RuleSet>,
    settings: &Settings,
    folder: &Path,
    problems: &mut Problems,
) -> Result<String, CliError> {
    let cases = fixtures::read_cases(folder)?;
    let Some(rules) = rules else {
        return Ok("--coverage: not checked, since the rules have problems\n".to_owned());
    };
    let mut coverage = Coverage::default();
    for case in cases {
        let added = match case {
            Ok(case) => add_to_coverage(&case, rules, &mut coverage),
            Err(problem) => Err(problem),
        };
        if let Err(problem) = added {
            problems.push(problem);
        }
    }
    problems.append(coverage.problems(rules, &settings.rules.directory, folder));
    let requests = counted(coverage.requests, "recorded request");
    Ok(format!("--coverage: answered {requests}\n"))
}

/// Adds the outcomes of one recorded request.
fn add_to_coverage(case: &Case, rules: &RuleSet, coverage: &mut Coverage) -> Result<(), Problem> {
    let request = case.read_request()?;
    let answer = case.answer(rules, &request)?;
    coverage.add(&case.hook, &answer);
    Ok(())
}

/// The sizes of valid rules, the warnings about the settings, and the notes.
fn report_of_valid(
    rules: &RuleSet,
    settings: &Settings,
    flag_lines: &str,
    notes: &[String],
) -> String {
    let source = rules_source(settings);
    let hook_count = counted(rules.hooks.len(), "hook");
    let rule_count = counted(rules.hooks.values().flat_map(Hook::rules).count(), "rule");
    let revision = &rules.revision;
    let mut report = format!(
        "{source}: {hook_count}, {rule_count}, no problems (revision {revision})\n{flag_lines}"
    );
    for warning in &settings.warnings {
        report += &format!("warning: {warning}\n");
    }
    report + &lines_of_notes(notes)
}

/// The problems, and the notes on files: an ignored file may explain a problem.
fn report_of_problems(problems: &Problems, flag_lines: &str, file_notes: &[String]) -> String {
    let mut report = String::new();
    for line in problems.lines() {
        report += &format!("{line}\n\n");
    }
    report += flag_lines;
    report += &lines_of_notes(file_notes);
    format!("{report}{}\n", counted(problems.total(), "problem"))
}

/// The first [`MOST_NOTES`] notes, one per line, and the number of the others.
fn lines_of_notes(notes: &[String]) -> String {
    let mut lines = String::new();
    for note in notes.iter().take(MOST_NOTES) {
        lines += &format!("{note}\n");
    }
    match notes.len().saturating_sub(MOST_NOTES) {
        0 => lines,
        more => format!("{lines}and {}\n", counted(more, "more note")),
    }
}

/// `1 rule`, `2 rules`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{ending}")
}
