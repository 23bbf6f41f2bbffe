//! The facts about a request, and how its answer is counted and logged.

use std::{fmt::Display, time::Instant};

use super::{
    State,
    answer::{Answer, Refusal},
};
use crate::{
    auth::Caller,
    decision_log::{DecisionId, Line, debug_context},
    metrics::{AnswerLabels, OutcomeLabels},
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
    /// The hook's name. `None` for a path without a hook.
    pub(super) hook: Option<&'s str>,
    pub(super) caller: Option<Caller>,
}

impl<'s> RequestContext<'s> {
    pub(super) fn new(state: &'s State, rules: &'s RuleSet) -> Self {
        Self { state, rules, started: Instant::now().into(), hook: None, caller: None }
    }

    /// Counts and logs a refusal, and returns the answer that tells the caller.
    pub(super) fn refuse(&self, refusal: Refusal) -> Answer {
        if let Refusal::Credentials(reason) = refusal {
            let reason = reason.as_str();
            self.state.warnings.warn(reason, || format!("refused a caller: {reason}"));
            self.state.metrics.count_refused_caller(reason);
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
        let line = Line {
            flow: Some(answer.flow),
            decision: Some(answer.decision),
            event_id: answer.event_id.as_deref(),
            verdicts: &answer.verdicts,
            ..self.line()
        };
        if !answer.has_section {
            self.warn_of_missing_section(&line, answer.flow.spec().section);
        }
        if answer.too_large {
            self.report_too_large_answer(&line);
        }
        self.count_and_log(&line);
        if self.state.settings.debug_context {
            response::with_debug_context(answer.body, &debug_context(&line))
        } else {
            answer.body
        }
    }

    fn warn_of_missing_section(&self, line: &Line<'_>, section: &str) {
        let (hook, request_type) = (line.hook_name(), line.request_type());
        self.state.warnings.warn(&format!("hook {hook}"), || {
            format!(
                "`{hook}` denied a {request_type} request, for which it has no section; narrow \
                 Okta's setting \"Run this hook\", or add [{section}] to its rules"
            )
        });
    }

    fn report_too_large_answer(&self, line: &Line<'_>) {
        let (hook, request_type) = (line.hook_name(), line.request_type());
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
            flow: None,
            decision: None,
            status: "200",
            event_id: None,
            verdicts: &[],
            rules_revision: &self.rules.revision,
            caller: self.caller.as_ref().map(|caller| caller as &dyn Display),
            duration: self.started.elapsed(),
        }
    }

    fn count_and_log(&self, line: &Line<'_>) {
        let hook = line.hook_name();
        for Verdict { rule, outcome } in line.verdicts {
            self.state.metrics.count_outcome(&OutcomeLabels {
                hook,
                rule: &rule.id,
                mode: rule.mode(),
                outcome: outcome.as_str(),
            });
        }
        let labels = AnswerLabels {
            hook,
            request_type: line.request_type(),
            decision: line.decision_name(),
            status: line.status,
        };
        self.state.metrics.count_answer(&labels, line.duration);
        if let Some(log) = &self.state.log {
            log.write(line);
        }
    }
}
