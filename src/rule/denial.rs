//! The denials of a section, and their causes.

use super::{
    Outcome, Section, Unmet, Verdict,
    judge::denies,
    lookup::{Lookup, LookupStates, Readiness},
};
use crate::okta::{
    Decision, Denial, DenyStyle, ErrorCause, Flow, NonEmpty, Request, language::LanguageTag,
};

impl Section {
    /// The denial by the rules that fail and by failed lookups. Returns `None` if nothing denies.
    pub(super) fn denial<'q>(
        &'q self,
        request: &Request<'_>,
        verdicts: &[Verdict<'q>],
        states: &LookupStates<'_, '_>,
    ) -> Option<Denial<'q>> {
        if !denies(verdicts) && !states.had_their_turn() {
            return None;
        }
        // Read once for all texts, because its value may be as long as the body.
        let language = request.language();
        let language = language.as_ref();
        let mut causes = Causes::default();
        for Verdict { rule, outcome } in verdicts.iter().filter(|verdict| verdict.denies()) {
            match outcome {
                Outcome::Fail(Unmet::LookupsFailed(_)) => {
                    for name in states.failed(&rule.lookups) {
                        causes.push_failed(self.lookup(name), &rule.location, language);
                    }
                }
                _ => causes.push(rule.cause(language)),
            }
        }
        if states.had_their_turn() {
            for set in &self.set {
                if !matches!(states.readiness(&set.lookups), Readiness::Failed(_)) {
                    continue;
                }
                for lookup in states.failed(&set.lookups).filter_map(|name| self.lookup(name)) {
                    causes.push_failed(Some(lookup), &lookup.location, language);
                }
            }
        }
        let summary = self.summary.in_language(language);
        Some(Denial { style: self.deny, summary, causes: causes.all? })
    }
}

/// The causes of a denial.
#[derive(Default)]
struct Causes<'q> {
    all: Option<NonEmpty<ErrorCause<'q>>>,
    /// The lookups that have their cause. Each has one, in the place of the first rule that needs it.
    failed: Vec<&'q str>,
}

impl<'q> Causes<'q> {
    fn push(&mut self, cause: ErrorCause<'q>) {
        match &mut self.all {
            Some(all) => all.push(cause),
            None => self.all = Some(NonEmpty::of(cause)),
        }
    }

    /// Adds the cause of a failed lookup, unless it has one.
    fn push_failed(
        &mut self,
        lookup: Option<&'q Lookup>,
        location: &'q str,
        language: Option<&LanguageTag>,
    ) {
        if let Some(lookup) = lookup
            && !self.failed.contains(&lookup.name.as_str())
        {
            self.failed.push(&lookup.name);
            self.push(lookup.failure_cause(location, language));
        }
    }
}

/// The answer to a request of a flow for which the hook has no section. Okta's sample lets it
/// through.
pub(super) fn unhandled(flow: Flow) -> Decision<'static> {
    cannot_be_processed(flow.spec().unhandled_denial, "UNHANDLED_REQUEST_TYPE", "requestType")
}

/// A denial for a reason that the end user cannot remove.
pub(super) fn cannot_be_processed(
    style: DenyStyle,
    reason: &'static str,
    location: &'static str,
) -> Decision<'static> {
    const TEXT: &str = "This request cannot be processed here. Please contact your admin.";
    let cause = ErrorCause { message: TEXT, reason, location, domain: "external-service" };
    Decision::Deny(Denial { style, summary: TEXT, causes: NonEmpty::of(cause) })
}
