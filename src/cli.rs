//! The command line: shared flags, exit codes, and one file per subcommand.

use std::{
    ffi::OsString,
    fmt::Display,
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand};

use crate::{
    clock, escape,
    load::{self, Purpose, RulesSource},
    lookup::source_kinds,
    problem::{Problem, Problems},
    rule::RuleSet,
    settings::{self, Layers, LoadedSettings, RulesSettings, SecretFiles, Settings},
};

mod banner;
mod check;
mod client;
mod doctor;
mod eval;
mod eval_json;
mod explain;
mod fixtures;
mod live;
mod messages;
mod parse;
mod pretty;
mod preview;
mod progress;
mod replay;
mod sample;
mod serve;

/// The exit code of the program.
#[derive(Clone, Copy)]
enum ExitStatus {
    /// The request is allowed, the rules are valid, the answers are equal, or the service stopped cleanly.
    Success = 0,
    /// The request is denied, or there are problems or differences.
    Negative = 1,
    /// The subcommand has no result: wrong usage, an I/O error or an invalid configuration. Never a denial.
    CannotAnswer = 2,
    /// Stopped at once by a second signal. Shells use this code for an interrupt.
    Interrupted = 130,
}

const EXAMPLES: &str = "\
Examples:
  registration-hook                        serve the hooks
  registration-hook check                  find problems in settings and rules
  registration-hook eval registrationHookSSR < request.json
  registration-hook replay tests/fixtures  compare recorded requests and answers
  registration-hook sample ssr             print a request as Okta sends it
  registration-hook doctor https://hooks.example.com/join --user admin
                                           call a running hook as Okta does

Exit codes: 0 success, 1 denied, problems or differences, 2 could not answer";

/// Decides Okta's registrations and progressive profile updates by rules written in TOML.
#[derive(Parser)]
#[command(name = "registration-hook", version, after_help = EXAMPLES)]
struct CommandLine {
    #[command(flatten)]
    flags: SharedFlags,
    #[command(subcommand)]
    subcommand: Option<Subcommands>,
}

/// The flags of every subcommand.
#[derive(Args)]
struct SharedFlags {
    /// Settings file [default: registration-hook.toml, if it exists]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Rules folder [default: rules]
    #[arg(long, global = true, value_name = "DIR")]
    rules: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Subcommands {
    /// Run the service (also without a subcommand)
    #[command(after_help = serve::EXAMPLES)]
    Serve,
    /// Run the service, and a page on loopback that shows its decisions
    Preview(preview::PreviewArguments),
    /// Find every problem in settings and rules, and run every rule's examples
    Check(check::CheckArguments),
    /// Answer one request as the service would
    Eval(eval::EvalArguments),
    /// Answer recorded requests and compare with the recorded answers
    Replay(Box<replay::ReplayArguments>),
    /// Print a request as Okta sends it
    Sample(sample::SampleArguments),
    /// Call a running hook as Okta does, and check it against Okta's contract
    Doctor(Box<doctor::DoctorArguments>),
}

/// Runs the program with these arguments. The first one is the program's name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let status = match parse::parse::<CommandLine>(arguments) {
        Ok(CommandLine { flags, subcommand }) => {
            run_subcommand(&flags, subcommand.unwrap_or(Subcommands::Serve))
        }
        // clap also returns help and the version as errors, and prints those on standard output.
        Err(error) => {
            // If writing to standard error fails, there is no other place to report it.
            let _ = error.print();
            if error.use_stderr() { ExitStatus::CannotAnswer } else { ExitStatus::Success }
        }
    };
    ExitCode::from(status as u8)
}

fn run_subcommand(flags: &SharedFlags, subcommand: Subcommands) -> ExitStatus {
    let status = match subcommand {
        Subcommands::Serve => serve::run(flags),
        Subcommands::Preview(arguments) => serve::run_with_page(flags, Some(arguments.page)),
        Subcommands::Check(arguments) => check::run(flags, &arguments),
        Subcommands::Eval(arguments) => eval::run(flags, &arguments),
        Subcommands::Replay(arguments) => replay::run(flags, &arguments),
        Subcommands::Sample(arguments) => sample::run(&arguments),
        Subcommands::Doctor(arguments) => doctor::run(&arguments),
    };
    match status {
        Ok(status) => status,
        Err(CliError(why)) => {
            print_diagnostic(why);
            ExitStatus::CannotAnswer
        }
    }
}

/// Why a subcommand could not answer: a message for standard error.
struct CliError(String);

impl From<Problem> for CliError {
    fn from(problem: Problem) -> Self {
        Self(problem.to_string())
    }
}

impl From<Problems> for CliError {
    fn from(problems: Problems) -> Self {
        Self(problems.lines().join("\n"))
    }
}

impl From<serde_json::Error> for CliError {
    fn from(error: serde_json::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

impl SharedFlags {
    /// The layers of settings: the file, the environment of this process, and these flags.
    /// `secret_files` says whether the files that hold secrets are read.
    fn layers(&self, secret_files: SecretFiles) -> Layers {
        Layers {
            file: self.config.clone(),
            rules: self.rules.clone(),
            environment: settings::environment(),
            secret_files,
        }
    }

    /// Loads the settings together with every problem in them.
    fn load_settings(&self, secret_files: SecretFiles) -> Result<LoadedSettings, CliError> {
        Ok(settings::load(&self.layers(secret_files))?)
    }

    /// Loads the settings. Any problem is an error.
    fn load_valid_settings(&self, secret_files: SecretFiles) -> Result<Settings, CliError> {
        let LoadedSettings { settings, problems } = self.load_settings(secret_files)?;
        if problems.is_empty() { Ok(settings) } else { Err(problems.into()) }
    }
}

/// Loads the rules that the settings name. Any problem is an error.
fn load_valid_rules(settings: &Settings) -> Result<RuleSet, CliError> {
    load_valid_rules_from(&rules_source(settings), settings)
}

/// Loads the rules of a folder, or the built-in ones. Their lookups can name the sources in these settings.
/// Any problem is an error.
fn load_valid_rules_from(rules: &RulesSource, settings: &Settings) -> Result<RuleSet, CliError> {
    let kinds = source_kinds(&settings.sources);
    let draft = load::load_rules(rules, &clock::facts(), &kinds, Purpose::Serve);
    Ok(draft.into_rules()?)
}

/// The source of the rules: the folder of the settings, or the built-in rules. The built-in rules are for a
/// first try, before anything is configured: no folder is set, the default one does not exist, and there is no
/// authentication method.
fn rules_source(settings: &Settings) -> RulesSource {
    let RulesSettings { directory, is_directory_set, .. } = &settings.rules;
    let is_first_try = !is_directory_set && !directory.exists() && !settings.auth.is_configured();
    if is_first_try { RulesSource::BuiltIn } else { RulesSource::Folder(directory.clone()) }
}

/// Writes a result to standard output. A closed pipe is not an error: its reader, such as `head`, wants no more.
fn print_result(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Writes a diagnostic of one or more lines to standard error. Ignores errors, since there is no other
/// place to report them.
fn print_diagnostic(message: impl Display) {
    let message = message.to_string();
    let _ = writeln!(io::stderr(), "{}", escape::lines(&message));
}
