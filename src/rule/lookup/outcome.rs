//! The outcomes of lookups, for logs and explanations.

use derive_more::Display;

use crate::rule::value_name::ValueName;

/// The outcome of a lookup in one request. Holds no value.
#[derive(Clone, Copy)]
pub enum LookupOutcome<'r> {
    /// The lookup found something.
    Found,
    /// The lookup found nothing.
    NotFound,
    /// The lookup failed.
    Failed,
    /// The lookup was not asked.
    NotAsked(WhyNotAsked<'r>),
}

impl LookupOutcome<'_> {
    /// The name in logs and metrics.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::NotFound => "not_found",
            Self::Failed => "failed",
            Self::NotAsked(_) => "not_asked",
        }
    }
}

/// Why a lookup is not asked.
#[derive(Clone, Copy, Display)]
pub enum WhyNotAsked<'r> {
    /// The lookup's conditions do not hold.
    #[display("its conditions (`when`) do not hold")]
    Conditions,
    /// A value in the question is absent, empty or too long. Or it has no text, such as a list or `1.5`.
    #[display("`{_0}` is missing, empty or cannot be asked about")]
    Missing(&'r ValueName),
    /// A segment of the path would be `.` or `..`, which leads to another path.
    #[display("its path would have the segment `.` or `..`")]
    DotSegment,
    /// A rule that needs no lookup denies.
    #[display("a rule that needs no lookup denies")]
    RulesDeny,
}
