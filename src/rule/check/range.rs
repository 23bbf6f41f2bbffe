//! `range`: a number or a date between two others; `age`: a date so many years ago.

use std::{
    cmp::Ordering,
    fmt::{self, Display},
};

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{
    Bounds, Check, Content, Counts, Fault, Mismatch, Node, Read, Value, decimal::Decimal, met,
};

pub(super) fn read(node: &Node) -> Read {
    let first = node.table().ok().and_then(|table| table.get("min").or(table.get("max")));
    if let Some(Content::Text(_) | Content::Date(_)) = first.map(|entry| &entry.value.content) {
        let ends = Bounds::read(node, date)?;
        return Ok(Check::new(format!("a date {}", between(&ends)), move |value, _| {
            met(ends.contains(&date_of(value)?))
        }));
    }
    let ends = Bounds::read(node, number)?;
    Ok(Check::new(format!("a number {}", between(&ends)), move |value, _| {
        let (Value::Number(text) | Value::Text(text)) = value else {
            return Err(Mismatch::Type);
        };
        met(Decimal::parse(text).is_some_and(|number| is_within(&ends, &number)))
    }))
}

/// Whole years, at least and at most.
pub(super) fn read_age(node: &Node) -> Read {
    let ages = Counts::of(node)?;
    Ok(Check::new(format!("a date {}", ages.describe("years ago")), move |value, around| {
        let born = date_of(value)?;
        let said = around.event_time.and_then(|time| time.parse::<Timestamp>().ok());
        let day = said.map_or(around.today, |time| time.to_zoned(TimeZone::UTC).date());
        let had_birthday = (day.month(), day.day()) >= (born.month(), born.day());
        let years = i32::from(day.year()) - i32::from(born.year()) - i32::from(!had_birthday);
        // Who is not born yet has no age.
        met(usize::try_from(years).is_ok_and(|years| ages.contains(&years)))
    }))
}

/// An end of a range of numbers: as it is written in the rules file, and as it is compared.
struct End {
    written: String,
    value: Decimal,
}

impl PartialEq for End {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl PartialOrd for End {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.value.partial_cmp(&other.value)
    }
}

impl Display for End {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.written)
    }
}

fn number(node: &Node) -> Result<End, Fault> {
    let expected = "a finite number (both ends are numbers, or both dates)";
    let written = match &node.content {
        Content::Integer(integer) => integer.to_string(),
        Content::Decimal(decimal) => decimal.clone(),
        _ => return Err(node.expected(expected)),
    };
    let value = Decimal::parse(&written).ok_or_else(|| node.expected(expected))?;
    Ok(End { written, value })
}

fn is_within(ends: &Bounds<End>, number: &Decimal) -> bool {
    let above = ends.min.as_ref().is_none_or(|min| *number >= min.value);
    let below = ends.max.as_ref().is_none_or(|max| *number <= max.value);
    above && below
}

fn date(node: &Node) -> Result<Date, Fault> {
    let text = match &node.content {
        Content::Text(text) | Content::Date(text) => text,
        _ => return Err(node.expected("a date (both ends are numbers, or both dates)")),
    };
    parse_date(text).ok_or_else(|| node.fault("expected a date, such as \"1990-01-31\""))
}

fn date_of(value: &Value<'_>) -> Result<Date, Mismatch> {
    match value {
        Value::Text(text) => parse_date(text).ok_or(Mismatch::Value),
        _ => Err(Mismatch::Type),
    }
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

fn between<T: Display>(ends: &Bounds<T>) -> String {
    match (&ends.min, &ends.max) {
        (Some(min), Some(max)) => format!("from {min} to {max}"),
        (Some(min), None) => format!("from {min} up"),
        (None, Some(max)) => format!("up to {max}"),
        (None, None) => String::new(),
    }
}
