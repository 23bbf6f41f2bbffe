//! How an answer came about, as JSON for the page.

use serde::Serialize;

use crate::{
    okta::DecisionKind,
    pipeline::HookAnswer,
    rule::{
        Hook, LookupVerdict, Outcome, SetOutcome, Verdict,
        lookup::{LookupOutcome, LookupResult, LookupResults},
    },
};

/// How an answer came about.
#[derive(Serialize)]
pub(super) struct Explained<'a> {
    decision: &'static str,
    /// The name of the flow.
    flow: &'static str,
    rules: Vec<ExplainedRule<'a>>,
    lookups: Vec<ExplainedLookup<'a>>,
    sets: Vec<ExplainedSet<'a>>,
    /// Why no rule decides, if none does.
    note: Option<String>,
    /// Completes "Okta …".
    okta: &'static str,
}

#[derive(Serialize)]
struct ExplainedRule<'a> {
    id: &'a str,
    mode: &'static str,
    outcome: &'static str,
    why: Option<String>,
}

#[derive(Serialize)]
struct ExplainedLookup<'a> {
    name: &'a str,
    outcome: &'static str,
    why: Option<String>,
}

#[derive(Serialize)]
struct ExplainedSet<'a> {
    attribute: &'a str,
    /// Which of several alternatives was taken: `, branch 2`.
    alternative: String,
    /// Why the attribute is not set.
    why_not: Option<String>,
}

impl<'a> Explained<'a> {
    pub(super) fn new(
        hook: &'a Hook,
        answer: &HookAnswer<'a, '_>,
        results: &LookupResults,
    ) -> Self {
        let flow = answer.flow.spec();
        Self {
            decision: answer.decision.as_str(),
            flow: flow.name,
            rules: rules(&answer.verdicts),
            lookups: lookups(&answer.lookups, results),
            sets: sets(hook, answer),
            note: note(hook, answer),
            okta: match answer.decision {
                DecisionKind::Allow => flow.after_allow,
                DecisionKind::Update => "sets the attributes of the answer and goes on",
                DecisionKind::Deny => flow.after_deny,
            },
        }
    }
}

fn rules<'a>(verdicts: &[Verdict<'a>]) -> Vec<ExplainedRule<'a>> {
    let mut explained = Vec::new();
    for Verdict { rule, outcome } in verdicts {
        let why = match outcome {
            Outcome::Pass => None,
            Outcome::Fail(unmet) => Some(unmet.to_string()),
            Outcome::Skip(why) => Some(why.to_string()),
        };
        explained.push(ExplainedRule {
            id: &rule.id,
            mode: rule.mode(),
            outcome: outcome.as_str(),
            why,
        });
    }
    explained
}

fn lookups<'a>(
    verdicts: &[LookupVerdict<'a>],
    results: &LookupResults,
) -> Vec<ExplainedLookup<'a>> {
    let mut explained = Vec::new();
    for LookupVerdict { lookup, outcome } in verdicts {
        let name = &lookup.name.value;
        let why = match (outcome, results.get(name)) {
            (LookupOutcome::NotAsked(why), _) => Some(why.to_string()),
            (LookupOutcome::Failed, Some(LookupResult::Failed(why))) => Some(why.to_string()),
            _ => None,
        };
        explained.push(ExplainedLookup { name, outcome: outcome.as_str(), why });
    }
    explained
}

/// The attributes that the section sets. A denial sets none.
fn sets<'a>(hook: &'a Hook, answer: &HookAnswer<'a, '_>) -> Vec<ExplainedSet<'a>> {
    let mut explained = Vec::new();
    let Some(section) = hook.section(answer.flow) else {
        return explained;
    };
    if answer.decision == DecisionKind::Deny {
        return explained;
    }
    for set in &section.set {
        let attribute = &set.attribute.value;
        let mut outcomes = answer.sets.iter();
        let found = outcomes.find(|outcome| outcome.set.attribute.value == *attribute);
        explained.push(match found {
            Some(SetOutcome { alternative, result, .. }) => ExplainedSet {
                attribute,
                alternative: alternative.to_string(),
                why_not: result.as_ref().err().map(ToString::to_string),
            },
            None => ExplainedSet { attribute, alternative: String::new(), why_not: None },
        });
    }
    explained
}

/// Why no rule decides, if none does.
fn note(hook: &Hook, answer: &HookAnswer<'_, '_>) -> Option<String> {
    let note = if !answer.has_section {
        "The hook has no section for such requests, so it denies them."
    } else if answer.too_large {
        "The answer would be too large for Okta, so the request is denied."
    } else if answer.lacks_event_id() {
        "An identifier is made from `eventId`, which is missing."
    } else if answer.decision == DecisionKind::Deny {
        return note_on_lookups(hook, answer);
    } else if answer.verdicts.is_empty() {
        "The section has no rules: it says `allow_all`."
    } else {
        return None;
    };
    Some(note.to_owned())
}

/// The failed lookups that deny because `set` needs them. `None` if a rule denies.
fn note_on_lookups(hook: &Hook, answer: &HookAnswer<'_, '_>) -> Option<String> {
    if answer.verdicts.iter().any(Verdict::denies) {
        return None;
    }
    let section = hook.section(answer.flow)?;
    let mut sentences = Vec::new();
    for LookupVerdict { lookup, outcome } in &answer.lookups {
        let name = &lookup.name.value;
        let is_needed = section.set.iter().any(|set| set.lookups.contains(name));
        if is_needed && matches!(outcome, LookupOutcome::Failed) {
            sentences.push(format!("The lookup `{name}` failed, and an attribute needs it."));
        }
    }
    Some(sentences.join(" "))
}
