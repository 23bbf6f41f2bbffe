//! `eval`: answers one request as the service would.

use std::{
    fmt::Display,
    fs::File,
    io::{self, IsTerminal as _, Read},
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};

use super::{
    CliError, ExitStatus, SharedFlags, eval_json, explain, fixtures,
    live::{LiveFacts, LiveSources},
    load_valid_rules, print_diagnostic, print_result,
};
use crate::{
    clock,
    explained::Explained,
    file::Size,
    form_fields::form_fields,
    lookup,
    nearest::did_you_mean,
    okta::{DecisionKind, reply::HookReply},
    pipeline,
    rule::{Facts, Hook, lookup::LookupResults},
    settings::{SecretFiles, Settings},
    user_view::user_view,
};

/// The largest file of recorded results, in bytes.
const RESULTS_LIMIT: u64 = 1 << 20;

const EXAMPLES: &str = "\
Examples:
  registration-hook eval registrationHookSSR < request.json
  registration-hook eval registrationHookPP request.json --explain
  registration-hook eval members request.json --lookups results.json
  registration-hook eval registrationHookSSR request.json --format json

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
    /// Explain on standard error each rule's outcome, each lookup, the attributes that are set, and the
    /// texts that the end user sees, each with its row in docs/user-view.md
    #[arg(long)]
    explain: bool,
    /// `human`: only the body, exactly as Okta receives it; `json`: the body with the explanation, as one object
    #[arg(long, value_enum, default_value = "human", value_name = "FORMAT")]
    format: EvalFormat,
}

/// The format of the result.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum EvalFormat {
    Human,
    Json,
}

/// The body of a request, and the place that messages name.
struct RequestBody {
    /// The path of the file, or "standard input".
    place: String,
    body: Vec<u8>,
}

/// The facts of a request.
struct EvalFacts {
    facts: Facts,
    /// With `--live`: hints for the authors of lookups, such as a pointer that finds no value in a response.
    hints: Vec<String>,
}

pub(super) fn run(flags: &SharedFlags, arguments: &EvalArguments) -> Result<ExitStatus, CliError> {
    let secret_files = if arguments.live { SecretFiles::Read } else { SecretFiles::Skip };
    let mut settings = flags.load_valid_settings(secret_files)?;
    let rules = load_valid_rules(&settings)?;
    // The path of the hook, such as `/join`, is accepted, too.
    let name = arguments.hook.trim_start_matches('/');
    let Some(hook) = rules.hooks.get(name) else {
        let hint = did_you_mean(name, rules.hooks.keys().map(String::as_str));
        return Err(CliError(format!("there is no hook `{name}`{hint}")));
    };
    let request = read_request(arguments.file.as_deref(), settings.server.body_limit)?;
    let EvalFacts { facts, hints } = gather_facts(arguments, hook, &request, &mut settings)?;
    let answer =
        pipeline::answer(hook, &request.body, &facts).map_err(|error| request.error(error))?;
    let decoded = pipeline::decode(&request.body).map_err(|error| request.error(error))?;
    let reply = HookReply::Answered { status: 200, body: &answer.body };
    let explained = Explained::new(hook, &answer, &facts.lookups);
    let fields = form_fields(&decoded, hook.section(answer.flow));
    match arguments.format {
        EvalFormat::Human => print_body(&answer.body)?,
        EvalFormat::Json => {
            let view = user_view(reply, answer.flow, &fields);
            print_result(&eval_json::write(&answer.body, &explained, &view)?)?;
        }
    }
    if arguments.explain {
        let lines_about_rules = explain::answer(name, &explained, &rules.revision);
        let okta_reaction = explain::reply(reply, answer.flow, &fields);
        let decision = answer.decision.as_str();
        // The decision begins a line of its own: `deny: Okta stops the registration (documented)`.
        print_diagnostic(format!("{lines_about_rules}{decision}: {okta_reaction}"));
        for hint in hints {
            print_diagnostic(hint);
        }
    }
    Ok(match answer.decision {
        DecisionKind::Deny => ExitStatus::Negative,
        DecisionKind::Allow | DecisionKind::Update => ExitStatus::Success,
    })
}

/// Prints the body exactly as Okta receives it. On a terminal, a line break keeps the next prompt apart.
fn print_body(body: &[u8]) -> io::Result<()> {
    print_result(body)?;
    if io::stdout().is_terminal() {
        print_result(b"\n")?;
    }
    Ok(())
}

impl RequestBody {
    /// The error for a request that cannot be answered.
    fn error(&self, why: impl Display) -> CliError {
        CliError(format!("{}: {why}", self.place))
    }
}

/// Asks the lookups of the request with `--live`, or else reads their recorded results.
fn gather_facts(
    arguments: &EvalArguments,
    hook: &Hook,
    request: &RequestBody,
    settings: &mut Settings,
) -> Result<EvalFacts, CliError> {
    if arguments.live {
        let sources = LiveSources::new(settings)?;
        let LiveFacts { facts, hints, .. } =
            sources.ask(hook, &request.body).map_err(|error| request.error(error))?;
        return Ok(EvalFacts { facts, hints });
    }
    let recorded = recorded_lookups(arguments, hook)?;
    let facts = clock::recorded_facts(hook, &request.body, &recorded)
        .map_err(|error| request.error(error))?;
    Ok(EvalFacts { facts, hints: Vec::new() })
}

/// The recorded results of lookups: those of `--lookups`, or else those beside the request.
fn recorded_lookups(arguments: &EvalArguments, hook: &Hook) -> Result<LookupResults, CliError> {
    if let Some(path) = &arguments.lookups {
        // This file must exist. The file beside the request may be missing.
        let results = match read_results(path) {
            Ok(json) => lookup::read_recorded(&json, hook),
            Err(error) => Err(error.to_string()),
        };
        return results.map_err(|why| CliError(format!("--lookups: {}: {why}", path.display())));
    }
    if let Some(request) = &arguments.file
        && let Some(path) = fixtures::lookups_beside(request)
    {
        return Ok(fixtures::read_lookups_file(&path, hook)?);
    }
    Ok(LookupResults::new())
}

/// Reads recorded results. Like a request, they may come from a link or a pipe, as with `<(jq .lookups case.json)`.
fn read_results(path: &Path) -> io::Result<Vec<u8>> {
    let mut json = Vec::new();
    File::open(path)?.take(RESULTS_LIMIT + 1).read_to_end(&mut json)?;
    if json.len() as u64 > RESULTS_LIMIT {
        let limit = Size(RESULTS_LIMIT);
        return Err(io::Error::other(format!(
            "it is larger than {limit}; is this the right file?"
        )));
    }
    Ok(json)
}

/// Reads the request from a file, or from standard input if the file is `-` or is not given.
fn read_request(file: Option<&Path>, limit: usize) -> Result<RequestBody, CliError> {
    match file {
        Some(file) if file.as_os_str() != "-" => {
            let place = file.display().to_string();
            // The file may be a pipe, as with `<(jq .request case.json)`.
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

/// Reads a request to its end. Refuses one that is larger than the service accepts.
fn read_body(place: String, reader: impl Read, limit: usize) -> Result<RequestBody, CliError> {
    let mut body = Vec::new();
    // Reads one byte beyond the limit, to notice a larger request.
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
