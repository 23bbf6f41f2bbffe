//! `equals = "other"`: the same as another value.

use derive_more::Display;

use super::{
    context::{EvalContext, Found, Mismatch, require},
    reduction::Reduction,
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
    reduction: Reduction,
}

impl Equals {
    pub(super) fn read_equals(
        node: &Node,
        reduction: &Reduction,
        scope: &Scope,
    ) -> Result<Self, SpanProblems> {
        let other = ValueName::read_name(node, scope)?;
        Ok(Self { other, reduction: reduction.clone() })
    }

    pub(super) fn check_equal(
        &self,
        value: &Value<'_>,
        context: &EvalContext<'_>,
    ) -> Result<(), Mismatch> {
        let text = value.text().ok_or(Mismatch::Type)?;
        context.work.count(self.reduction.work_on(text))?;
        let reduced = self.reduction.reduce(text).ok_or(Mismatch::Unreadable)?;
        match context.find(&self.other) {
            Found::Present(other) => {
                let other = other.text().ok_or(Mismatch::Type)?;
                context.work.count(other.len() + self.reduction.work_on(other))?;
                let other = self.reduction.reduce(other).ok_or(Mismatch::Unreadable)?;
                require(other == reduced)
            }
            Found::NotAnAddress => Err(Mismatch::Type),
            Found::Absent => Err(Mismatch::Value),
        }
    }
}
