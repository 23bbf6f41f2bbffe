//! Explanations for people: how our rules led to an answer, and what any hook's reply causes.

use std::fmt::Write as _;

use crate::explained::{Explained, ExplainedLookup, ExplainedRule, ExplainedSet};

mod reply;

pub(super) use reply::reply;

/// Explains an answer of this hook: each rule's outcome, each lookup, and whether each attribute is set.
pub(super) fn answer(hook: &str, explained: &Explained<'_>, revision: &str) -> String {
    let Explained { flow, rules, lookups, sets, note, .. } = explained;
    let mut text = format!("{hook}, {flow}, rules {revision}\n");
    for ExplainedRule { id, mode, outcome, why } in rules {
        let shadow = if *mode == "shadow" { " (shadow: does not decide)" } else { "" };
        // Writing to memory cannot fail.
        let _ = writeln!(text, "  {outcome}  {id}{shadow}{}", after_colon(why.as_deref()));
    }
    for ExplainedLookup { name, outcome, why } in lookups {
        let _ = writeln!(text, "  lookup {name}: {outcome}{}", after_colon(why.as_deref()));
    }
    if let Some(note) = note {
        let _ = writeln!(text, "  {note}");
    }
    for ExplainedSet { attribute, alternative, why_not } in sets {
        let word = if why_not.is_some() { "leave" } else { "set  " };
        let why = after_colon(why_not.as_deref());
        let _ = writeln!(text, "  {word} {attribute}{alternative}{why}");
    }
    text
}

/// The reason after a colon, or an empty text without one.
fn after_colon(why: Option<&str>) -> String {
    match why {
        Some(why) => format!(": {why}"),
        None => String::new(),
    }
}
