//! `range`: a number or a date between two others.

use std::{
    cmp::Ordering,
    fmt::{self, Display},
};

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

/// A number or a date between two others.
pub struct Between(Ends);

enum Ends {
    /// A number, or a text that is one.
    Numbers(Bounds<Number>),
    /// A date.
    Dates(Bounds<Date>),
}

impl Between {
    pub(super) fn read(node: &Node) -> Result<Self, SpanProblems> {
        match has_dates(node) {
            true => Ok(Self(Ends::Dates(Bounds::read(node, read_date)?))),
            false => Ok(Self(Ends::Numbers(Bounds::read(node, read_number)?))),
        }
    }

    pub(super) fn judge(&self, value: &Value<'_>) -> Result<(), Mismatch> {
        match &self.0 {
            Ends::Dates(bounds) => require(bounds.contains(&date_of(value)?)),
            Ends::Numbers(bounds) => require(contains_number(bounds, value)?),
        }
    }
}

impl Display for Between {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Ends::Numbers(bounds) => write!(out, "a number {}", describe(bounds)),
            Ends::Dates(bounds) => write!(out, "a date {}", describe(bounds)),
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

/// A bound of numbers: as it is compared, and as the rules file writes it.
struct Number {
    value: Decimal,
    written: String,
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.value.partial_cmp(&other.value)
    }
}

impl Display for Number {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.written)
    }
}

fn contains_number(bounds: &Bounds<Number>, value: &Value<'_>) -> Result<bool, Mismatch> {
    let (Value::Number(text) | Value::Text(text)) = value else {
        return Err(Mismatch::Type);
    };
    let number = Decimal::parse(text).ok_or(Mismatch::Value)?;
    if let Some(min) = &bounds.min
        && number < min.value
    {
        return Ok(false);
    }
    if let Some(max) = &bounds.max
        && number > max.value
    {
        return Ok(false);
    }
    Ok(true)
}

/// Whether the first bound is written as a date. Then both have to be.
fn has_dates(node: &Node) -> bool {
    let Ok(table) = node.table() else {
        return false;
    };
    match table.get("min").or(table.get("max")) {
        Some(entry) => matches!(entry.value.content, Content::Text(_) | Content::Date(_)),
        None => false,
    }
}

fn read_number(node: &Node) -> Result<Number, SpanProblem> {
    let expected = "a finite number (both ends are numbers, or both dates)";
    let written = match &node.content {
        Content::Integer(integer) => integer.to_string(),
        Content::Decimal(decimal) => decimal.clone(),
        _ => return Err(node.expected(expected)),
    };
    match Decimal::parse(&written) {
        Some(value) => Ok(Number { value, written }),
        None => Err(node.expected(expected)),
    }
}

fn read_date(node: &Node) -> Result<Date, SpanProblem> {
    let text = match &node.content {
        Content::Text(text) | Content::Date(text) => text,
        _ => return Err(node.expected("a date (both ends are numbers, or both dates)")),
    };
    parse_date(text).ok_or_else(|| node.problem("expected a date, such as \"1990-01-31\""))
}
