//! `equals = "other"`: the same value as another attribute of the form.

use derive_more::Display;

use super::context::{EvalContext, Mismatch, require};
use crate::{okta::Value, problem::SpanProblems, rule::node::Node};

/// The same value as another attribute of the form.
#[derive(Display)]
#[display("the same as `{other}`")]
pub struct Equals {
    /// The name of the other attribute.
    pub(super) other: String,
}

impl Equals {
    pub(super) fn read_equals(node: &Node) -> Result<Self, SpanProblems> {
        Ok(Self { other: node.text()?.to_owned() })
    }

    pub(super) fn check_equal(
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
