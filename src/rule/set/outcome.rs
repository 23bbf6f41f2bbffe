//! Whether the attributes of `set` were set, for explanations and coverage. Holds no value.

use derive_more::Display;

use super::SetEntry;
use crate::rule::value_name::ValueName;

/// An entry of `set`, and whether its attribute was set in one request.
pub struct SetOutcome<'r> {
    pub(crate) set: &'r SetEntry,
    pub(crate) alternative: Alternative,
    pub(crate) result: Result<(), WhyNotSet<'r>>,
}

impl SetOutcome<'_> {
    /// Whether an identifier is to be made from the request's `eventId`, and the request has none. Such a request is
    /// denied.
    pub fn lacks_needed_event_id(&self) -> bool {
        matches!(self.result, Err(WhyNotSet::NoEventId))
    }
}

/// The alternative of a recipe that was taken in one request. Printed, it follows the attribute's name.
#[derive(Clone, Copy, Display, PartialEq, Eq)]
pub(crate) enum Alternative {
    /// The recipe has no alternatives, or none was taken.
    #[display("")]
    None,
    /// The branch at this index.
    #[display(", branch {}", _0 + 1)]
    Branch(usize),
    /// An entry of the map.
    #[display(", by the map")]
    Map,
    /// `else`, beside a map.
    #[display(", by `else`")]
    Else,
}

/// Why an attribute is not set.
#[derive(Display)]
pub(crate) enum WhyNotSet<'r> {
    /// A needed value is missing, null or empty.
    #[display("`{_0}` is missing or empty")]
    Absent(&'r ValueName),
    /// A needed value is a part of an attribute that is not a plain email address.
    #[display("`{_0}` is missing: the attribute is not a plain email address")]
    NotAnAddress(&'r ValueName),
    /// A needed value is a list, an object, or a number with a fraction or an exponent.
    #[display("`{_0}` is neither a text nor a whole number nor a boolean")]
    NotText(&'r ValueName),
    /// The form does not have the attribute to normalize.
    #[display("the form does not have it")]
    NotSubmitted,
    /// The form has the attribute, so it gets no default.
    #[display("the form has a value")]
    Submitted,
    /// The conditions of no branch hold.
    #[display("no branch holds")]
    NoBranch,
    /// The map does not have the value of this name, and there is no `else`.
    #[display("the map does not have the value of `{_0}`")]
    NotInMap(&'r ValueName),
    /// The value of this name does not match the pattern.
    #[display("the value of `{_0}` does not match the pattern")]
    NoMatch(&'r ValueName),
    /// The value of this name is too long, or takes too much work.
    #[display("the value of `{_0}` is too long or takes too long to read")]
    TooCostly(&'r ValueName),
    /// The text of this group is empty, or the group takes no part in the match.
    #[display("the group `{_0}` of the pattern is empty")]
    EmptyGroup(&'r str),
    /// This lookup failed or does not count.
    #[display("it needs the lookup `{_0}`, which does not count")]
    Lookup(&'r str),
    /// The request has no `eventId` to make an identifier from. Such a request is denied.
    #[display("the request has no `eventId`")]
    NoEventId,
}
