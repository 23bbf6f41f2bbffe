//! How the decision about a request changes.

use std::{collections::BTreeMap, fmt};

use crate::{
    cli::fixtures::Case,
    okta::{
        DecisionKind, Flow,
        reply::{HookReply, ReceivedCommand, ReplyContent},
    },
    pipeline::HookAnswer,
    problem::{Problem, with_commas},
    rule::{Outcome, RuleSet},
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
    pub(super) before: DecisionBefore,
    pub(super) after: Judged,
}

/// The decision before a change.
pub(super) enum DecisionBefore {
    /// There was no answer.
    None,
    /// There was an answer that Okta treats as a failure.
    Unreadable,
    Decision(Judged),
}

impl DecisionBefore {
    /// The decision of a recorded answer.
    pub(super) fn of_json(json: &[u8]) -> Self {
        match Judged::of_json(json) {
            Some(judged) => Self::Decision(judged),
            None => Self::Unreadable,
        }
    }

    /// The kind of the decision, if there was one.
    pub(super) fn decision(&self) -> Option<DecisionKind> {
        match self {
            Self::Decision(judged) => Some(judged.decision),
            Self::None | Self::Unreadable => None,
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

    /// The decision of any hook's answer with status 200, as Okta reads it. Returns `None` if Okta treats the
    /// answer as a failure.
    pub(in crate::cli) fn of_json(json: &[u8]) -> Option<Self> {
        let ReplyContent::Answer(answer) = HookReply::Answered { status: 200, body: json }.read()
        else {
            return None;
        };
        // The update of any flow counts, so the flow does not matter.
        let commands = answer.commands(Flow::SelfServiceRegistration);
        let has_update = commands.contains(&ReceivedCommand::Update)
            || commands.contains(&ReceivedCommand::UpdateOfOtherFlow);
        let decision = if answer.error().is_some() || commands.contains(&ReceivedCommand::Deny) {
            DecisionKind::Deny
        } else if has_update {
            DecisionKind::Update
        } else {
            DecisionKind::Allow
        };
        Some(Self { decision, rules: Vec::new() })
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
        self.before.decision().is_some_and(|before| before != self.after.decision)
    }

    fn is_from_to(&self, from: DecisionKind, to: DecisionKind) -> bool {
        self.before.decision() == Some(from) && self.after.decision == to
    }

    /// The kind of change. Changes of one kind are counted together.
    fn kind(&self) -> String {
        match &self.before {
            DecisionBefore::None => "new".to_owned(),
            DecisionBefore::Unreadable => "with an unreadable answer before".to_owned(),
            DecisionBefore::Decision(before) if self.changes_decision() => {
                format!("from {before} to {}", self.after)
            }
            DecisionBefore::Decision(_) => match self.after.decision {
                DecisionKind::Allow => "allowed, written differently".to_owned(),
                DecisionKind::Update => "updated with other values".to_owned(),
                DecisionKind::Deny => "denied with other texts or causes".to_owned(),
            },
        }
    }
}

impl fmt::Display for DecisionChange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.before {
            DecisionBefore::None => write!(out, "new: {}", self.after),
            DecisionBefore::Unreadable => write!(out, "unreadable → {}", self.after),
            DecisionBefore::Decision(before) if self.changes_decision() => {
                write!(out, "{before} → {}", self.after)
            }
            DecisionBefore::Decision(_) => out.write_str(&self.kind()),
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
