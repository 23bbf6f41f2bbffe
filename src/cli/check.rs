//! `check`: loads settings and rules, tries every rule's examples, prints every problem.

use super::{Common, Exit, Failure, Rules, print, rules};
use crate::{
    credentials::issuer,
    problem::Problem,
    rule::{Policy, RuleSet, Section},
    server::Certificate,
};

pub(super) fn run(common: &Common) -> Result<Exit, Failure> {
    let (settings, mut problems) = common.settings(true)?;
    problems.extend(settings.unguarded());
    if let Some(oauth) = &settings.auth.oauth {
        problems.extend(issuer(oauth).err());
    }
    if let Some(files) = &settings.server.tls {
        problems.extend(Certificate::read(files).err());
    }
    let Rules { place, set, .. } = rules(&settings);
    match set {
        Ok(rules) if problems.is_empty() => {
            print((summary(&place, &rules) + &notes(&rules)).as_bytes())?;
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
    let count = counted(sections.map(rule_count).sum(), "rule");
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
    match &section.policy {
        // It says so itself.
        Policy::AllowAll => false,
        Policy::Rules(rules) => rules.iter().all(|rule| rule.shadow || !rule.when.is_empty()),
    }
}

fn counted(count: usize, what: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {what}{ending}")
}

fn rule_count(section: &Section) -> usize {
    match &section.policy {
        Policy::AllowAll => 0,
        Policy::Rules(rules) => rules.iter().count(),
    }
}
