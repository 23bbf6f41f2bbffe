//! How the decision about a request changes.

use std::{collections::BTreeMap, fmt};

use crate::{
    okta::{DecisionKind, reply::HookReply, response::SIZE_LIMIT},
    pipeline::{self, HookAnswer},
    problem::with_commas,
    user_view::{self, ReplyDecision},
};

/// The decisions of two answers to the same request.
pub(super) struct DecisionChange {
    /// `None` if no answer was recorded.
    pub(super) before: Option<AnswerDecision>,
    pub(super) after: AnswerDecision,
}

/// The decision that Okta reads from an answer, and the rules that led to it.
pub(super) struct AnswerDecision {
    pub(super) decision: ReplyDecision,
    /// The rules that deny. Empty if the rules are not known.
    pub(super) denied_by: Vec<String>,
}

impl AnswerDecision {
    /// The decision of any hook's answer. The rules that led to it are not known.
    pub(super) fn of_any_hook(decision: ReplyDecision) -> Self {
        Self { decision, denied_by: Vec::new() }
    }

    /// The decision of an answer by our rules.
    pub(super) fn of_answer(answer: &HookAnswer<'_, '_>) -> Self {
        Self {
            decision: ReplyDecision::Decision(answer.decision),
            denied_by: denying_rules(answer),
        }
    }

    /// The name of the decision in a report for programs, if there is one.
    pub(super) fn name(&self) -> Option<&'static str> {
        match self.decision {
            ReplyDecision::Decision(decision) => Some(decision.as_str()),
            ReplyDecision::Failed => Some("failed"),
            ReplyDecision::Unclear => None,
        }
    }
}

/// Writes the decision and the rules that deny, such as "deny by `okta-email` and `employee-number`".
impl fmt::Display for AnswerDecision {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.decision {
            ReplyDecision::Decision(decision) => out.write_str(decision.as_str())?,
            ReplyDecision::Failed => out.write_str("a failed call")?,
            ReplyDecision::Unclear => out.write_str("no clear decision")?,
        }
        for (index, rule) in self.denied_by.iter().enumerate() {
            let word = if index == 0 { "by" } else { "and" };
            write!(out, " {word} `{rule}`")?;
        }
        Ok(())
    }
}

/// The enforced rules that fail.
pub(in crate::cli) fn denying_rules(answer: &HookAnswer<'_, '_>) -> Vec<String> {
    let mut rules = Vec::new();
    for verdict in &answer.verdicts {
        if verdict.denies() {
            rules.push(verdict.rule.id.clone());
        }
    }
    rules
}

/// The decision of a recorded answer to this request, as Okta takes it.
pub(in crate::cli) fn recorded_decision(request: &[u8], recorded: &[u8]) -> ReplyDecision {
    if recorded.len() < SIZE_LIMIT {
        return answered_decision(request, recorded);
    }
    // Okta's limit is for the answer as it was sent, without the white space that recording adds.
    match serde_json::from_slice::<serde_json::Value>(recorded) {
        Ok(json) => answered_decision(request, json.to_string().as_bytes()),
        Err(_) => ReplyDecision::Failed,
    }
}

/// The decision of an answer with status 200 to this request, as Okta takes it.
pub(super) fn answered_decision(request: &[u8], body: &[u8]) -> ReplyDecision {
    match pipeline::decode(request) {
        Ok(request) => user_view::decision(HookReply::Answered { status: 200, body }, request.flow),
        Err(_) => ReplyDecision::Unclear,
    }
}

impl DecisionChange {
    /// Whether the decision itself changes, and not only its texts or values. `false` if no answer was recorded.
    pub(super) fn changes_decision(&self) -> bool {
        match &self.before {
            Some(before) => before.decision != self.after.decision,
            None => false,
        }
    }

    fn is_from_to(&self, from: DecisionKind, to: DecisionKind) -> bool {
        let Some(before) = &self.before else {
            return false;
        };
        before.decision == ReplyDecision::Decision(from)
            && self.after.decision == ReplyDecision::Decision(to)
    }

    /// The kind of change. Changes of one kind are counted together.
    fn kind(&self) -> String {
        match &self.before {
            None => "new".to_owned(),
            Some(before) if before.decision != self.after.decision => {
                format!("from {before} to {}", self.after)
            }
            Some(_) => kind_of_same_decision(self.after.decision).to_owned(),
        }
    }
}

impl fmt::Display for DecisionChange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { before, after } = self;
        match before {
            None => write!(out, "new: {after}"),
            Some(before) if before.decision != after.decision => write!(out, "{before} → {after}"),
            Some(_) => out.write_str(kind_of_same_decision(after.decision)),
        }
    }
}

/// The kind of a change that leaves the decision as it was.
fn kind_of_same_decision(decision: ReplyDecision) -> &'static str {
    match decision {
        ReplyDecision::Decision(DecisionKind::Allow) => "allowed, written differently",
        ReplyDecision::Decision(DecisionKind::Update) => "updated with other values",
        ReplyDecision::Decision(DecisionKind::Deny) => "denied with other texts or causes",
        ReplyDecision::Failed => "a failed call as before, written differently",
        ReplyDecision::Unclear => "without a clear decision, written differently",
    }
}

/// Counts the changes of each kind, such as "3 from allow to deny by `okta-email`, 0 from deny to allow".
pub(super) fn count_changes(changes: &[&DecisionChange]) -> String {
    let mut decision_changes: BTreeMap<String, usize> = BTreeMap::new();
    let mut other_changes: BTreeMap<String, usize> = BTreeMap::new();
    for change in changes {
        let counts =
            if change.changes_decision() { &mut decision_changes } else { &mut other_changes };
        *counts.entry(change.kind()).or_default() += 1;
    }
    // Readers look for these two kinds, so a kind without changes is listed as 0.
    for (from, to) in
        [(DecisionKind::Allow, DecisionKind::Deny), (DecisionKind::Deny, DecisionKind::Allow)]
    {
        if !changes.iter().any(|change| change.is_from_to(from, to)) {
            decision_changes.insert(format!("from {} to {}", from.as_str(), to.as_str()), 0);
        }
    }
    let mut parts = Vec::new();
    for counts in [decision_changes, other_changes] {
        for (kind, count) in counts {
            parts.push(format!("{} {kind}", with_commas(count)));
        }
    }
    parts.join(", ")
}
