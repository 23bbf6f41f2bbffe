//! How the decision about a request changes.

use std::{collections::BTreeMap, fmt};

use crate::{
    cli::fixtures::Case,
    okta::{DecisionKind, reply::HookReply, response::SIZE_LIMIT},
    pipeline::{self, HookAnswer},
    problem::{Problem, with_commas},
    rule::{Outcome, RuleSet},
    user_view::{self, ReplyDecision},
};

/// A decision, and the rules that led to it.
#[derive(Clone)]
pub(in crate::cli) struct Judged {
    pub(in crate::cli) decision: DecisionKind,
    /// The enforced rules that fail. Empty for an answer whose rules are not known.
    pub(in crate::cli) rules: Vec<String>,
}

/// Two decisions about the same request.
pub(super) struct DecisionChange {
    pub(super) before: AnswerDecision,
    pub(super) after: AnswerDecision,
}

/// The decision of an answer.
pub(super) enum AnswerDecision {
    /// There is no answer.
    NoAnswer,
    /// Okta treats the call as failed, and denies.
    Failed,
    /// Okta does not document its action.
    Unclear,
    Decision(Judged),
}

impl AnswerDecision {
    /// The decision of any hook's answer. The rules that led to it are not known.
    pub(super) fn of_any_hook(decision: ReplyDecision) -> Self {
        match decision {
            ReplyDecision::Decision(decision) => {
                Self::Decision(Judged { decision, rules: Vec::new() })
            }
            ReplyDecision::Failed => Self::Failed,
            ReplyDecision::Unclear => Self::Unclear,
        }
    }

    /// The decision itself, if there is one.
    pub(super) fn decision(&self) -> Option<DecisionKind> {
        match self {
            Self::Decision(judged) => Some(judged.decision),
            Self::NoAnswer | Self::Failed | Self::Unclear => None,
        }
    }

    /// The name of the decision in a report for programs, if there is one.
    pub(super) fn name(&self) -> Option<&'static str> {
        match self {
            Self::Decision(judged) => Some(judged.decision.as_str()),
            Self::Failed => Some("failed"),
            Self::NoAnswer | Self::Unclear => None,
        }
    }

    /// The decision that Okta reads from the answer. Returns `None` if there is no answer.
    fn reply_decision(&self) -> Option<ReplyDecision> {
        match self {
            Self::NoAnswer => None,
            Self::Failed => Some(ReplyDecision::Failed),
            Self::Unclear => Some(ReplyDecision::Unclear),
            Self::Decision(judged) => Some(ReplyDecision::Decision(judged.decision)),
        }
    }

    /// The rules that deny, as far as they are known.
    pub(super) fn rules(&self) -> &[String] {
        match self {
            Self::Decision(judged) => &judged.rules,
            Self::NoAnswer | Self::Failed | Self::Unclear => &[],
        }
    }
}

impl fmt::Display for AnswerDecision {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer => out.write_str("no answer"),
            Self::Failed => out.write_str("a failed call"),
            Self::Unclear => out.write_str("no clear decision"),
            Self::Decision(judged) => judged.fmt(out),
        }
    }
}

impl Judged {
    /// The decision of the present rules about a recorded request.
    pub(in crate::cli) fn of_case(case: &Case, rules: &RuleSet) -> Result<Self, Problem> {
        let request = case.read_request()?;
        Ok(Self::of_answer(&case.answer(rules, &request)?))
    }

    pub(super) fn of_answer(answer: &HookAnswer<'_, '_>) -> Self {
        let mut rules = Vec::new();
        for verdict in &answer.verdicts {
            if matches!(verdict.outcome, Outcome::Fail(_)) && !verdict.rule.shadow {
                rules.push(verdict.rule.id.clone());
            }
        }
        Self { decision: answer.decision, rules }
    }
}

/// The decision of a recorded answer to this request, as Okta takes it.
pub(in crate::cli) fn recorded_decision(request: &[u8], recorded: &[u8]) -> ReplyDecision {
    if recorded.len() < SIZE_LIMIT {
        return answered_decision(request, recorded);
    }
    // The size counts without the white space that a recorded answer has.
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

impl fmt::Display for Judged {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.decision.as_str())?;
        for (index, rule) in self.rules.iter().enumerate() {
            let before = if index == 0 { "by" } else { "and" };
            write!(out, " {before} `{rule}`")?;
        }
        Ok(())
    }
}

impl DecisionChange {
    /// Whether the decision itself changes, and not only its texts or values.
    pub(super) fn changes_decision(&self) -> bool {
        let is_new = matches!(self.before, AnswerDecision::NoAnswer);
        !is_new && self.before.reply_decision() != self.after.reply_decision()
    }

    fn is_from_to(&self, from: DecisionKind, to: DecisionKind) -> bool {
        self.before.decision() == Some(from) && self.after.decision() == Some(to)
    }

    /// The kind of change. Changes of one kind are counted together.
    fn kind(&self) -> String {
        if self.changes_decision() {
            return format!("from {} to {}", self.before, self.after);
        }
        if matches!(self.before, AnswerDecision::NoAnswer) {
            return "new".to_owned();
        }
        let kind = match self.after.reply_decision() {
            Some(ReplyDecision::Decision(DecisionKind::Allow)) => "allowed, written differently",
            Some(ReplyDecision::Decision(DecisionKind::Update)) => "updated with other values",
            Some(ReplyDecision::Decision(DecisionKind::Deny)) => {
                "denied with other texts or causes"
            }
            Some(ReplyDecision::Failed) => "a failed call as before, written differently",
            Some(ReplyDecision::Unclear) | None => "without a clear decision, written differently",
        };
        kind.to_owned()
    }
}

impl fmt::Display for DecisionChange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { before, after } = self;
        if self.changes_decision() {
            return write!(out, "{before} → {after}");
        }
        match before {
            AnswerDecision::NoAnswer => write!(out, "new: {after}"),
            _ => out.write_str(&self.kind()),
        }
    }
}

/// Counts the changes of each kind: `3 from allow to deny by …, 0 from deny to allow`.
pub(super) fn count_changes(changes: &[&DecisionChange]) -> String {
    let mut decision_changes: BTreeMap<String, usize> = BTreeMap::new();
    let mut other_changes: BTreeMap<String, usize> = BTreeMap::new();
    for change in changes {
        let counts =
            if change.changes_decision() { &mut decision_changes } else { &mut other_changes };
        *counts.entry(change.kind()).or_default() += 1;
    }
    // A reader looks for these two kinds, so they are listed even if there are none.
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
