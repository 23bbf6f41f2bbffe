//! The checks `digits` and `length`: the length of a text.

use derive_more::Display;

use super::{
    bounds::{Counts, read_count},
    context::{Mismatch, require},
};
use crate::{
    okta::Value,
    problem::SpanProblems,
    rule::node::{Content, Node},
};

/// How to write the bounds of `digits`.
const EXAMPLE: &str = "{ min = 4, max = 6 }";

/// A text of ASCII digits alone. The number of digits is within bounds.
#[derive(Display)]
#[display("{_0} ASCII digits")]
pub struct Digits(Counts);

impl Digits {
    /// Reads `4` or `{ min = …, max = … }`.
    pub(super) fn read_digits(node: &Node) -> Result<Self, SpanProblems> {
        match node.content {
            Content::Integer(0) => {
                Err(node.problem("no value can pass this check: an empty value is absent").into())
            }
            Content::Integer(_) => {
                let count = read_count(node)?;
                Ok(Self(Counts { min: Some(count), max: Some(count) }))
            }
            Content::Table(_) => Ok(Self(Counts::read_counts(node, EXAMPLE)?)),
            _ => Err(node
                .expected(&format!("a number of digits, such as `4` or `{EXAMPLE}`"))
                .into()),
        }
    }

    pub(super) fn check_digits(&self, value: &Value<'_>) -> Result<(), Mismatch> {
        let text = value.text().ok_or(Mismatch::Type)?;
        require(self.0.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()))
    }
}

/// A text. The number of its characters is within bounds.
#[derive(Display)]
#[display("{_0} characters")]
pub struct Length(Counts);

impl Length {
    pub(super) fn read_length(node: &Node) -> Result<Self, SpanProblems> {
        Ok(Self(Counts::read_counts(node, "{ min = 2, max = 40 }")?))
    }

    pub(super) fn check_length(&self, value: &Value<'_>) -> Result<(), Mismatch> {
        let text = value.text().ok_or(Mismatch::Type)?;
        require(self.0.contains(&text.chars().count()))
    }
}
