//! `equals = "other"`: the same value as another attribute of the form.

use std::fmt::{self, Display};

use super::context::{EvalContext, Mismatch, require};
use crate::{okta::Value, problem::SpanProblems, rule::node::Node};

/// The same value as another attribute of the form.
pub struct Equals {
    /// The name of the other attribute.
    pub(super) other: String,
}

impl Equals {
    pub(super) fn read(node: &Node) -> Result<Self, SpanProblems> {
        Ok(Self { other: node.text()?.to_owned() })
    }

    pub(super) fn judge(
        &self,
        value: &Value<'_>,
        context: &EvalContext<'_>,
    ) -> Result<(), Mismatch> {
        let text = value.scalar().ok_or(Mismatch::Type)?;
        let other = context.form.get(&self.other).ok_or(Mismatch::Value)?;
        let other_text = other.value.scalar().ok_or(Mismatch::Type)?;
        require(text == other_text)
    }
}

impl Display for Equals {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the same as `{}`", self.other)
    }
}
