//! `eval`: answers one request as the service would.

use std::{
    fmt::Write as _,
    fs::File,
    io::{self, IsTerminal as _, Read},
    path::{Path, PathBuf},
};

use clap::Args;

use super::{
    CliError, ExitStatus, SharedFlags, fixtures, live::LiveSources, load_valid_rules,
    print_diagnostic, print_result,
};
use crate::{
    file::Size,
    nearest::did_you_mean,
    okta::DecisionKind,
    pipeline::{self, HookAnswer},
    rule::{
        Hook, LookupVerdict, Outcome, SetOutcome, Verdict,
        lookup::{LookupOutcome, LookupResult, LookupResults},
    },
    settings::SecretFiles,
};

const EXAMPLES: &str = "\
Examples:
  registration-hook eval registrationHookSSR < request.json
  registration-hook eval registrationHookPP request.json --explain
  registration-hook eval members request.json --lookups results.json

Exit codes: 0 allowed or updated, 1 denied, 2 could not answer";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct EvalArguments {
    /// The hook: the name of its rules file, without .toml
    hook: String,
    /// The request, as Okta sends it [default: standard input]
    file: Option<PathBuf>,
    /// Recorded results of lookups, as JSON [default: <case>.lookups.json beside <case>.request.json]
    #[arg(long, value_name = "FILE")]
    lookups: Option<PathBuf>,
    /// Really ask the sources of lookups, instead of taking recorded results
    #[arg(long, conflicts_with = "lookups")]
    live: bool,
    /// Explain each rule's outcome, each lookup, and what is set, on standard error
    #[arg(long)]
    explain: bool,
}

/// The body of a request, and its file.
struct RequestBody {
    /// The path of the file, or "standard input".
    place: String,
    body: Vec<u8>,
}

pub(super) fn run(flags: &SharedFlags, arguments: &EvalArguments) -> Result<ExitStatus, CliError> {
    let secret_files = if arguments.live { SecretFiles::Read } else { SecretFiles::Skip };
    let mut settings = flags.load_valid_settings(secret_files)?;
    let rules = load_valid_rules(&settings)?;
    let name = arguments.hook.trim_start_matches('/');
    let Some(hook) = rules.hooks.get(name) else {
        let hint = did_you_mean(name, rules.hooks.keys().map(String::as_str));
        return Err(CliError(format!("there is no hook `{name}`{hint}")));
    };
    let RequestBody { place, body } =
        read_request(arguments.file.as_deref(), settings.server.body_limit)?;
    let mut hints = Vec::new();
    let facts = if arguments.live {
        LiveSources::new(&mut settings)?.ask(hook, &body).map(|live| {
            hints = live.hints;
            live.facts
        })
    } else {
        fixtures::recorded_facts(hook, &body, &read_recorded(arguments, hook)?)
    };
    let unanswered = |error| CliError(format!("{place}: {error}"));
    let facts = facts.map_err(unanswered)?;
    let answer = pipeline::answer(hook, &body, &facts).map_err(unanswered)?;
    print_result(&answer.body)?;
    if io::stdout().is_terminal() {
        print_result(b"\n")?;
    }
    if arguments.explain {
        print_diagnostic(explain(name, hook, &answer, &facts.lookups, &rules.revision));
        for hint in hints {
            print_diagnostic(hint);
        }
    }
    Ok(match answer.decision {
        DecisionKind::Deny => ExitStatus::Negative,
        DecisionKind::Allow | DecisionKind::Update => ExitStatus::Success,
    })
}

/// Reads the recorded results of lookups: those of `--lookups`, or else those beside the request.
fn read_recorded(arguments: &EvalArguments, hook: &Hook) -> Result<LookupResults, CliError> {
    if let Some(path) = &arguments.lookups {
        // Unlike the default, it must exist.
        File::open(path)
            .map_err(|error| CliError(format!("--lookups: {}: {error}", path.display())))?;
        return Ok(fixtures::read_lookups(path, hook)?);
    }
    match &arguments.file {
        Some(request) => match fixtures::lookups_beside(request) {
            Some(path) => Ok(fixtures::read_lookups(&path, hook)?),
            None => Ok(LookupResults::new()),
        },
        None => Ok(LookupResults::new()),
    }
}

