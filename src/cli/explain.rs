//! Explanations for people: of an answer by its rules, and of any hook's reply.

use std::fmt::Write as _;

use crate::{
    okta::DecisionKind,
    pipeline::HookAnswer,
    rule::{
        Hook, LookupVerdict, Outcome, SetOutcome, Verdict,
        lookup::{LookupOutcome, LookupResult, LookupResults},
    },
};

mod reply;

pub(super) use reply::reply;

/// Explains each rule's outcome, each lookup, and whether each attribute is set.
pub(super) fn rules(
    name: &str,
    hook: &Hook,
    answer: &HookAnswer<'_, '_>,
    lookups: &LookupResults,
    revision: &str,
) -> String {
    let mut text = format!("{name}, {}, rules {revision}\n", answer.flow.spec().name);
    for Verdict { rule, outcome } in &answer.verdicts {
        let shadow = if rule.shadow { " (shadow: does not decide)" } else { "" };
        let why = match why_of_rule(outcome) {
            Some(why) => format!(": {why}"),
            None => String::new(),
        };
        let _ = writeln!(text, "  {}  {}{shadow}{why}", outcome.as_str(), rule.id);
    }
    for LookupVerdict { lookup, outcome } in &answer.lookups {
        let name = &lookup.name.value;
        let why = match (outcome, lookups.get(name)) {
            (LookupOutcome::NotAsked(why), _) => format!(": {why}"),
            (LookupOutcome::Failed, Some(LookupResult::Failed(why))) => format!(": {why}"),
            _ => String::new(),
        };
        // Writing to memory cannot fail.
        let _ = writeln!(text, "  lookup {name}: {}{why}", outcome.as_str());
    }
    if !answer.has_section {
        text.push_str("  the hook has no section for such requests\n");
    } else if answer.verdicts.is_empty() {
        text.push_str("  no rules: the section has `allow_all`\n");
    }
    explain_sets(hook, answer, &mut text);
    text
}

/// Explains whether each attribute of `set` is set.
fn explain_sets(hook: &Hook, answer: &HookAnswer<'_, '_>, text: &mut String) {
    let is_denied = answer.decision == DecisionKind::Deny;
    let Some(section) = hook.section(answer.flow) else {
        return;
    };
    for set in &section.set {
        let attribute = &set.attribute.value;
        let outcome = answer.sets.iter().find(|outcome| outcome.set.attribute.value == *attribute);
        *text += &match outcome {
            Some(SetOutcome { alternative, result: Err(why), .. }) => {
                format!("  leave {attribute}{alternative}: {why}\n")
            }
            // A denial sets no attribute.
            _ if is_denied => continue,
            Some(SetOutcome { alternative, result: Ok(()), .. }) => {
                format!("  set   {attribute}{alternative}\n")
            }
            None => format!("  set   {attribute}\n"),
        };
    }
}

/// Why a rule fails or does not count.
pub(super) fn why_of_rule(outcome: &Outcome<'_>) -> Option<String> {
    match outcome {
        Outcome::Pass => None,
        Outcome::Fail(unmet) => Some(unmet.to_string()),
        Outcome::Skip(why) => Some(why.to_string()),
    }
}
