//! `check`: loads settings and rules, runs every rule's examples, and prints every problem.

use std::{
    mem,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};

use super::{
    CliError, ExitStatus, SharedFlags,
    fixtures::{self, Case},
    print_result, rules_source,
};
use crate::{
    certificate, clock,
    credentials::issuer,
    lint::{
        self, Lints, coverage::Coverage, file_notes::notes_on_files, note::Note, notes::notes,
        probe::Probed,
    },
    load::{self, Draft, Purpose, UnreadEntry},
    lookup::{source_kinds, source_problems},
    org::Org,
    problem::{Problem, Problems},
    rule::{Hook, RuleSet, lookup::SourceKind},
    settings::{LoadedSettings, SecretFiles, Settings},
};

mod report;

use report::{CheckNote, CheckReport, Notes, ValidRules};

const EXAMPLES: &str = "\
Examples:
  registration-hook check          every problem in settings and rules
  registration-hook check --probe  try inputs that ought to fail on each rule
  registration-hook check --coverage tests/fixtures
                                   require recorded requests for each rule
  registration-hook check --format json
                                   problems and notes with file and line

Exit codes: 0 valid, 1 problems, 2 could not answer";

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
    /// The format of the result
    #[arg(long, value_enum, default_value = "human", value_name = "FORMAT")]
    format: CheckFormat,
}

/// The format of the result.
#[derive(Clone, Copy, ValueEnum)]
enum CheckFormat {
    Human,
    Json,
}

pub(super) fn run(flags: &SharedFlags, arguments: &CheckArguments) -> Result<ExitStatus, CliError> {
    let org = Org::read_files(arguments.schema.as_deref(), arguments.policy.as_deref())?;
    let LoadedSettings { settings, mut problems } =
        flags.load_settings(SecretFiles::ReadPresent)?;
    problems.append(org.problems.clone());
    add_file_problems(&settings, &mut problems);
    let lints = Lints { org, probe: arguments.probe };
    let facts = clock::facts();
    let mut kinds = source_kinds(&settings.sources);
    // A lookup that names an invalid source is not reported: the problem of the source is enough.
    for name in &settings.invalid_sources {
        kinds.insert(name.clone(), SourceKind::Invalid);
    }
    let mut draft = load::load_rules(&rules_source(&settings), &facts, &kinds, Purpose::Inspect);
    let probed = lint::run(&mut draft, &lints, &facts);
    let notes_on_rules = notes_on_rules(&draft, &lints.org);
    let unread = mem::take(&mut draft.unread);
    let rules = match draft.into_rules() {
        Ok(rules) => Some(rules),
        Err(rule_problems) => {
            problems.append(rule_problems);
            None
        }
    };
    let mut option_results = Vec::new();
    if arguments.probe {
        option_results.push(describe_probe(&probed));
    }
    if let Some(folder) = &arguments.coverage {
        option_results.push(check_coverage(rules.as_ref(), &settings, folder, &mut problems)?);
    }
    let (valid, notes) = match &rules {
        Some(rules) if problems.is_empty() => {
            let notes = with_notes_on_files(notes_on_rules, &unread);
            (Some(describe_valid(rules, &settings)), notes)
        }
        _ => (None, notes_beside_problems(unread)),
    };
    let report = CheckReport { valid, problems, option_results, notes };
    let text = match arguments.format {
        CheckFormat::Human => report.to_text(),
        CheckFormat::Json => report.to_json()?,
    };
    print_result(text.as_bytes())?;
    Ok(if report.valid.is_some() { ExitStatus::Success } else { ExitStatus::Negative })
}

/// The notes on the rules. There are none if any rule has a problem.
fn notes_on_rules(draft: &Draft, org: &Org) -> Notes {
    let mut found = Notes::default();
    if draft.is_valid() {
        for Note { hook, section, span, message } in notes(&draft.rules, org) {
            // `push` calls this only for a note that it keeps: to find the line of each of many would take long.
            found.push(|| CheckNote {
                content: draft.locate(&hook, span, message),
                section: Some((hook, section)),
            });
        }
    }
    found
}

/// Adds the notes on files that were not read.
fn with_notes_on_files(mut notes: Notes, unread: &[UnreadEntry]) -> Notes {
    for content in notes_on_files(unread) {
        notes.push(|| CheckNote { section: None, content });
    }
    notes
}

/// The notes to print with problems: only those on unread files that look like rules. Any other unread file, such as a
/// list, may be needed by a rule that has a problem.
fn notes_beside_problems(mut unread: Vec<UnreadEntry>) -> Notes {
    unread.retain(UnreadEntry::may_hold_rules);
    with_notes_on_files(Notes::default(), &unread)
}

fn describe_valid(rules: &RuleSet, settings: &Settings) -> ValidRules {
    ValidRules {
        rules_source: rules_source(settings).to_string(),
        hook_count: rules.hooks.len(),
        rule_count: rules.hooks.values().flat_map(Hook::rules).count(),
        revision: rules.revision.to_string(),
        warnings: settings.warnings.clone(),
    }
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
    format!("--probe: tried {inputs} on {rules}{lookups}")
}

/// Adds the problems of certificates, keys and sources that would keep the service from starting.
fn add_file_problems(settings: &Settings, problems: &mut Problems) {
    // Only the problems matter here. The issuer and the pair are made, since that reads their files, and then dropped.
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
    for problem in source_problems(settings) {
        problems.push(problem);
    }
}

/// Adds a problem for each rule that never passes or never fails in the recorded requests, and for each branch that
/// they never take. Adds a problem for each request that cannot be read. Returns a line about the requests.
fn check_coverage(
    rules: Option<&RuleSet>,
    settings: &Settings,
    folder: &Path,
    problems: &mut Problems,
) -> Result<String, CliError> {
    // A wrong folder is an error, even if the rules have problems.
    let cases = fixtures::read_cases(folder)?;
    let Some(rules) = rules else {
        return Ok("--coverage: not checked, since the rules have problems".to_owned());
    };
    let mut coverage = Coverage::default();
    for case in fixtures::with_missing_hooks_as_problems(cases, rules) {
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
    Ok(format!("--coverage: answered {requests}"))
}

/// Adds the outcomes of one recorded request.
fn add_to_coverage(case: &Case, rules: &RuleSet, coverage: &mut Coverage) -> Result<(), Problem> {
    let request = case.read_request()?;
    let answer = case.answer(rules, &request)?;
    coverage.add(&case.hook, &answer, &case.recorded_lookups(rules)?);
    Ok(())
}

/// `1 rule`, `2 rules`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{ending}")
}
