//! `replay`: answers recorded requests and compares the answers with the recorded ones.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{
    CliError, ExitStatus, SharedFlags,
    client::{CallFlags, read_url},
    fixtures::{self, Case},
    live::LiveSources,
    load_valid_rules, load_valid_rules_from, print_diagnostic, print_result,
    progress::Progress,
};
use crate::{
    load::RulesSource, problem::Problem, rule::RuleSet, settings::SecretFiles, trusted_url,
};

mod change;
mod difference;
mod human;
mod local;
mod machine;
mod remote;
mod report;

pub(super) use change::{denying_rules, recorded_decision};
use local::RulesChange;
use remote::RemoteHooks;
use report::{ReplayOutcome, Replayed, Report};

const EXAMPLES: &str = "\
The folder holds <hook>/<case>.request.json and <hook>/<case>.response.json,
and the results of lookups in <hook>/<case>.lookups.json.

Examples:
  registration-hook replay                      compare tests/fixtures
  registration-hook replay recorded --update    record the present answers
  registration-hook replay --against old-rules  list the changed decisions
  registration-hook replay --url http://127.0.0.1:8080 --user okta
                                                ask a running service

Exit codes: 0 all equal, 1 a difference, 2 could not answer";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ReplayArguments {
    /// The folder of recorded requests
    #[arg(default_value = "tests/fixtures")]
    directory: PathBuf,
    /// Only requests whose <hook>/<case> has this text
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Rewrite the recorded answers, and list what changed
    #[arg(long)]
    update: bool,
    /// With --update: really ask the sources of lookups, and rewrite their recorded results
    #[arg(long, requires = "update")]
    live: bool,
    /// List the requests whose decision differs between the rules in this folder and the present ones
    #[arg(long, value_name = "RULES", conflicts_with_all = ["update", "url"])]
    against: Option<PathBuf>,
    /// Ask a running service, at URL/<hook>, as Okta does
    #[arg(long, value_name = "URL", conflicts_with = "update")]
    url: Option<String>,
    #[command(flatten)]
    call: CallFlags,
    /// The form of the report
    #[arg(long, value_enum, default_value_t = ReportFormat::Human)]
    format: ReportFormat,
}

#[derive(Clone, Copy, ValueEnum)]
enum ReportFormat {
    /// For people
    Human,
    /// One JSON object
    Json,
    /// JUnit's XML, for CI
    Junit,
    /// Workflow commands of GitHub Actions, which point at files and lines
    Github,
}

/// How recorded requests are replayed.
enum Mode {
    Compare(RuleSet),
    Update { rules: RuleSet, sources: Option<Box<LiveSources>> },
    Against(RulesChange),
    Url(Box<RemoteHooks>),
}

pub(super) fn run(
    flags: &SharedFlags,
    arguments: &ReplayArguments,
) -> Result<ExitStatus, CliError> {
    if arguments.url.is_none() && arguments.call.are_given() {
        return Err(CliError("the flags about credentials and certificates need --url".to_owned()));
    }
    let mut mode = Mode::new(flags, arguments)?;
    let mut cases = filter_cases(fixtures::read_cases(&arguments.directory)?, arguments)?;
    // A running service does not say which hooks it has, so only an answer shows that a hook is missing.
    if let Some(rules) = mode.rules() {
        cases = fixtures::with_missing_hooks_as_problems(cases, rules);
    }
    let mut progress = Progress::new(cases.len());
    let mut results = Vec::new();
    for case in cases {
        results.push(match case {
            Ok(case) => mode.replay(case)?,
            Err(problem) => Replayed::of_problem(&problem),
        });
        progress.step();
    }
    drop(progress);
    let report = Report {
        results,
        rewrites: arguments.update,
        compares_rules: arguments.against.is_some(),
        calls: match mode {
            Mode::Url(hooks) => Some(hooks.finish()?),
            _ => None,
        },
    };
    let text = match arguments.format {
        ReportFormat::Human => human::human(&report),
        ReportFormat::Json => machine::json(&report),
        ReportFormat::Junit => machine::junit(&report),
        ReportFormat::Github => machine::github(&report) + &human::last_lines(&report),
    };
    print_result(text.as_bytes())?;
    Ok(if report.failed() == 0 { ExitStatus::Success } else { ExitStatus::Negative })
}

impl Mode {
    fn new(flags: &SharedFlags, arguments: &ReplayArguments) -> Result<Self, CliError> {
        if let Some(url) = &arguments.url {
            let url = read_url("--url", url)?;
            let is_unencrypted = url.scheme() == "http" && !trusted_url::is_on_this_machine(&url);
            if is_unencrypted && arguments.call.has_credentials() {
                print_diagnostic("--url: the credentials are not encrypted; Okta calls https only");
            }
            return Ok(Self::Url(Box::new(RemoteHooks::new(url, &arguments.call)?)));
        }
        let secret_files = if arguments.live { SecretFiles::Read } else { SecretFiles::Skip };
        let mut settings = flags.load_valid_settings(secret_files)?;
        let rules = load_valid_rules(&settings)?;
        if let Some(folder) = &arguments.against {
            let source = RulesSource::Folder(folder.clone());
            let before = load_valid_rules_from(&source, &settings)?;
            let directory = settings.rules.directory;
            return Ok(Self::Against(RulesChange { before, after: rules, directory }));
        }
        if arguments.update {
            let mut sources = None;
            if arguments.live {
                sources = Some(Box::new(LiveSources::new(&mut settings)?));
            }
            return Ok(Self::Update { rules, sources });
        }
        Ok(Self::Compare(rules))
    }

    /// The present rules. `None` if a running service answers.
    fn rules(&self) -> Option<&RuleSet> {
        match self {
            Self::Compare(rules) | Self::Update { rules, .. } => Some(rules),
            Self::Against(RulesChange { after, .. }) => Some(after),
            Self::Url(_) => None,
        }
    }

    /// Replays one request. Fails only if a running service does not answer: the next requests would fail as well.
    fn replay(&mut self, case: Case) -> Result<Replayed, CliError> {
        let outcome = match self {
            Self::Compare(rules) => local::compare(&case, rules),
            Self::Update { rules, sources } => local::update(&case, rules, sources.as_deref()),
            Self::Against(rules_change) => rules_change.compare(&case),
            Self::Url(hooks) => return hooks.replay(case),
        };
        Ok(Replayed::new(case, outcome.unwrap_or_else(ReplayOutcome::problem)))
    }
}

/// Keeps the cases and problems that have the text of `--filter` in their name or place.
fn filter_cases(
    mut cases: Vec<Result<Case, Problem>>,
    arguments: &ReplayArguments,
) -> Result<Vec<Result<Case, Problem>>, CliError> {
    let Some(text) = &arguments.filter else {
        return Ok(cases);
    };
    cases.retain(|case| match case {
        Ok(case) => case.name().contains(text.as_str()),
        Err(problem) => problem.place.contains(text.as_str()),
    });
    if cases.is_empty() {
        return Err(CliError(format!("--filter: no recorded request has `{text}` in its name")));
    }
    Ok(cases)
}
