//! `check`: loads settings and rules, tries every rule's examples, prints every problem.

use std::{collections::BTreeSet, path::PathBuf};

use clap::Args;

use super::{Common, Exit, Failure, Rules, print, rules, serve::issuer};
use crate::{
    load::Scrutiny,
    org::Org,
    problem::Problem,
    rule::{Policy, Rule, RuleSet, Section},
};

#[derive(Args)]
pub(super) struct Arguments {
    /// The org's user schema, to hold the rules against: GET /api/v1/meta/schemas/user/default
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
    /// Its enrollment policy, for the form: GET /api/v1/policies/POLICY-ID/rules
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Exit, Failure> {
    let org = Org::read(arguments.schema.as_deref(), arguments.policy.as_deref())?;
    let (settings, mut problems) = common.settings(true)?;
    problems.extend(org.problems.clone());
    problems.extend(settings.unguarded());
    if let Some(oauth) = &settings.auth.oauth {
        problems.extend(issuer(oauth).err());
    }
    let Rules { place, set } = rules(&settings, &Scrutiny { org: Some(&org) });
    match set {
        Ok(rules) if problems.is_empty() => {
            print((summary(&place, &rules) + &notes(&rules, &org)).as_bytes())?;
            return Ok(Exit::Good);
        }
        Ok(_) => {}
        Err(found) => problems.extend(found),
    }
    print(report(&problems).as_bytes())?;
    Ok(Exit::Bad)
}

fn report(problems: &[Problem]) -> String {
    let mut report: String = problems.iter().map(|problem| format!("{problem}\n\n")).collect();
    report.push_str(&counted(problems.len(), "problem"));
    report + "\n"
}

fn summary(place: &str, rules: &RuleSet) -> String {
    let sections =
        rules.hooks.values().flat_map(|hook| hook.registration.iter().chain(&hook.progressive));
    let hooks = counted(rules.hooks.len(), "hook");
    let count = counted(sections.map(|section| rules_of(section).len()).sum(), "rule");
    format!("{place}: {hooks}, {count}, no problems (revision {})\n", rules.revision)
}

/// What is no problem and may still surprise.
fn notes(rules: &RuleSet, org: &Org) -> String {
    let mut notes = String::new();
    for (name, hook) in &rules.hooks {
        for (section, called, registration) in [
            (&hook.registration, "self_service_registration", true),
            (&hook.progressive, "progressive_profile", false),
        ] {
            for note in section.iter().flat_map(|section| of_section(section, registration, org)) {
                notes.push_str(&format!("note: `{name}`, `{called}`: {note}\n"));
            }
        }
    }
    notes
}

fn of_section(section: &Section, registration: bool, org: &Org) -> Vec<String> {
    let rules = rules_of(section);
    let judged: BTreeSet<_> = rules.iter().flat_map(|rule| rule.attributes()).collect();
    let written = section.set.iter().map(|set| &set.attribute).chain(&section.update);
    let named: BTreeSet<_> = written.map(String::as_str).chain(judged.iter().copied()).collect();
    let mut notes: Vec<_> = named.iter().filter_map(|name| org.slip(name)).collect();
    // What keeps a rule from holding is a problem; here it is optional.
    notes.extend(judged.iter().filter_map(|name| org.judged(name, registration, false)));
    if !rules.is_empty() && rules.iter().all(|rule| rule.shadow || !rule.when.is_empty()) {
        notes.push("no rule always counts (each is shadow or has `when`), so some requests are allowed unjudged".to_owned());
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

/// The rules; none where the section says itself that it asks nothing.
fn rules_of(section: &Section) -> Vec<&Rule> {
    match &section.policy {
        Policy::AllowAll => Vec::new(),
        Policy::Rules(rules) => rules.iter().collect(),
    }
}
