//! How an answer came about, as JSON for the page.

use serde::Serialize;

use crate::{
    okta::DecisionKind,
    pipeline::HookAnswer,
    rule::{
        Hook, LookupVerdict, SetOutcome, Verdict,
        lookup::{LookupOutcome, LookupResults},
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
    /// Why the request is decided, if not by a rule.
    note: Option<String>,
    /// Okta's action, to follow the word "Okta".
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
    /// The alternative that was taken, to follow the name: `, branch 2`. Empty if there is only one.
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
            rules: explain_rules(&answer.verdicts),
            lookups: explain_lookups(&answer.lookups, results),
            sets: explain_sets(hook, answer),
            note: note(hook, answer),
            okta: match answer.decision {
                DecisionKind::Allow => flow.after_allow,
                DecisionKind::Update => "sets the attributes of the answer and goes on",
                DecisionKind::Deny => flow.after_deny,
            },
        }
    }
}

fn explain_rules<'a>(verdicts: &[Verdict<'a>]) -> Vec<ExplainedRule<'a>> {
    let mut explained = Vec::new();
    for Verdict { rule, outcome } in verdicts {
        explained.push(ExplainedRule {
            id: &rule.id,
            mode: rule.mode(),
            outcome: outcome.as_str(),
            why: outcome.why(),
        });
    }
    explained
}

fn explain_lookups<'a>(
    verdicts: &[LookupVerdict<'a>],
    results: &LookupResults,
) -> Vec<ExplainedLookup<'a>> {
    let mut explained = Vec::new();
    for verdict in verdicts {
        explained.push(ExplainedLookup {
            name: &verdict.lookup.name.value,
            outcome: verdict.outcome.as_str(),
            why: verdict.why(results),
        });
    }
    explained
}

/// The attributes that the section sets. A denial sets none.
fn explain_sets<'a>(hook: &'a Hook, answer: &HookAnswer<'a, '_>) -> Vec<ExplainedSet<'a>> {
    let mut explained = Vec::new();
    let Some(section) = hook.section(answer.flow) else {
        return explained;
    };
    if answer.decision == DecisionKind::Deny {
        return explained;
    }
    for set in &section.set {
        let attribute = &set.attribute.value;
        let mut explained_set =
            ExplainedSet { attribute, alternative: String::new(), why_not: None };
        if let Some(SetOutcome { alternative, result, .. }) = answer.set_outcome(attribute) {
            explained_set.alternative = alternative.to_string();
            explained_set.why_not = result.as_ref().err().map(ToString::to_string);
        }
        explained.push(explained_set);
    }
    explained
}

/// Why the request is decided, if not by a rule.
fn note(hook: &Hook, answer: &HookAnswer<'_, '_>) -> Option<String> {
    let note = if !answer.has_section {
        "The hook has no section for such requests, so it denies them."
    } else if answer.too_large {
        "The answer would be too large for Okta, so the request is denied."
    } else if answer.lacks_event_id() {
        "An identifier is made from `eventId`, which is missing."
    } else if answer.verdicts.is_empty() && answer.decision != DecisionKind::Deny {
        "The section has no rules: it says `allow_all`."
    } else {
        return note_on_lookups(hook, answer);
    };
    Some(note.to_owned())
}

/// Names the failed lookups that deny because `set` needs them. Returns `None` if they do not decide.
fn note_on_lookups(hook: &Hook, answer: &HookAnswer<'_, '_>) -> Option<String> {
    if answer.decision != DecisionKind::Deny || answer.verdicts.iter().any(Verdict::denies) {
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
