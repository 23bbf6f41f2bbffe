//! How an answer came about, for `eval --explain`, `eval --format json` and the preview page.

use serde::{Serialize, Serializer};

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
pub(crate) struct Explained<'a> {
    pub(crate) decision: &'static str,
    /// The name of the flow.
    pub(crate) flow: &'static str,
    pub(crate) rules: Vec<ExplainedRule<'a>>,
    pub(crate) lookups: Vec<ExplainedLookup<'a>>,
    pub(crate) sets: Vec<ExplainedSet<'a>>,
    /// The reason for the decision, if no rule is the reason. In JSON, it has a capital letter and a full
    /// stop.
    #[serde(serialize_with = "write_sentence")]
    pub(crate) note: Option<String>,
    /// Okta's reaction to the answer, to follow the word "Okta".
    pub(crate) okta: &'static str,
}

#[derive(Serialize)]
pub(crate) struct ExplainedRule<'a> {
    pub(crate) id: &'a str,
    pub(crate) mode: &'static str,
    pub(crate) outcome: &'static str,
    pub(crate) why: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct ExplainedLookup<'a> {
    pub(crate) name: &'a str,
    pub(crate) outcome: &'static str,
    pub(crate) why: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct ExplainedSet<'a> {
    pub(crate) attribute: &'a str,
    /// The alternative that was taken, to follow the attribute's name: `, branch 2`. Empty if the recipe of the
    /// value has no alternatives, or none was taken.
    pub(crate) alternative: String,
    /// Why the attribute is not set.
    pub(crate) why_not: Option<String>,
}

impl<'a> Explained<'a> {
    pub(crate) fn new(
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

/// The attributes that the section sets, or cannot set. A denial sets no attribute, so its explanation lists only
/// those that cannot be set.
fn explain_sets<'a>(hook: &'a Hook, answer: &HookAnswer<'a, '_>) -> Vec<ExplainedSet<'a>> {
    let mut explained = Vec::new();
    let Some(section) = hook.section(answer.flow) else {
        return explained;
    };
    for set in &section.set {
        let attribute = &set.attribute.value;
        let explained_set = explain_set(attribute, answer.set_outcome(attribute));
        let is_denied = answer.decision == DecisionKind::Deny;
        if is_denied && explained_set.why_not.is_none() {
            continue;
        }
        explained.push(explained_set);
    }
    explained
}

/// Explains an attribute of `set`. `None` means that the attribute is set, by a recipe without alternatives.
fn explain_set<'a>(attribute: &'a str, outcome: Option<&SetOutcome<'_>>) -> ExplainedSet<'a> {
    match outcome {
        Some(SetOutcome { alternative, result, .. }) => ExplainedSet {
            attribute,
            alternative: alternative.to_string(),
            why_not: result.as_ref().err().map(ToString::to_string),
        },
        None => ExplainedSet { attribute, alternative: String::new(), why_not: None },
    }
}

/// The reason for the decision, if no rule is the reason.
fn note(hook: &Hook, answer: &HookAnswer<'_, '_>) -> Option<String> {
    let note = if !answer.has_section {
        "the hook has no section for such requests, so it denies them"
    } else if answer.too_large {
        "the answer would be too large for Okta, so the request is denied"
    } else if answer.too_costly {
        "the request takes more work to judge than is allowed, so it is denied"
    } else if answer.lacks_needed_event_id() {
        "an identifier is made from `eventId`, which is missing, so the request is denied"
    } else if answer.decision == DecisionKind::Deny {
        return note_on_failed_lookups(hook, answer);
    } else if answer.verdicts.is_empty() {
        "the section has no rules: it says `allow_all`"
    } else {
        return None;
    };
    Some(note.to_owned())
}

/// Names the failed lookups that deny the request because `set` needs them. Returns `None` if a rule denies.
fn note_on_failed_lookups(hook: &Hook, answer: &HookAnswer<'_, '_>) -> Option<String> {
    if answer.verdicts.iter().any(Verdict::denies) {
        return None;
    }
    let section = hook.section(answer.flow)?;
    let mut notes = Vec::new();
    for LookupVerdict { lookup, outcome } in &answer.lookups {
        let name = &lookup.name.value;
        let is_needed = section.set.iter().any(|set| set.lookups.contains(name));
        if is_needed && matches!(outcome, LookupOutcome::Failed) {
            notes.push(format!("the lookup `{name}` failed, and an attribute needs it"));
        }
    }
    if notes.is_empty() { None } else { Some(notes.join("; ")) }
}

/// Writes a note as a sentence: with a capital letter and a full stop.
fn write_sentence<S: Serializer>(note: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    let Some(note) = note else {
        return serializer.serialize_none();
    };
    let end_of_first_letter = note.ceil_char_boundary(1);
    let (first_letter, rest) = note.split_at(end_of_first_letter);
    serializer.serialize_str(&format!("{}{rest}.", first_letter.to_uppercase()))
}
