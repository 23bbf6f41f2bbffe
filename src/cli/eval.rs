//! `eval`: one request, answered as the service would.

use std::{
    fmt::Write as _,
    fs::File,
    io::{self, IsTerminal as _, Read},
    path::{Path, PathBuf},
};

use clap::Args;

use super::{Common, Exit, Failure, complain, print, rules};
use crate::{
    clock,
    file::Size,
    nearest::did_you_mean,
    okta::DecisionKind,
    pipeline::{self, HookAnswer},
    rule::{Outcome, Verdict},
};

const EXAMPLES: &str = "\
Examples:
  registration-hook eval registrationHookSSR < request.json
  registration-hook eval registrationHookPP request.json --explain

Exit codes: 0 allowed or updated, 1 denied, 2 could not answer";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The hook: the name of its rules file, without .toml
    hook: String,
    /// The request, as Okta sends it [default: standard input]
    file: Option<PathBuf>,
    /// Say on standard error what came of each rule and why
    #[arg(long)]
    explain: bool,
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Exit, Failure> {
    let settings = common.valid_settings()?;
    let rules = rules(&settings).set?;
    let name = arguments.hook.trim_start_matches('/');
    let Some(hook) = rules.hooks.get(name) else {
        let hint = did_you_mean(name, rules.hooks.keys().map(String::as_str));
        return Err(Failure(format!("there is no hook `{name}`{hint}")));
    };
    let (place, body) = read_request(arguments.file.as_deref(), settings.server.body_limit)?;
    let answer = pipeline::answer(hook, &body, &clock::facts())
        .map_err(|error| Failure(format!("{place}: {error}")))?;
    print(&answer.body)?;
    if io::stdout().is_terminal() {
        print(b"\n")?;
    }
    if arguments.explain {
        complain(explain(name, &answer, &rules.revision));
    }
    Ok(match answer.decision {
        DecisionKind::Deny => Exit::Bad,
        DecisionKind::Allow | DecisionKind::Update => Exit::Good,
    })
}

/// How the request is called, and its bytes: no more than the service would take.
fn read_request(file: Option<&Path>, limit: usize) -> Result<(String, Vec<u8>), Failure> {
    let Some(file) = file.filter(|file| file.as_os_str() != "-") else {
        if io::stdin().is_terminal() {
            complain("reading a request from standard input, up to Ctrl-D");
        }
        let place = "standard input".to_owned();
        let body = read_bounded(&place, io::stdin().lock(), limit)?;
        return Ok((place, body));
    };
    let place = file.display().to_string();
    // It may be a pipe, as with `<(…)`.
    let file = File::open(file)
        .map_err(|error| Failure(format!("{place}: cannot read the file: {error}")))?;
    let body = read_bounded(&place, file, limit)?;
    Ok((place, body))
}

/// All bytes, if they are no more than the limit of a body.
fn read_bounded(place: &str, from: impl Read, limit: usize) -> Result<Vec<u8>, Failure> {
    let limit = limit as u64;
    let mut body = Vec::new();
    // One more, to see whether there are more.
    from.take(limit + 1)
        .read_to_end(&mut body)
        .map_err(|error| Failure(format!("{place}: cannot read the request: {error}")))?;
    if body.len() as u64 > limit {
        let limit = Size(limit);
        return Err(Failure(format!(
            "{place}: the request is larger than {limit}, which the service refuses; `server.body_limit` changes that"
        )));
    }
    Ok(body)
}

/// Each rule's outcome and why, and what Okta will do.
fn explain(name: &str, answer: &HookAnswer<'_, '_>, revision: &str) -> String {
    let mut text = format!("{name}, {}, rules {revision}\n", answer.flow.spec().name);
    for Verdict { rule, outcome } in &answer.verdicts {
        let shadow = if rule.shadow { " (shadow: does not decide)" } else { "" };
        let why = match outcome {
            Outcome::Fail(unmet) => format!(": {unmet}"),
            Outcome::Pass => String::new(),
            Outcome::Skip => ": its conditions (`when`) do not hold".to_owned(),
        };
        let _ = writeln!(text, "  {}  {}{shadow}{why}", outcome.as_str(), rule.id);
    }
    if !answer.has_section {
        text.push_str("  the hook has no section for such requests\n");
    } else if answer.verdicts.is_empty() {
        text.push_str("  no rules: the section has `allow_all`\n");
    }
    let flow = answer.flow.spec();
    let effect = match answer.decision {
        DecisionKind::Allow => flow.after_allow,
        DecisionKind::Update => "sets the attributes of the answer and goes on",
        DecisionKind::Deny => flow.after_deny,
    };
    let _ = write!(text, "{}: Okta {effect}", answer.decision.as_str());
    text
}
