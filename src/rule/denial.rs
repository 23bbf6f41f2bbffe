//! The denials of a section, and their causes.

use super::{
    Outcome, Section, Unmet, Verdict,
    judge::denies,
    lookup::{Lookup, LookupStates, Readiness},
};
use crate::okta::{
    Decision, Denial, DenyStyle, ErrorCause, Flow, NonEmpty, Request, language::LanguageTag,
    response::UNHANDLED_REQUEST_TYPE,
};

impl Section {
    /// The denial of a request, if a rule denies or an attribute to set needs a failed lookup.
    pub(super) fn denial<'q>(
        &'q self,
        request: &Request<'_>,
        verdicts: &[Verdict<'q>],
        states: &LookupStates<'_, '_>,
    ) -> Option<Denial<'q>> {
        // Without states of lookups, no lookup has failed. Most requests end here, before the form is searched for the
        // language.
        if !denies(verdicts) && states.is_empty() {
            return None;
        }
        // The language is read once for all texts, because its value in the request may be as long as the body.
        let language = request.language();
        let language = language.as_ref();
        let mut causes = Causes::default();
        for Verdict { rule, outcome } in verdicts.iter().filter(|verdict| verdict.denies()) {
            match outcome {
                Outcome::Fail(Unmet::LookupsFailed(names)) => {
                    for name in names {
                        if let Some(lookup) = self.lookup(name) {
                            causes.push_failed_lookup(lookup, &rule.location, language);
                        }
                    }
                }
                _ => causes.push(rule.cause(language)),
            }
        }
        for lookup in self.failed_lookups_of_sets(states) {
            causes.push_failed_lookup(lookup, &lookup.location, language);
        }
        let causes = causes.all?;
        let summary = self.summary.in_language(language);
        Some(Denial { style: self.deny, summary, causes })
    }

    /// The failed lookups that attributes to set need.
    fn failed_lookups_of_sets(&self, states: &LookupStates<'_, '_>) -> Vec<&Lookup> {
        let mut failed = Vec::new();
        // If none was asked, none has failed.
        if states.is_empty() {
            return failed;
        }
        for set in &self.set {
            // If the attribute also needs a lookup whose conditions do not hold, the attribute is not set anyway. The
            // failed lookup then does not matter.
            if let Readiness::Failed(_) = states.readiness(&set.lookups) {
                failed.extend(states.failed(&set.lookups).filter_map(|name| self.lookup(name)));
            }
        }
        failed
    }
}

/// The causes of a denial.
#[derive(Default)]
struct Causes<'q> {
    all: Option<NonEmpty<ErrorCause<'q>>>,
    /// The names of the failed lookups that have a cause in `all`. Each lookup gets only one cause, with the location
    /// of the first rule that needs the lookup.
    failed_lookups: Vec<&'q str>,
}

impl<'q> Causes<'q> {
    fn push(&mut self, cause: ErrorCause<'q>) {
        match &mut self.all {
            Some(all) => all.push(cause),
            None => self.all = Some(NonEmpty::of(cause)),
        }
    }

    /// Adds the cause of a failed lookup, unless the lookup has one already.
    fn push_failed_lookup(
        &mut self,
        lookup: &'q Lookup,
        location: &'q str,
        language: Option<&LanguageTag>,
    ) {
        if !self.failed_lookups.contains(&lookup.name.as_str()) {
            self.failed_lookups.push(&lookup.name);
            self.push(lookup.failure_cause(location, language));
        }
    }
}

/// The denial of a request of a flow for which the hook has no section. We differ on purpose from the sample
/// service in Okta's guide, which allows such a request.
pub(super) fn unhandled_flow(flow: Flow) -> Decision<'static> {
    cannot_be_processed(flow.spec().unhandled_denial, UNHANDLED_REQUEST_TYPE, "requestType")
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
