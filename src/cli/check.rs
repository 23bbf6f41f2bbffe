//! `check`: loads settings and rules, tries every rule's examples, prints every problem.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use clap::Args;

use super::{CliError, ExitStatus, LoadedRules, SharedFlags, fixtures, load_rules, print_result};
use crate::{
    certificate,
    credentials::issuer,
    load::Lints,
    org::Org,
    problem::{Problem, Problems},
    rule::{Hook, Requirement, Rule, RuleSet, Section, Verdict},
    settings::SecretFiles,
};

#[derive(Args)]
pub(super) struct CheckArguments {
    /// The org's user schema, to hold the rules against: GET /api/v1/meta/schemas/user/default
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
    /// Its enrollment policy, for the form: GET /api/v1/policies/POLICY-ID/rules
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Try inputs that ought to fail on each rule, and tell which pass
    #[arg(long)]
    probe: bool,
    /// Ask for recorded requests, as `replay` reads them, that pass and that fail each rule
    #[arg(long, value_name = "DIR")]
    coverage: Option<PathBuf>,
}

pub(super) fn run(flags: &SharedFlags, arguments: &CheckArguments) -> Result<ExitStatus, CliError> {
    let org = Org::read(arguments.schema.as_deref(), arguments.policy.as_deref())?;
    let (settings, mut problems) = flags.load_settings(SecretFiles::Read)?;
    problems.append(org.problems.clone());
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
    let lints = Lints { org, probe: arguments.probe };
    let LoadedRules { source, rules, .. } = load_rules(&settings, &lints);
    let mut report = String::new();
    match rules {
        Err(found) => problems.append(found),
        Ok(rules) => {
            if let Some(recorded) = &arguments.coverage {
                problems.append(uncovered(&rules, &settings.rules.directory, recorded)?);
            }
            let hooks = counted(rules.hooks.len(), "hook");
            let count = counted(rules.hooks.values().flat_map(Hook::rules).count(), "rule");
            let revision = &rules.revision;
            report = format!("{source}: {hooks}, {count}, no problems (revision {revision})\n");
            report.extend(notes(&rules, &lints.org));
        }
    }
    if !problems.is_empty() {
        report.clear();
        for line in problems.lines() {
            report += &format!("{line}\n\n");
        }
        report += &format!("{}\n", counted(problems.count(), "problem"));
    }
    print_result(report.as_bytes())?;
    Ok(if problems.is_empty() { ExitStatus::Success } else { ExitStatus::Negative })
}

/// Which rules no recorded request passes, or fails, and what is amiss with the requests.
fn uncovered(rules: &RuleSet, folder: &Path, recorded: &Path) -> Result<Problems, CliError> {
    let mut problems = Problems::default();
    let mut seen = BTreeSet::new();
    for case in fixtures::read(recorded)? {
        let judge = |case: fixtures::Case| {
            case.answer(rules, |answer| {
                for Verdict { rule, outcome } in &answer.verdicts {
                    seen.insert((case.hook.clone(), rule.id.clone(), outcome.as_str()));
                }
            })
        };
        if let Err(problem) = case.and_then(judge) {
            problems.push(problem);
        }
    }
    for (name, hook) in &rules.hooks {
        let place = folder.join(format!("{name}.toml")).display().to_string();
        let way_out = format!("record one in `{}`", recorded.join(name).display());
        for Rule { id, .. } in hook.rules().filter(|rule| !rule.shadow) {
            for (outcome, verb) in [("pass", "passes"), ("fail", "fails")] {
                if !seen.contains(&(name.clone(), id.clone(), outcome)) {
                    let why = format!("no recorded request {verb} the rule `{id}`; {way_out}");
                    problems.push(Problem::named(&place, why));
                }
            }
        }
    }
    Ok(problems)
}

/// What is no problem and may still surprise.
fn notes(rules: &RuleSet, org: &Org) -> Vec<String> {
    let mut notes = Vec::new();
    for (name, hook) in &rules.hooks {
        for (section, called, registration) in [
            (&hook.registration, "self_service_registration", true),
            (&hook.progressive, "progressive_profile", false),
        ] {
            let found = section.iter().flat_map(|section| of_section(section, registration, org));
            notes.extend(found.map(|note| format!("note: `{name}`, `{called}`: {note}\n")));
        }
    }
    notes
}

fn of_section(section: &Section, registration: bool, org: &Org) -> Vec<String> {
    let rules: Vec<_> = section.rules().collect();
    let judged: BTreeSet<_> = rules.iter().flat_map(|rule| rule.attributes()).collect();
    let written = section.set.iter().map(|set| &set.attribute).chain(&section.update);
    let named: BTreeSet<_> = written.map(String::as_str).chain(judged.iter().copied()).collect();
    let mut notes: Vec<_> = named.iter().filter_map(|name| org.slip(name)).collect();
    // What keeps a rule from holding is a problem; here it is optional.
    notes.extend(judged.iter().filter_map(|name| org.judged(name, registration, false)));
    if !rules.is_empty() && rules.iter().all(|rule| rule.shadow || !rule.when.is_empty()) {
        notes.push("no rule always counts (each is shadow or has `when`), so some requests are allowed unjudged".to_owned());
    }
    let lenient = |rule: &&&Rule| matches!(&rule.requirement, Requirement::Any(parts) if parts.iter().any(|part| part.optional));
    for Rule { id, .. } in rules.iter().filter(lenient) {
        notes.push(format!("`{id}`: who leaves out what is `optional` in `any` passes the rule"));
    }
    let missed = |name: &&String| !rules.is_empty() && !named.contains(name.as_str());
    for name in org.required.iter().filter(|_| registration).filter(missed) {
        notes.push(format!("no rule looks at `{name}`, which the user schema requires"));
    }
    notes
}

fn counted(count: usize, what: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {what}{ending}")
}
