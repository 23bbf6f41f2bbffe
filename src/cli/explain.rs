//! Explanations for people: of an answer by its rules, and of any hook's reply.

use std::fmt::Write as _;

use crate::{
    okta::DecisionKind,
    pipeline::HookAnswer,
    rule::{Hook, SetOutcome, Verdict, lookup::LookupResults},
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
    // Writing to memory cannot fail.
    for Verdict { rule, outcome } in &answer.verdicts {
        let shadow = if rule.shadow { " (shadow: does not decide)" } else { "" };
        let why = after_colon(outcome.why());
        let _ = writeln!(text, "  {}  {}{shadow}{why}", outcome.as_str(), rule.id);
    }
    for verdict in &answer.lookups {
        let name = &verdict.lookup.name.value;
        let why = after_colon(verdict.why(lookups));
        let _ = writeln!(text, "  lookup {name}: {}{why}", verdict.outcome.as_str());
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
    let Some(section) = hook.section(answer.flow) else {
        return;
    };
    for set in &section.set {
        let attribute = &set.attribute.value;
        let mut taken = String::new();
        if let Some(SetOutcome { alternative, result, .. }) = answer.set_outcome(attribute) {
            if let Err(why) = result {
                let _ = writeln!(text, "  leave {attribute}{alternative}: {why}");
                continue;
            }
            taken = alternative.to_string();
        }
        // A denial sets no attribute.
        if answer.decision != DecisionKind::Deny {
            let _ = writeln!(text, "  set   {attribute}{taken}");
        }
    }
}

/// The reason after a colon, or an empty text without one.
fn after_colon(why: Option<String>) -> String {
    match why {
        Some(why) => format!(": {why}"),
        None => String::new(),
    }
}
