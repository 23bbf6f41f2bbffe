//! The facts about a request, and how its answer is counted and logged.

use std::{fmt::Display, time::Instant};

use super::{
    State,
    answer::{Answer, Refusal},
};
use crate::{
    auth::Caller,
    decision_log::{DecisionId, Line, debug_context},
    okta::response,
    pipeline::HookAnswer,
    rule::{RuleSet, Verdict},
};

/// The facts about a request that its log line and its counters need.
pub(super) struct RequestContext<'s> {
    pub(super) state: &'s State,
    /// The rules that were active when the request came.
    pub(super) rules: &'s RuleSet,
    pub(super) started: tokio::time::Instant,
    /// The hook's name, or `none`.
    pub(super) hook: &'s str,
    pub(super) caller: Option<Caller>,
}

impl<'s> RequestContext<'s> {
    pub(super) fn new(state: &'s State, rules: &'s RuleSet) -> Self {
        Self { state, rules, started: Instant::now().into(), hook: "none", caller: None }
    }

    /// Counts and logs a refusal, and returns the answer that tells the caller.
    pub(super) fn refuse(&self, refusal: Refusal) -> Answer {
        if let Refusal::Credentials(reason) = refusal {
            let reason = reason.as_str();
            self.state.warnings.warn(reason, || format!("refused a caller: {reason}"));
            self.state.metrics.refused(reason);
        }
        if refusal == Refusal::Overloaded {
            self.state.warnings.warn("overload", || {
                "overloaded: requests wait too long for their turn, and are answered with 503; \
                 give the service more cores, or raise `server.workers` if cores are idle"
                    .to_owned()
            });
        }
        let answer = Answer::refusal(refusal, self.state);
        self.count_and_log(&Line { status: answer.status(), ..self.line() });
        answer
    }

    /// Counts and logs a decision, and returns the body that tells Okta.
    pub(super) fn record(&self, answer: HookAnswer<'_, '_>) -> Vec<u8> {
        let request_type = answer.flow.spec().name;
        if !answer.has_section {
            self.warn_of_missing_section(&answer);
        }
        if answer.too_large {
            self.report_too_large_answer(&answer);
        }
        let line = Line {
            request_type,
            decision: answer.decision.as_str(),
            event_id: answer.event_id.as_deref(),
            verdicts: &answer.verdicts,
            ..self.line()
        };
        self.count_and_log(&line);
        match self.state.settings.debug_context {
            true => response::with_debug_context(answer.body, &debug_context(&line)),
            false => answer.body,
        }
    }

    fn warn_of_missing_section(&self, answer: &HookAnswer<'_, '_>) {
        let (hook, request_type) = (self.hook, answer.flow.spec().name);
        let section = answer.flow.spec().section;
        self.state.warnings.warn(&format!("hook {hook}"), || {
            format!(
                "`{hook}` denied a {request_type} request, for which it has no section; narrow \
                 Okta's setting \"Run this hook\", or add [{section}] to its rules"
            )
        });
    }

    fn report_too_large_answer(&self, answer: &HookAnswer<'_, '_>) {
        let (hook, request_type) = (self.hook, answer.flow.spec().name);
        self.state.warnings.error(&format!("hook {hook} too large"), || {
            format!(
                "`{hook}` denied a {request_type} request because the answer would have {} bytes \
                 or more, which Okta refuses; shorten the rules' messages, or update fewer attributes",
                response::SIZE_LIMIT
            )
        });
    }

    /// The line of a request of which nothing more is known.
    fn line(&self) -> Line<'_> {
        Line {
            id: DecisionId::next(),
            hook: self.hook,
            request_type: "none",
            decision: "none",
            status: "200",
            event_id: None,
            verdicts: &[],
            rules_revision: &self.rules.revision,
            caller: self.caller.as_ref().map_or(&"none", |caller| caller as &dyn Display),
            duration: self.started.elapsed(),
        }
    }

    fn count_and_log(&self, line: &Line<'_>) {
        let &Line { hook, request_type, decision, status, .. } = line;
        for Verdict { rule, outcome } in line.verdicts {
            self.state.metrics.judged([hook, &rule.id, rule.mode(), outcome.as_str()]);
        }
        self.state.metrics.answered([hook, request_type, decision, status], line.duration);
        if let Some(log) = &self.state.log {
            log.write(line);
        }
    }
}
