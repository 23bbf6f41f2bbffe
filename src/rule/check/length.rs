//! `length = { min, max }`, in characters.

use std::fmt::{self, Display};

use super::{
    bounds::Counts,
    context::{Mismatch, require},
};
use crate::{okta::Value, problem::SpanProblems, rule::node::Node};

/// A text of so many characters.
pub struct Length(Counts);

impl Length {
    pub(super) fn read(node: &Node) -> Result<Self, SpanProblems> {
        Ok(Self(Counts::read_counts(node)?))
    }

    pub(super) fn judge(&self, value: &Value<'_>) -> Result<(), Mismatch> {
        let text = value.text().ok_or(Mismatch::Type)?;
        require(self.0.contains(&text.chars().count()))
    }
}

impl Display for Length {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} characters long", self.0)
    }
}
