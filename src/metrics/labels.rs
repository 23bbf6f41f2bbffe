//! The labels of counters.

/// The labels of a response.
pub(crate) struct ResponseLabels<'a> {
    pub(crate) hook: &'a str,
    pub(crate) request_type: &'a str,
    pub(crate) decision: &'a str,
    pub(crate) status: &'a str,
}

/// The labels of a rule's outcome.
pub(crate) struct OutcomeLabels<'a> {
    pub(crate) hook: &'a str,
    pub(crate) rule: &'a str,
    pub(crate) mode: &'a str,
    pub(crate) outcome: &'a str,
}

/// The labels of a lookup's outcome.
pub(crate) struct LookupLabels<'a> {
    pub(crate) hook: &'a str,
    pub(crate) lookup: &'a str,
    pub(crate) outcome: &'a str,
}

/// The hook, or the rule or lookup of a hook, that a series is about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SeriesName<'a> {
    pub(crate) hook: &'a str,
    pub(crate) rule: Option<&'a str>,
    pub(crate) lookup: Option<&'a str>,
}
