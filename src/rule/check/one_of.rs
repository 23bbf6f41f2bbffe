//! `one_of` and `not_one_of`: a value of a list, or none of them.

use std::fmt::{self, Display};

use super::{
    comparison::Comparison,
    context::{EvalContext, Mismatch},
    list::{ListRole, TextSet},
};
use crate::{okta::Value, problem::SpanProblems, rule::node::Node};

/// A value of a list, or none of them.
pub struct OneOf {
    role: ListRole,
    /// The comparable forms of the values of the list.
    values: TextSet,
    comparison: Comparison,
}

impl OneOf {
    pub(super) fn read_one_of(
        node: &Node,
        comparison: &Comparison,
        role: ListRole,
    ) -> Result<Self, SpanProblems> {
        let values =
            TextSet::read_set(node, r#"["red", "green"]"#, |entry| comparison.read_entry(entry))?;
        Ok(Self { role, values, comparison: comparison.clone() })
    }

    pub(super) fn check_listed(
        &self,
        value: &Value<'_>,
        context: &EvalContext<'_>,
    ) -> Result<(), Mismatch> {
        let text = value.text().ok_or(Mismatch::Type)?;
        context.work.spend(self.comparison.work_on(text))?;
        let comparable = self.comparison.comparable_form(text).ok_or(Mismatch::Unreadable)?;
        self.role.require(self.values.contains(&comparable))
    }
}

impl Display for OneOf {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.role, self.values.len()) {
            (ListRole::Allowed, 1) => out.write_str("the one value allowed"),
            (ListRole::Allowed, count) => write!(out, "one of the {count} values allowed"),
            (ListRole::Refused, 1) => out.write_str("any value but the one refused"),
            (ListRole::Refused, count) => write!(out, "any value but the {count} refused"),
        }
    }
}
