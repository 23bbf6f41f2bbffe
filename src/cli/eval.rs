//! `eval`: one request, answered as the service would.

use std::{
    fmt::Write as _,
    fs,
    io::{self, IsTerminal as _, Read as _},
    path::{Path, PathBuf},
};

use clap::Args;

use super::{Common, Exit, Failure, complain, print};
use crate::{
    hook::DecisionKind,
    nearest::did_you_mean,
    pipeline::{self, Answer},
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
    let rules = common.rules()?;
    let name = arguments.hook.trim_start_matches('/');
    let Some(hook) = rules.hooks.get(name) else {
        let hint = did_you_mean(name, rules.hooks.keys().map(String::as_str));
        return Err(Failure(format!("there is no hook `{name}`{hint}")));
    };
    let (place, body) = read(arguments.file.as_deref())?;
    let answer = pipeline::answer(hook, &body, pipeline::today())
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

fn read(file: Option<&Path>) -> Result<(String, Vec<u8>), Failure> {
    let Some(file) = file.filter(|file| file.as_os_str() != "-") else {
        if io::stdin().is_terminal() {
            complain("reading a request from standard input, up to Ctrl-D");
        }
        let mut body = Vec::new();
        io::stdin().read_to_end(&mut body)?;
        return Ok(("standard input".to_owned(), body));
    };
    let place = file.display().to_string();
    let body = fs::read(file)
        .map_err(|error| Failure(format!("{place}: cannot read the file: {error}")))?;
    Ok((place, body))
}

/// Each rule's outcome and why, and what Okta will do.
fn explain(name: &str, answer: &Answer<'_, '_>, revision: &str) -> String {
    let mut text = format!("{name}, {}, rules {revision}\n", answer.request_type.as_str());
    for Verdict { rule, outcome } in &answer.verdicts {
        let shadow = if rule.shadow { " (shadow: does not decide)" } else { "" };
        let why = match outcome {
            Outcome::Fail(unmet) => format!(": {unmet}"),
            Outcome::Pass => String::new(),
            Outcome::Skip => ": its conditions (`when`) do not hold".to_owned(),
        };
        let _ = writeln!(text, "  {}  {}{shadow}{why}", outcome.as_str(), rule.id);
    }
    if !answer.handled {
        text.push_str("  the hook has no section for such requests\n");
    } else if answer.verdicts.is_empty() {
        text.push_str("  no rules: the section has `allow_all`\n");
    }
    let registration = answer.request_type.is_registration();
    text.push_str(match (answer.decision, registration) {
        (DecisionKind::Allow, true) => "allow: Okta goes on with the registration",
        (DecisionKind::Allow, false) => "allow: Okta saves the profile as submitted",
        (DecisionKind::Update, _) => "update: Okta sets the attributes of the answer and goes on",
        (DecisionKind::Deny, true) => "deny: Okta stops the registration",
        (DecisionKind::Deny, false) => "deny: Okta leaves the profile as it was",
    });
    text
}
