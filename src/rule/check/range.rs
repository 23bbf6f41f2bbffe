//! `range`: a number or a date between two others; `age`: a date so many years ago.

use std::fmt::Display;

use jiff::civil::Date;

use super::{Bounds, Check, Circumstances, Counts, Kind, Miss, Read, met};
use crate::{
    hook::Value,
    rule::node::{Content, Fault, Node, Table},
};

pub(super) const RANGE: Kind = Kind { key: "range", read: read_range };
pub(super) const AGE: Kind = Kind { key: "age", read: read_age };

#[derive(Debug)]
enum Range {
    Numbers(Bounds<f64>),
    Dates(Bounds<Date>),
}

fn read_range(node: &Node, _: &Table) -> Read {
    let first = node.table().ok().and_then(|table| table.get("min").or(table.get("max")));
    let range = match first.map(|entry| &entry.value.content) {
        Some(Content::Text(_) | Content::Date(_)) => Range::Dates(Bounds::read(node, date)?),
        _ => Range::Numbers(Bounds::read(node, number)?),
    };
    Ok(Box::new(range))
}

fn number(node: &Node) -> Result<f64, Fault> {
    match node.content {
        #[expect(clippy::cast_precision_loss, reason = "values are compared as doubles, too")]
        Content::Integer(value) => Ok(value as f64),
        Content::Decimal(value) if value.is_finite() => Ok(value),
        _ => Err(node.expected("a number, as the other end is")),
    }
}

fn date(node: &Node) -> Result<Date, Fault> {
    let text = match &node.content {
        Content::Text(text) | Content::Date(text) => text,
        _ => return Err(node.expected("a date, as the other end is")),
    };
    parse_date(text).ok_or_else(|| node.fault("expected a date, such as \"1990-01-31\""))
}

/// `YYYY-MM-DD` and nothing else.
pub(super) fn parse_date(text: &str) -> Option<Date> {
    let digits = |(at, byte): (usize, u8)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    let shaped = text.len() == 10 && text.bytes().enumerate().all(digits);
    text.parse().ok().filter(|_| shaped)
}

impl Check for Range {
    fn judge(&self, value: &Value<'_>, _: &Circumstances<'_>) -> Result<(), Miss> {
        match (self, value) {
            (Self::Numbers(ends), Value::Number(text) | Value::Text(text)) => {
                // Rust reads more than JSON's numbers: `inf`, `1_000` it does not, ` 1` it does not.
                let number: f64 = text.parse().or(Err(Miss::Value))?;
                met(number.is_finite() && ends.contains(number))
            }
            (Self::Dates(ends), Value::Text(text)) => {
                met(ends.contains(parse_date(text).ok_or(Miss::Value)?))
            }
            _ => Err(Miss::Type),
        }
    }

    fn asks(&self) -> String {
        match self {
            Self::Numbers(ends) => format!("a number {}", between(ends)),
            Self::Dates(ends) => format!("a date {}", between(ends)),
        }
    }
}

fn between<T: Display>(ends: &Bounds<T>) -> String {
    match (&ends.min, &ends.max) {
        (Some(min), Some(max)) => format!("from {min} to {max}"),
        (Some(min), None) => format!("from {min} up"),
        (None, Some(max)) => format!("up to {max}"),
        (None, None) => String::new(),
    }
}

/// Whole years, at least and at most.
#[derive(Debug)]
struct Age(Counts);

fn read_age(node: &Node, _: &Table) -> Read {
    Ok(Box::new(Age(Counts::of(node)?)))
}

impl Check for Age {
    fn judge(&self, value: &Value<'_>, around: &Circumstances<'_>) -> Result<(), Miss> {
        let Value::Text(text) = value else {
            return Err(Miss::Type);
        };
        let born = parse_date(text).ok_or(Miss::Value)?;
        let day = around.day();
        let had_birthday = (day.month(), day.day()) >= (born.month(), born.day());
        let years = i32::from(day.year()) - i32::from(born.year()) - i32::from(!had_birthday);
        // Who is not born yet has no age.
        met(usize::try_from(years).is_ok_and(|years| self.0.contains(years)))
    }

    fn asks(&self) -> String {
        self.0.describe("years ago")
    }
}
