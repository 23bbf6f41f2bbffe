//! `check`: loads settings and rules, tries every rule's examples, prints every problem.

use super::{Common, Exit, Failure, print, rules, serves_built_in};
use crate::{
    problem::Problem,
    rule::{Policy, RuleSet, Section},
    settings::LoadError,
};

pub(super) fn run(common: &Common) -> Result<Exit, Failure> {
    let (problems, summary) = match common.settings() {
        Err(LoadError::Unreadable(problem)) => return Err(vec![problem].into()),
        Err(LoadError::Problems(problems)) => (problems, String::new()),
        Ok(settings) => {
            let unguarded = settings.unguarded();
            let place = if serves_built_in(&settings) {
                "built-in rules".to_owned()
            } else {
                format!("rules in `{}`", settings.rules.directory.display())
            };
            match rules(&settings) {
                Ok(rules) => (unguarded.into_iter().collect(), summary(&place, &rules)),
                Err(found) => (unguarded.into_iter().chain(found).collect(), String::new()),
            }
        }
    };
    if problems.is_empty() {
        print(summary.as_bytes())?;
        return Ok(Exit::Good);
    }
    print(report(&problems).as_bytes())?;
    Ok(Exit::Bad)
}

fn report(problems: &[Problem]) -> String {
    let mut report: String = problems.iter().map(|problem| format!("{problem}\n\n")).collect();
    report.push_str(&match problems.len() {
        1 => "1 problem\n".to_owned(),
        count => format!("{count} problems\n"),
    });
    report
}

fn summary(place: &str, rules: &RuleSet) -> String {
    let sections =
        rules.hooks.values().flat_map(|hook| hook.registration.iter().chain(&hook.progressive));
    let count: usize = sections.map(rule_count).sum();
    format!(
        "{place}: {} hooks, {count} rules, no problems (revision {})\n",
        rules.hooks.len(),
        rules.revision
    )
}

fn rule_count(section: &Section) -> usize {
    match &section.policy {
        Policy::AllowAll => 0,
        Policy::Rules(rules) => rules.iter().count(),
    }
}
