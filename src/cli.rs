//! The command line: shared flags, exit codes, and a verb a file.

use std::{
    ffi::OsString,
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand};

use crate::{
    escape,
    load::{self, Extents, Files, Lints},
    problem::{Problem, Problems},
    rule::RuleSet,
    settings::{self, Settings, Sources},
};

mod check;
mod eval;
mod fixtures;
mod introduction;
mod messages;
mod replay;
mod serve;

/// How a verb ended.
#[derive(Clone, Copy)]
enum Exit {
    /// Allowed, valid, equal, stopped cleanly.
    Good = 0,
    /// Denied, problems, a difference.
    Bad = 1,
    /// Usage, I/O, configuration; never a denial.
    Failed = 2,
    /// Stopped at once by a second signal, as shells report an interrupt.
    Interrupted = 130,
}

const EXAMPLES: &str = "\
Examples:
  registration-hook                                   serve the hooks
  registration-hook check                             find every problem in settings and rules
  registration-hook eval registrationHookSSR < request.json
  registration-hook replay tests/fixtures             compare recorded requests and answers

Exit codes: 0 good, 1 denied or not good, 2 could not answer";

/// Decides Okta's registrations and progressive profile updates by rules written in TOML.
#[derive(Parser)]
#[command(name = "registration-hook", version, after_help = EXAMPLES)]
struct Arguments {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Option<Verb>,
}

/// What every verb takes.
#[derive(Args)]
struct Common {
    /// Settings file [default: registration-hook.toml, if it is there]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Rules folder [default: rules]
    #[arg(long, global = true, value_name = "DIR")]
    rules: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Verb {
    /// Run the service (also with no verb)
    Serve,
    /// Find every problem in settings and rules, and try every rule's examples
    Check(check::Arguments),
    /// Answer one request as the service would
    Eval(eval::Arguments),
    /// Answer recorded requests and compare with the recorded answers
    Replay(replay::Arguments),
}

/// Runs the program with these arguments, of which the first is its name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let done = match Arguments::try_parse_from(arguments) {
        Ok(Arguments { common, verb }) => match verb.unwrap_or(Verb::Serve) {
            Verb::Serve => serve::run(&common),
            Verb::Check(arguments) => check::run(&common, &arguments),
            Verb::Eval(arguments) => eval::run(&common, &arguments),
            Verb::Replay(arguments) => replay::run(&common, &arguments),
        },
        Err(error) => {
            // A closed pipe is nobody who could be told.
            let _ = error.print();
            Ok(if error.use_stderr() { Exit::Failed } else { Exit::Good })
        }
    };
    let exit = done.unwrap_or_else(|Failure(why)| {
        complain(why);
        Exit::Failed
    });
    ExitCode::from(exit as u8)
}

/// Why a verb could not answer, for standard error.
struct Failure(String);

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(problem.to_string())
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self(problems.lines().join("\n"))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

/// The rules that settings name, and how to call the place they are from.
struct Rules {
    place: String,
    /// Nothing for the built-in ones.
    directory: Option<PathBuf>,
    set: Result<RuleSet, Problems>,
    /// The files that they were read from.
    files: Files,
}

impl Common {
    /// Settings and their problems; `secrets`, where the files that hold secrets are to be read.
    fn settings(&self, secrets: bool) -> Result<(Settings, Problems), Failure> {
        Ok(settings::load(&self.sources(secrets))?)
    }

    fn sources(&self, secrets: bool) -> Sources {
        Sources {
            file: self.config.clone(),
            rules: self.rules.clone(),
            environment: settings::environment(),
            secrets,
        }
    }

    /// The rules, for verbs that need nothing else.
    fn rules(&self) -> Result<RuleSet, Failure> {
        Ok(rules(&self.valid_settings()?, &Lints::default()).set?)
    }

    /// Settings without a problem, for verbs that need no secrets.
    fn valid_settings(&self) -> Result<Settings, Failure> {
        let (settings, problems) = self.settings(false)?;
        if problems.is_empty() { Ok(settings) } else { Err(problems.into()) }
    }
}

/// The rules that these settings name; the built-in ones where nobody has named or made a folder
/// and nobody can have meant this to be in service, since no way in is configured.
fn rules(settings: &Settings, lints: &Lints) -> Rules {
    let settings::Rules { directory, named, .. } = &settings.rules;
    if !named && !settings.auth.is_configured() && !directory.exists() {
        let place = "the built-in rules".to_owned();
        let (set, files) = (load::built_in(lints), Files::default());
        return Rules { place, directory: None, set, files };
    }
    let loaded = load::load_folder(directory, lints, Extents::default());
    Rules {
        place: format!("the rules in `{}`", directory.display()),
        directory: Some(directory.clone()),
        set: loaded.rules,
        files: loaded.files,
    }
}

/// Writes a result to standard output. A reader that has gone away has read enough.
fn print(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

/// Writes a message to standard error, where nobody needs to be listening. It may have several lines.
fn complain(message: impl std::fmt::Display) {
    let message = message.to_string();
    let _ = writeln!(io::stderr(), "{}", escape::lines(&message));
}
