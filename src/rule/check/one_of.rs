//! `one_of` and `not_one_of`: exact values, or with `ignore_case = true` values in any ASCII case.

use std::fmt::{self, Display};

use super::{
    context::Mismatch,
    list::{ListRole, TextSet},
};
use crate::{
    okta::Value,
    problem::{SpanProblem, SpanProblems},
    rule::node::{ListEntry, Node},
};

/// A value of a list, or none of them.
pub struct OneOf {
    role: ListRole,
    /// In lower case if the case is ignored.
    values: TextSet,
    ignore_case: bool,
}

impl OneOf {
    pub(super) fn read_one_of(
        node: &Node,
        ignore_case: bool,
        role: ListRole,
    ) -> Result<Self, SpanProblems> {
        let read_entry = if ignore_case { read_in_lower_case } else { read_as_written };
        Ok(Self { role, values: TextSet::read_set(node, read_entry)?, ignore_case })
    }

    pub(super) fn check_listed(&self, value: &Value<'_>) -> Result<(), Mismatch> {
        let text = value.scalar().ok_or(Mismatch::Type)?;
        let is_listed = if self.ignore_case {
            self.values.contains(&text.to_ascii_lowercase())
        } else {
            self.values.contains(text)
        };
        self.role.require(is_listed)
    }
}

fn read_as_written(entry: &ListEntry<'_>) -> Result<String, SpanProblem> {
    Ok(entry.text()?.to_owned())
}

fn read_in_lower_case(entry: &ListEntry<'_>) -> Result<String, SpanProblem> {
    Ok(entry.text()?.to_ascii_lowercase())
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
