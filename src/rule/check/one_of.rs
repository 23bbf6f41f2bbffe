//! `one_of` and `not_one_of`: exact values, or with `ignore_case = true` values in any ASCII case.

use std::fmt::{self, Display};

use super::{
    context::Mismatch,
    list::{ListRole, Options},
    text_set::TextSet,
};
use crate::{okta::Value, problem::SpanProblems, rule::node::Node};

/// A value of a list, or none of them.
pub struct OneOf {
    role: ListRole,
    /// In lower case if the case is ignored.
    values: TextSet,
    ignore_case: bool,
}

impl OneOf {
    pub(super) fn read(
        node: &Node,
        options: &Options<'_>,
        role: ListRole,
    ) -> Result<Self, SpanProblems> {
        let ignore_case = options.ignore_case;
        let mut values = TextSet::new();
        node.each_text(|value, _| {
            match ignore_case {
                true => values.push(&value.to_ascii_lowercase()),
                false => values.push(value),
            }
            Ok(())
        })?;
        values.sort();
        Ok(Self { role, values, ignore_case })
    }

    pub(super) fn judge(&self, value: &Value<'_>) -> Result<(), Mismatch> {
        let text = value.scalar().ok_or(Mismatch::Type)?;
        let is_listed = match self.ignore_case {
            true => self.values.contains(text.to_ascii_lowercase().as_str()),
            false => self.values.contains(text),
        };
        self.role.judge(is_listed)
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
