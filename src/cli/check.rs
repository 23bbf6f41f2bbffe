//! `check`: loads settings and rules, tries every rule's examples, prints every problem.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use clap::Args;

use super::{Common, Exit, Failure, Rules, fixtures, print, rules};
use crate::{
    credentials::issuer,
    load::Scrutiny,
    problem::Problem,
    rule::{Hook, RuleSet, Section, Verdict},
    server::Certificate,
};

#[derive(Args)]
pub(super) struct Arguments {
    /// Try inputs that ought to fail on each rule, and tell which pass
    #[arg(long)]
    probe: bool,
    /// Ask for recorded requests, as `replay` reads them, that pass and that fail each rule
    #[arg(long, value_name = "DIR")]
    coverage: Option<PathBuf>,
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Exit, Failure> {
    let (settings, mut problems) = common.settings(true)?;
    problems.extend(settings.unguarded());
    if let Some(oauth) = &settings.auth.oauth {
        problems.extend(issuer(oauth).err());
    }
    if let Some(files) = &settings.server.tls {
        problems.extend(Certificate::read(files).err());
    }
    let scrutiny = Scrutiny { probe: arguments.probe };
    let Rules { place, set, .. } = rules(&settings, &scrutiny);
    match set {
        Ok(rules) => {
            if let Some(recorded) = &arguments.coverage {
                problems.extend(uncovered(&rules, &settings.rules.directory, recorded)?);
            }
            if problems.is_empty() {
                print((summary(&place, &rules) + &notes(&rules)).as_bytes())?;
                return Ok(Exit::Good);
            }
        }
        Err(found) => problems.extend(found),
    }
    print(report(&problems).as_bytes())?;
    Ok(Exit::Bad)
}

/// Which rules no recorded request passes, or fails, and what is amiss with the requests.
fn uncovered(rules: &RuleSet, folder: &Path, recorded: &Path) -> Result<Vec<Problem>, Failure> {
    let mut problems = Vec::new();
    let mut seen = BTreeSet::new();
    for case in fixtures::read(recorded)? {
        let judge = |case: fixtures::Case| {
            case.answer(rules, |answer| {
                for Verdict { rule, outcome } in &answer.verdicts {
                    seen.insert((case.hook.clone(), rule.id.clone(), outcome.as_str()));
                }
            })
        };
        problems.extend(case.and_then(judge).err());
    }
    for (name, hook) in &rules.hooks {
        let place = folder.join(format!("{name}.toml")).display().to_string();
        let way_out = format!("record one in `{}`", recorded.join(name).display());
        for rule in hook.rules().filter(|rule| !rule.shadow) {
            for (outcome, verb) in [("pass", "passes"), ("fail", "fails")] {
                if !seen.contains(&(name.clone(), rule.id.clone(), outcome)) {
                    let why =
                        format!("no recorded request {verb} the rule `{}`; {way_out}", rule.id);
                    problems.push(Problem::named(&place, why));
                }
            }
        }
    }
    Ok(problems)
}

fn report(problems: &[Problem]) -> String {
    let mut report: String = problems.iter().map(|problem| format!("{problem}\n\n")).collect();
    report.push_str(&counted(problems.len(), "problem"));
    report + "\n"
}

fn summary(place: &str, rules: &RuleSet) -> String {
    let hooks = counted(rules.hooks.len(), "hook");
    let count = counted(rules.hooks.values().flat_map(Hook::rules).count(), "rule");
    format!("{place}: {hooks}, {count}, no problems (revision {})\n", rules.revision)
}

/// What is no problem and may still surprise.
fn notes(rules: &RuleSet) -> String {
    let sections = rules.hooks.iter().flat_map(|(name, hook)| {
        let of_hook = [
            (&hook.registration, "self_service_registration"),
            (&hook.progressive, "progressive_profile"),
        ];
        of_hook.map(|(section, called)| (name, section.as_ref(), called))
    });
    let lenient = sections.filter(|(.., section, _)| section.is_some_and(may_ask_nothing));
    lenient
        .map(|(name, _, called)| {
            format!("note: `{name}`, `{called}`: no rule always counts (each is shadow or has `when`), so some requests are allowed unjudged\n")
        })
        .collect()
}

fn may_ask_nothing(section: &Section) -> bool {
    // `allow_all` says so itself.
    section.rules().next().is_some()
        && section.rules().all(|rule| rule.shadow || !rule.when.is_empty())
}

fn counted(count: usize, what: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {what}{ending}")
}
