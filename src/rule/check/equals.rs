//! `equals = "other"`: the same as another value.

use derive_more::Display;

use super::context::{EvalContext, Found, Mismatch, require};
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
}

impl Equals {
    pub(super) fn read_equals(node: &Node, scope: &Scope) -> Result<Self, SpanProblems> {
        Ok(Self { other: ValueName::read_name(node, scope)? })
    }

    pub(super) fn check_equal(
        &self,
        value: &Value<'_>,
        context: &EvalContext<'_>,
    ) -> Result<(), Mismatch> {
        let text = value.scalar().ok_or(Mismatch::Type)?;
        match context.find(&self.other) {
            Found::Present(other) => require(text == other.scalar().ok_or(Mismatch::Type)?),
            Found::NotAnAddress => Err(Mismatch::Type),
            Found::Absent => Err(Mismatch::Value),
        }
    }
}
