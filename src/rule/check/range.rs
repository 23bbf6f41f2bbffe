//! `range`: a number or a date between two others; `age`: a date so many years ago.

use jiff::civil::Date;

use super::{Bounds, Check, Circumstances, Kind, Miss, Read, met};
use crate::{
    hook::Value,
    rule::node::{Content, Fault, Node, Table},
};

pub(super) const RANGE: Kind = Kind { key: "range", read: read_range };
pub(super) const AGE: Kind = Kind { key: "age", read: read_age };

/// The ends of a range, both within it.
#[derive(Debug)]
enum Range {
    Numbers { min: Option<f64>, max: Option<f64> },
    Dates { min: Option<Date>, max: Option<Date> },
}

fn read_range(node: &Node, _: &Table) -> Read {
    let table = node.table().map_err(|_| vec![node.expected("{ min = …, max = … }")])?;
    let end = |key: &str| table.get(key).map(|entry| &entry.value);
    for entry in &table.0 {
        if !["min", "max"].contains(&entry.key.as_str()) {
            let message = format!("unknown key `{}`; known are `min` and `max`", entry.key);
            return Err(vec![Fault { span: entry.key_span.clone(), message }]);
        }
    }
    let (min, max) = (end("min"), end("max"));
    let range = match min.or(max) {
        None => return Err(vec![node.fault("give `min`, `max` or both")]),
        Some(Node { content: Content::Text(_) | Content::Date(_), .. }) => {
            Range::Dates { min: min.map(date).transpose()?, max: max.map(date).transpose()? }
        }
        Some(_) => {
            Range::Numbers { min: min.map(number).transpose()?, max: max.map(number).transpose()? }
        }
    };
    let turned = match range {
        Range::Numbers { min: Some(min), max: Some(max) } => max < min,
        Range::Dates { min: Some(min), max: Some(max) } => max < min,
        _ => false,
    };
    match turned {
        true => Err(vec![node.fault("`max` is less than `min`, which never matches")]),
        false => Ok(Box::new(range)),
    }
}

fn number(node: &Node) -> Result<f64, Vec<Fault>> {
    match node.content {
        #[expect(clippy::cast_precision_loss, reason = "values are compared as doubles, too")]
        Content::Integer(value) => Ok(value as f64),
        Content::Decimal(value) if value.is_finite() => Ok(value),
        _ => Err(vec![node.expected("a number, as the other end is")]),
    }
}

fn date(node: &Node) -> Result<Date, Vec<Fault>> {
    let text = match &node.content {
        Content::Text(text) | Content::Date(text) => text,
        _ => return Err(vec![node.expected("a date, as the other end is")]),
    };
    parse_date(text).ok_or_else(|| vec![node.fault("expected a date, such as \"1990-01-31\"")])
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
            (Self::Numbers { min, max }, Value::Number(text) | Value::Text(text)) => {
                // Rust reads more than JSON's numbers: `inf`, `1_000` it does not, ` 1` it does not.
                let number: f64 = text.parse().or(Err(Miss::Value))?;
                let above = min.is_none_or(|min| number >= min);
                met(number.is_finite() && above && max.is_none_or(|max| number <= max))
            }
            (Self::Dates { min, max }, Value::Text(text)) => {
                let date = parse_date(text).ok_or(Miss::Value)?;
                met(min.is_none_or(|min| date >= min) && max.is_none_or(|max| date <= max))
            }
            _ => Err(Miss::Type),
        }
    }

    fn asks(&self) -> String {
        let text = |min: Option<String>, max: Option<String>| match (min, max) {
            (Some(min), Some(max)) => format!("from {min} to {max}"),
            (Some(min), None) => format!("from {min} up"),
            (_, max) => format!("up to {}", max.unwrap_or_default()),
        };
        match self {
            Self::Numbers { min, max } => {
                let ends = text(min.map(|end| end.to_string()), max.map(|end| end.to_string()));
                format!("a number {ends}")
            }
            Self::Dates { min, max } => {
                let ends = text(min.map(|end| end.to_string()), max.map(|end| end.to_string()));
                format!("a date {ends}")
            }
        }
    }
}

/// Whole years, at least and at most.
#[derive(Debug)]
struct Age(Bounds);

fn read_age(node: &Node, _: &Table) -> Read {
    Ok(Box::new(Age(Bounds::read(node)?)))
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
