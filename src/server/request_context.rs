//! Counts and logs each request of a hook.

use std::{cell::RefCell, fmt::Display, sync::Arc};

use actix_http::RequestHead;

use super::{
    State, decision_counters::DecisionCounters, http_response::HttpResponse, refusal::Refusal,
    warnings::Warning,
};
use crate::{
    auth::Caller,
    clock::Moment,
    decision_log::{DecisionId, Line, LookupLine, Retrieval, debug_context},
    lookup::LookupAnswer,
    metrics::LookupLabels,
    okta::response,
    pipeline::HookAnswer,
    preview::ReceivedCall,
    rule::{LookupVerdict, RuleSet, lookup::LookupResult},
};

/// The data of a request for the metrics and for a line of the decision log.
pub(super) struct RequestContext<'s> {
    pub(super) state: &'s State,
    /// The counters of this worker.
    counters: &'s RefCell<DecisionCounters>,
    /// The rules that were active when the request came.
    pub(super) rules: &'s Arc<RuleSet>,
    /// When the head had arrived.
    pub(super) arrived: Moment,
    /// The hook's name. Set by [`Self::admit`]. Stays `None` for a path without a hook.
    pub(super) hook: Option<&'s str>,
    /// The admitted caller. Set by [`Self::admit`].
    pub(super) caller: Option<Caller>,
}

impl<'s> RequestContext<'s> {
    pub(super) fn new(
        state: &'s State,
        counters: &'s RefCell<DecisionCounters>,
        rules: &'s Arc<RuleSet>,
        arrived: Moment,
    ) -> Self {
        Self { state, counters, rules, arrived, hook: None, caller: None }
    }

    /// Counts a refusal, logs its diagnosis, writes its line, and returns the response to the caller. `head` is `None`
    /// if no whole head has arrived.
    pub(super) fn refuse(&self, refusal: Refusal, head: Option<&RequestHead>) -> HttpResponse {
        let reason = refusal.reason();
        self.log_diagnosis(&refusal, head);
        self.state.metrics.count_refusal(reason);
        if let Refusal::CredentialsRefused(_) = refusal {
            self.state.metrics.count_refused_caller(reason);
        }
        let response = HttpResponse::refusal(&refusal, self.state);
        let line = self.line(response.status.as_str());
        self.count_and_write_line(&Line { reason: Some(reason), ..line });
        response
    }

    /// Counts a decision, writes its line, and returns the answer's body.
    pub(super) fn record(
        &self,
        answer: HookAnswer<'_, '_>,
        lookup_answers: &[LookupAnswer],
    ) -> Vec<u8> {
        let lookups = lookup_lines(&answer, lookup_answers);
        let line = Line {
            flow: Some(answer.flow),
            decision: Some(answer.decision),
            event_id: answer.event_id.as_deref(),
            verdicts: &answer.verdicts,
            lookups: &lookups,
            ..self.line("200")
        };
        self.warn_of_denial_by_service(&answer, &line);
        self.warn_of_failed_lookups(lookup_answers, &line);
        self.count_and_write_line(&line);
        if self.state.settings.debug_context {
            response::with_debug_context(answer.body, &debug_context(&line))
        } else {
            answer.body
        }
    }

    /// Logs a warning if the service itself denied the request, and not a rule.
    fn warn_of_denial_by_service(&self, answer: &HookAnswer<'_, '_>, line: &Line<'_>) {
        let (hook, request_type) = (line.hook_name(), line.request_type());
        if !answer.has_section {
            let section = answer.flow.spec().section;
            self.state.warnings.log(&Warning::MissingSection { hook, request_type, section });
        }
        if answer.too_large {
            self.state.warnings.log(&Warning::TooLargeAnswer { hook, request_type });
        }
        if answer.too_costly {
            self.state.warnings.log(&Warning::TooCostly { hook, request_type });
        }
        if answer.lacks_needed_event_id() {
            self.state.warnings.log(&Warning::MissingEventId { hook, request_type });
        }
    }

    /// Logs a warning for each lookup that failed.
    fn warn_of_failed_lookups(&self, lookup_answers: &[LookupAnswer], line: &Line<'_>) {
        for LookupAnswer { name: lookup, result, .. } in lookup_answers {
            if let LookupResult::Failed(why) = result {
                let hook = line.hook_name();
                self.state.warnings.log(&Warning::FailedLookup { hook, lookup, why });
            }
        }
    }

    /// The request as far as it is known, for the page of `preview`.
    pub(super) fn received_call(&self) -> ReceivedCall<'_> {
        let caller = match &self.caller {
            Some(caller) => caller.to_string(),
            None => "none".to_owned(),
        };
        ReceivedCall {
            hook: self.hook,
            caller,
            duration: Moment::now().since(self.arrived),
            rules_revision: &self.rules.revision,
        }
    }

    /// The log line of a request that gets this HTTP status. `record` adds the decision, or `refuse` the reason.
    fn line<'l>(&'l self, status: &'l str) -> Line<'l> {
        let now = Moment::now_after(self.arrived);
        Line {
            time: now.time,
            id: DecisionId::next(),
            hook: self.hook,
            flow: None,
            decision: None,
            status,
            reason: None,
            event_id: None,
            verdicts: &[],
            lookups: &[],
            rules_revision: &self.rules.revision,
            caller: self.caller.as_ref().map(|caller| caller as &dyn Display),
            duration: now.since(self.arrived),
        }
    }

    /// Counts a request, and writes its line of the decision log.
    fn count_and_write_line(&self, line: &Line<'_>) {
        let hook = line.hook_name();
        let metrics = &self.state.metrics;
        self.counters.borrow_mut().count(line, self.rules, metrics);
        for LookupLine { name, outcome, retrieval } in line.lookups {
            let labels = LookupLabels { hook, lookup: name, outcome };
            let duration = retrieval.map(|retrieval| retrieval.duration);
            metrics.count_lookup(&labels, duration);
        }
        if let Some(log) = &self.state.log {
            log.write(line);
        }
    }
}

/// The lookups of an answer for its log line.
fn lookup_lines<'a>(
    answer: &HookAnswer<'a, '_>,
    lookup_answers: &[LookupAnswer],
) -> Vec<LookupLine<'a>> {
    let mut lines = Vec::new();
    for LookupVerdict { lookup, outcome } in &answer.lookups {
        let mut retrieval = None;
        // A lookup that was not asked has no answer.
        if let Some(asked) = lookup_answers.iter().find(|asked| asked.name == lookup.name.value) {
            retrieval = Some(Retrieval { is_cached: asked.is_cached, duration: asked.duration });
        }
        lines.push(LookupLine { name: &lookup.name, outcome: outcome.as_str(), retrieval });
    }
    lines
}
