//! `digits = 4` or `digits = { min, max }`: ASCII digits and nothing else.

use std::fmt::{self, Display};

use super::{
    bounds::{Counts, read_count},
    context::{Mismatch, require},
};
use crate::{
    okta::Value,
    problem::SpanProblems,
    rule::node::{Content, Node},
};

/// ASCII digits, so many of them.
pub struct Digits(Counts);

impl Digits {
    pub(super) fn read(node: &Node) -> Result<Self, SpanProblems> {
        match node.content {
            Content::Integer(0) => {
                Err(node.problem("no value can pass this check: an empty value is absent").into())
            }
            Content::Integer(_) => {
                let count = read_count(node)?;
                Ok(Self(Counts { min: Some(count), max: Some(count) }))
            }
            Content::Table(_) => Ok(Self(Counts::read_counts(node)?)),
            _ => Err(node.expected("a number of digits or { min = …, max = … }").into()),
        }
    }

    pub(super) fn judge(&self, value: &Value<'_>) -> Result<(), Mismatch> {
        let text = value.text().ok_or(Mismatch::Type)?;
        require(self.0.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()))
    }
}

impl Display for Digits {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} ASCII digits", self.0)
    }
}
