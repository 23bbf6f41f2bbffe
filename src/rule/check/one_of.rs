//! `one_of` and `not_one_of`: a value of a list, or none of them.

use std::fmt::{self, Display};

use super::{
    context::{EvalContext, Mismatch},
    list::{ListRole, TextSet},
    reduction::Reduction,
};
use crate::{okta::Value, problem::SpanProblems, rule::node::Node};

/// A value of a list, or none of them.
pub struct OneOf {
    role: ListRole,
    /// The values of the list, each reduced.
    values: TextSet,
    reduction: Reduction,
}

impl OneOf {
    pub(super) fn read_one_of(
        node: &Node,
        reduction: &Reduction,
        role: ListRole,
    ) -> Result<Self, SpanProblems> {
        let values =
            TextSet::read_set(node, r#"["red", "green"]"#, |entry| reduction.read_entry(entry))?;
        Ok(Self { role, values, reduction: reduction.clone() })
    }

    pub(super) fn check_listed(
        &self,
        value: &Value<'_>,
        context: &EvalContext<'_>,
    ) -> Result<(), Mismatch> {
        let text = value.text().ok_or(Mismatch::Type)?;
        context.work.count(self.reduction.work_on(text))?;
        let reduced = self.reduction.reduce(text).ok_or(Mismatch::Unreadable)?;
        self.role.require(self.values.contains(&reduced))
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
