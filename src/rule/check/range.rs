//! `range`: a number or a date within bounds.

use std::fmt::{self, Display};

use jiff::civil::Date;

use super::{
    bounds::Bounds,
    context::{Mismatch, require},
    date::{date_of, parse_date},
    decimal::Decimal,
};
use crate::{
    okta::Value,
    problem::{SpanProblem, SpanProblems},
    rule::node::{Content, Node},
};

/// How to write bounds of a number.
const NUMBERS_EXAMPLE: &str = "{ min = 1, max = 9 }";
/// How to write bounds of a date.
const DATES_EXAMPLE: &str = "{ min = 2020-01-31 }";

/// A number or a date within bounds.
pub struct Between(RangeBounds);

enum RangeBounds {
    /// A number, or a text such as `"12.5"`.
    Numbers(Bounds<Decimal>),
    /// A date.
    Dates(Bounds<Date>),
}

impl Between {
    pub(super) fn read_range(node: &Node) -> Result<Self, SpanProblems> {
        if has_dates(node) {
            let bounds = Bounds::read_bounds(node, DATES_EXAMPLE, read_date)?;
            return Ok(Self(RangeBounds::Dates(bounds)));
        }
        let bounds = Bounds::read_bounds(node, NUMBERS_EXAMPLE, read_number)?;
        Ok(Self(RangeBounds::Numbers(bounds)))
    }

    pub(super) fn check_range(&self, value: &Value<'_>) -> Result<(), Mismatch> {
        match &self.0 {
            RangeBounds::Dates(bounds) => require(bounds.contains(&date_of(value)?)),
            RangeBounds::Numbers(bounds) => require(bounds.contains(&number_of(value)?)),
        }
    }
}

impl Display for Between {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            RangeBounds::Numbers(bounds) => write!(out, "a number {}", describe(bounds)),
            RangeBounds::Dates(bounds) => write!(out, "a date {}", describe(bounds)),
        }
    }
}

fn describe<T: Display>(bounds: &Bounds<T>) -> String {
    match (&bounds.min, &bounds.max) {
        (Some(min), Some(max)) => format!("from {min} to {max}"),
        (Some(min), None) => format!("from {min} up"),
        (None, Some(max)) => format!("up to {max}"),
        (None, None) => String::new(),
    }
}

/// The number that a value holds.
fn number_of(value: &Value<'_>) -> Result<Decimal, Mismatch> {
    match value {
        Value::Number(text) | Value::Text(text) => Decimal::parse(text).ok_or(Mismatch::Unreadable),
        _ => Err(Mismatch::Type),
    }
}

/// Whether the first bound is a date or a text. Both bounds are then read as dates.
fn has_dates(node: &Node) -> bool {
    let Content::Table(table) = &node.content else {
        return false;
    };
    match table.get("min").or(table.get("max")) {
        Some(entry) => matches!(entry.value.content, Content::Text(_) | Content::Date(_)),
        None => false,
    }
}

fn read_number(node: &Node) -> Result<Decimal, SpanProblem> {
    let number = match &node.content {
        Content::Integer(integer) => Decimal::parse(&integer.to_string()),
        Content::Float(float) => Decimal::parse(float),
        _ => None,
    };
    number.ok_or_else(|| node.expected("a finite number (both ends are numbers, or both dates)"))
}

fn read_date(node: &Node) -> Result<Date, SpanProblem> {
    let text = match &node.content {
        Content::Text(text) if Decimal::parse(text).is_some() => {
            let why = format!("a number stands without quotes, as in `{NUMBERS_EXAMPLE}`");
            return Err(node.problem(why));
        }
        Content::Text(text) | Content::Date(text) => text,
        _ => return Err(node.expected("a date (both ends are numbers, or both dates)")),
    };
    parse_date(text).ok_or_else(|| node.problem("expected a date, such as \"1990-01-31\""))
}
