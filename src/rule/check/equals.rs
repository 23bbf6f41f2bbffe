//! `equals = "other"`: the same text as another value of the request.

use derive_more::Display;

use super::{
    comparison::Comparison,
    context::{EvalContext, Found, Mismatch, require},
};
use crate::{
    okta::Value,
    problem::SpanProblems,
    rule::{
        node::Node,
        value_name::{Scope, ValueName},
    },
};

/// The same as another value.
#[derive(Display)]
#[display("the same as `{other}`")]
pub struct Equals {
    pub(super) other: ValueName,
    comparison: Comparison,
}

impl Equals {
    pub(super) fn read_equals(
        node: &Node,
        comparison: &Comparison,
        scope: &Scope,
    ) -> Result<Self, SpanProblems> {
        let other = ValueName::read_name(node, scope)?;
        Ok(Self { other, comparison: comparison.clone() })
    }

    pub(super) fn check_equal(
        &self,
        value: &Value<'_>,
        context: &EvalContext<'_>,
    ) -> Result<(), Mismatch> {
        let text = value.text().ok_or(Mismatch::Type)?;
        context.work.spend(self.comparison.work_on(text))?;
        let comparable = self.comparison.comparable_form(text).ok_or(Mismatch::Unreadable)?;
        let other = match context.find(&self.other) {
            Found::Present(other) => other,
            // In a condition, this counts as a match, as does a `value` of another type.
            Found::NotAnAddress => return Err(Mismatch::Type),
            Found::Absent => return Err(Mismatch::Value),
        };
        let other_text = other.text().ok_or(Mismatch::Type)?;
        // `Check::check_value` has counted the length of `value`, but not that of the other text.
        context.work.spend(other_text.len() + self.comparison.work_on(other_text))?;
        let other_comparable =
            self.comparison.comparable_form(other_text).ok_or(Mismatch::Unreadable)?;
        require(comparable == other_comparable)
    }
}