/// Reads the request from a file, or from standard input if the file is `-` or is not given.
fn read_request(file: Option<&Path>, limit: usize) -> Result<RequestBody, CliError> {
    match file {
        Some(file) if file.as_os_str() != "-" => {
            let place = file.display().to_string();
            // It may be a pipe, as with `<(…)`.
            match File::open(file) {
                Ok(file) => read_body(place, file, limit),
                Err(error) => Err(CliError(format!("{place}: cannot read the file: {error}"))),
            }
        }
        _ => {
            if io::stdin().is_terminal() {
                print_diagnostic("reading a request from standard input; Ctrl-D ends it");
            }
            read_body("standard input".to_owned(), io::stdin().lock(), limit)
        }
    }
}

/// Reads to the end. Refuses a request that is larger than the service accepts.
fn read_body(place: String, reader: impl Read, limit: usize) -> Result<RequestBody, CliError> {
    let mut body = Vec::new();
    // One byte more than allowed, to notice a larger request.
    if let Err(error) = reader.take(limit as u64 + 1).read_to_end(&mut body) {
        return Err(CliError(format!("{place}: cannot read the request: {error}")));
    }
    if body.len() > limit {
        let limit = Size(limit as u64);
        return Err(CliError(format!(
            "{place}: the request is larger than {limit}, which the service refuses; `server.body_limit` changes that"
        )));
    }
    Ok(RequestBody { place, body })
}

/// Explains each rule's outcome, what is set, and what Okta will do.
fn explain(
    name: &str,
    hook: &Hook,
    answer: &HookAnswer<'_, '_>,
    lookups: &LookupResults,
    revision: &str,
) -> String {
    let mut text = format!("{name}, {}, rules {revision}\n", answer.flow.spec().name);
    for Verdict { rule, outcome } in &answer.verdicts {
        let shadow = if rule.shadow { " (shadow: does not decide)" } else { "" };
        let why = match outcome {
            Outcome::Fail(unmet) => format!(": {unmet}"),
            Outcome::Pass => String::new(),
            Outcome::Skip(why) => format!(": {why}"),
        };
        let _ = writeln!(text, "  {}  {}{shadow}{why}", outcome.as_str(), rule.id);
    }
    for LookupVerdict { lookup, outcome } in &answer.lookups {
        let why = match outcome {
            LookupOutcome::NotAsked(why) => format!(": {why}"),
            LookupOutcome::Failed => match lookups.get(&lookup.name.value) {
                Some(LookupResult::Failed(why)) => format!(": {why}"),
                _ => String::new(),
            },
            _ => String::new(),
        };
        let name = &lookup.name.value;
        // Writing to memory cannot fail.
        let _ = writeln!(text, "  lookup {name}: {}{why}", outcome.as_str());
    }
    if !answer.has_section {
        text.push_str("  the hook has no section for such requests\n");
    } else if answer.verdicts.is_empty() {
        text.push_str("  no rules: the section has `allow_all`\n");
    }
    explain_sets(hook, answer, &mut text);
    let flow = answer.flow.spec();
    let effect = match answer.decision {
        DecisionKind::Allow => flow.after_allow,
        DecisionKind::Update => "sets the attributes of the answer and goes on",
        DecisionKind::Deny => flow.after_deny,
    };
    let _ = write!(text, "{}: Okta {effect}", answer.decision.as_str());
    text
}

/// Explains whether each attribute of `set` is set.
fn explain_sets(hook: &Hook, answer: &HookAnswer<'_, '_>, text: &mut String) {
    let is_denied = answer.decision == DecisionKind::Deny;
    let sets = match hook.section(answer.flow) {
        Some(section) => section.set.as_slice(),
        None => &[],
    };
    for set in sets {
        let attribute = &set.attribute.value;
        let mut outcomes = answer.sets.iter();
        // Writing to memory cannot fail.
        let _ = match outcomes.find(|outcome| outcome.set.attribute.value == *attribute) {
            Some(SetOutcome { alternative, result: Err(why), .. }) => {
                writeln!(text, "  leave {attribute}{alternative}: {why}")
            }
            _ if is_denied => Ok(()),
            Some(SetOutcome { alternative, .. }) => {
                writeln!(text, "  set   {attribute}{alternative}")
            }
            None => writeln!(text, "  set   {attribute}"),
        };
    }
}
