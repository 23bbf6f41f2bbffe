//! The role of a check's list, and whether the case is ignored.

use super::{
    context::{Mismatch, require},
    pattern::PatternBudget,
};

/// Whether the values of a list are those that a check admits, or those that it refuses.
#[derive(Clone, Copy)]
pub(super) enum ListRole {
    /// Only values of the list meet the check.
    Allowed,
    /// Only values that are not on the list meet the check.
    Refused,
}

impl ListRole {
    /// Judges a value that is on the list or is not.
    pub(super) fn judge(self, is_listed: bool) -> Result<(), Mismatch> {
        match self {
            Self::Allowed => require(is_listed),
            Self::Refused => require(!is_listed),
        }
    }
}

/// The key of a part that makes its checks ignore the case of ASCII letters.
pub(crate) const IGNORE_CASE: &str = "ignore_case";

/// The context that the argument of a check is read in.
#[derive(Clone, Copy)]
pub(crate) struct Options<'b> {
    /// The value of [`IGNORE_CASE`].
    pub(crate) ignore_case: bool,
    /// The memory that patterns may still take.
    pub(crate) patterns: &'b PatternBudget,
}
