//! `check`: loads settings and rules, runs every rule's examples, and prints every problem.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{
    CliError, ExitStatus, SharedFlags, fixtures, print_result, rules_folder, rules_source,
};
use crate::{
    certificate, clock,
    credentials::issuer,
    escape,
    lint::{self, Lints, coverage::Coverage, notes::notes},
    load::{self, Purpose},
    org::Org,
    problem::Problems,
    rule::{Hook, RuleSet},
    settings::{SecretFiles, Settings},
};

#[derive(Args)]
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
    /// Require recorded requests, as `replay` reads them, that pass and that fail each rule
    #[arg(long, value_name = "DIR")]
    coverage: Option<PathBuf>,
}

pub(super) fn run(flags: &SharedFlags, arguments: &CheckArguments) -> Result<ExitStatus, CliError> {
    let org = Org::read_files(arguments.schema.as_deref(), arguments.policy.as_deref())?;
    let (settings, mut problems) = flags.load_settings(SecretFiles::Read)?;
    problems.append(org.problems.clone());
    add_problems_of_files(&settings, &mut problems);
    let lints = Lints { org, probe: arguments.probe };
    let mut valid = String::new();
    match load_and_lint(&settings, &lints) {
        Err(found) => problems.append(found),
        Ok(rules) => {
            if let Some(recorded) = &arguments.coverage {
                problems.append(uncovered(&rules, &settings.rules.directory, recorded)?);
            }
            valid = report_of_valid(&rules, &settings, &lints.org);
        }
    }
    if problems.is_empty() {
        print_result(escape::lines(&valid).as_bytes())?;
        return Ok(ExitStatus::Success);
    }
    print_result(escape::lines(&report_of_problems(&problems)).as_bytes())?;
    Ok(ExitStatus::Negative)
}

/// Adds the problems of the files that settings name.
fn add_problems_of_files(settings: &Settings, problems: &mut Problems) {
    if let Some(oauth) = &settings.auth.oauth
        && let Err(problem) = issuer(oauth)
    {
        problems.push(problem);
    }
    if let Some(files) = &settings.server.tls
        && let Err(problem) = certificate::read_pair(files)
    {
        problems.push(problem);
    }
}

fn load_and_lint(settings: &Settings, lints: &Lints) -> Result<RuleSet, Problems> {
    let facts = clock::facts();
    let mut draft = load::load_rules(rules_folder(settings), &facts, Purpose::Lint);
    lint::run(&mut draft, lints, &facts);
    draft.into_rules()
}

/// The rules that no recorded request passes, or fails, and the problems of the requests.
fn uncovered(rules: &RuleSet, folder: &Path, recorded: &Path) -> Result<Problems, CliError> {
    let mut problems = Problems::default();
    let mut coverage = Coverage::default();
    for case in fixtures::read(recorded)? {
        let result = match case {
            Ok(case) => case.answer(rules, |answer| coverage.add(&case.hook, &answer.verdicts)),
            Err(problem) => Err(problem),
        };
        if let Err(problem) = result {
            problems.push(problem);
        }
    }
    problems.append(coverage.problems(rules, folder, recorded));
    Ok(problems)
}

fn report_of_valid(rules: &RuleSet, settings: &Settings, org: &Org) -> String {
    let source = rules_source(settings);
    let hooks = counted(rules.hooks.len(), "hook");
    let count = counted(rules.hooks.values().flat_map(Hook::rules).count(), "rule");
    let revision = &rules.revision;
    let mut report = format!("{source}: {hooks}, {count}, no problems (revision {revision})\n");
    for note in notes(rules, org) {
        report += &format!("{note}\n");
    }
    report
}

fn report_of_problems(problems: &Problems) -> String {
    let mut report = String::new();
    for line in problems.lines() {
        report += &format!("{line}\n\n");
    }
    report + &counted(problems.count(), "problem") + "\n"
}

/// `1 rule`, `2 rules`.
fn counted(count: usize, what: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {what}{ending}")
}
