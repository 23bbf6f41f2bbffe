//! How the decisions about a request differ.

use std::{collections::BTreeMap, fmt};

use crate::{
    okta::{
        DecisionKind, Flow,
        reply::{HookReply, ReceivedCommand, ReplyContent},
    },
    pipeline::HookAnswer,
    problem::with_commas,
    rule::Outcome,
};

/// A decision, and the rules that led to it.
#[derive(Clone)]
pub(super) struct Judged {
    pub(super) decision: DecisionKind,
    /// The enforced rules that fail. Empty where they are not known.
    pub(super) rules: Vec<String>,
}

/// Two decisions about the same request.
pub(super) struct DecisionTurn {
    /// `None` if there is no earlier one.
    pub(super) before: Option<Judged>,
    pub(super) after: Judged,
}

impl Judged {
    pub(super) fn of_answer(answer: &HookAnswer<'_, '_>) -> Self {
        let mut rules = Vec::new();
        for verdict in &answer.verdicts {
            if matches!(verdict.outcome, Outcome::Fail(_)) && !verdict.rule.shadow {
                rules.push(verdict.rule.id.clone());
            }
        }
        Self { decision: answer.decision, rules }
    }

    /// The decision of any hook's answer with status 200, as Okta takes it. Returns `None` if Okta treats it as a
    /// failure.
    pub(super) fn of_json(json: &[u8]) -> Option<Self> {
        let ReplyContent::Answer(answer) = HookReply::Answered { status: 200, body: json }.read()
        else {
            return None;
        };
        let mut decision = DecisionKind::Allow;
        // The update of any flow counts, so the flow does not matter.
        for command in answer.commands(Flow::SelfServiceRegistration) {
            match command {
                ReceivedCommand::Deny => decision = DecisionKind::Deny,
                ReceivedCommand::Update | ReceivedCommand::UpdateOfOtherFlow
                    if decision == DecisionKind::Allow =>
                {
                    decision = DecisionKind::Update;
                }
                _ => {}
            }
        }
        if answer.error().is_some() {
            decision = DecisionKind::Deny;
        }
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

impl DecisionTurn {
    /// Whether the decision itself differs.
    pub(super) fn is_turned(&self) -> bool {
        self.before.as_ref().is_some_and(|before| before.decision != self.after.decision)
    }

    /// How it is counted: turns with the same text are of one kind.
    fn kind(&self) -> String {
        match &self.before {
            None => "new".to_owned(),
            Some(before) if self.is_turned() => format!("from {before} to {}", self.after),
            Some(_) => match self.after.decision {
                DecisionKind::Allow => "allowed, written differently".to_owned(),
                DecisionKind::Update => "updated with other values".to_owned(),
                DecisionKind::Deny => "denied with other texts or causes".to_owned(),
            },
        }
    }
}

impl fmt::Display for DecisionTurn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.before {
            None => write!(out, "new: {}", self.after),
            Some(before) if self.is_turned() => write!(out, "{before} → {}", self.after),
            Some(_) => out.write_str(&self.kind()),
        }
    }
}

/// Counts the turns of each kind: `3 from allow to deny by …, 0 from deny to allow`.
pub(super) fn count_turns<'t>(turns: impl Iterator<Item = &'t DecisionTurn>) -> String {
    let mut turned: BTreeMap<String, usize> = BTreeMap::new();
    let mut others: BTreeMap<String, usize> = BTreeMap::new();
    for turn in turns {
        let counts = if turn.is_turned() { &mut turned } else { &mut others };
        *counts.entry(turn.kind()).or_default() += 1;
    }
    // These two are what a reader looks for, also if there are none.
    for (from, to) in [("allow", "deny"), ("deny", "allow")] {
        let has_any = turned.keys().any(|kind| {
            kind.starts_with(&format!("from {from}")) && kind.contains(&format!(" to {to}"))
        });
        if !has_any {
            turned.insert(format!("from {from} to {to}"), 0);
        }
    }
    let mut parts = Vec::new();
    for (kind, count) in turned.iter().chain(&others) {
        parts.push(format!("{} {kind}", with_commas(*count)));
    }
    parts.join(", ")
}
