//! The kinds of check. Each is one file that reads its own argument and makes of it what judges a
//! value; [`KINDS`] is the catalogue.

use std::fmt;

use derive_more::Display;
use jiff::civil::Date;

use super::node::{Content, Entry, Fault, Node, Table, collect};
use crate::hook::{Form, Value};

mod digits;
mod domains;
mod equals;
mod format;
mod length;
mod one_of;
mod pattern;
mod range;

/// Something asked of an attribute's value.
pub struct Check {
    /// What is asked for, to follow "expected": `4 digits`.
    pub asks: String,
    /// The other attribute that it looks at, if it does.
    pub other: Option<String>,
    judge: Box<Judge>,
}

type Judge = dyn Fn(&Value<'_>, &Circumstances<'_>) -> Result<(), Miss> + Send + Sync;

impl Check {
    /// A check that asks for this and judges so.
    pub fn new(
        asks: impl Into<String>,
        judge: impl Fn(&Value<'_>, &Circumstances<'_>) -> Result<(), Miss> + Send + Sync + 'static,
    ) -> Self {
        Self { asks: asks.into(), other: None, judge: Box::new(judge) }
    }

    /// Judges a value that is neither absent nor empty.
    ///
    /// # Errors
    ///
    /// In what way the value is not what is asked for.
    pub fn judge(&self, value: &Value<'_>, around: &Circumstances<'_>) -> Result<(), Miss> {
        (self.judge)(value, around)
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.asks)
    }
}

/// What a value stands among.
pub struct Circumstances<'a> {
    /// The form, normalised.
    pub form: &'a Form<'a>,
    /// Okta's `eventTime`.
    pub event_time: Option<&'a str>,
    /// The UTC day, where Okta does not say when.
    pub today: Date,
}

impl Circumstances<'_> {
    /// The UTC day of the request.
    fn day(&self) -> Date {
        let said = self.event_time.and_then(|time| time.parse::<jiff::Timestamp>().ok());
        said.map_or(self.today, |time| time.to_zoned(jiff::tz::TimeZone::UTC).date())
    }
}

/// In what way a value misses; printed, the end of what says so.
#[derive(Clone, Copy, Debug, Display, PartialEq, Eq)]
pub enum Miss {
    /// A value of this JSON type never meets the check.
    #[display(", found another type of value")]
    Type,
    /// This value does not.
    #[display("")]
    Value,
}

/// A kind of check: its key in a rules file, and how its argument is read.
pub struct Kind {
    /// The key.
    pub key: &'static str,
    /// Builds the check from the key's value; the part around it gives modifiers.
    pub read: fn(&Node, &Table) -> Read,
}

/// A check, or every fault of its argument.
pub type Read = Result<Check, Vec<Fault>>;

/// Every kind there is.
pub const KINDS: &[Kind] = &[
    Kind { key: "domains", read: |node, _| domains::read(node, true) },
    Kind { key: "not_domains", read: |node, _| domains::read(node, false) },
    Kind { key: "digits", read: |node, _| digits::read(node) },
    Kind { key: "length", read: |node, _| length::read(node) },
    Kind { key: "pattern", read: |node, _| pattern::read(node) },
    Kind { key: "one_of", read: |node, part| one_of::read(node, part, true) },
    Kind { key: "not_one_of", read: |node, part| one_of::read(node, part, false) },
    Kind { key: "format", read: |node, _| format::read(node) },
    Kind { key: "range", read: |node, _| range::read(node) },
    Kind { key: "age", read: |node, _| range::read_age(node) },
    Kind { key: "equals", read: equals::read },
];

/// Keys of a part that change what a check does: the key, and the checks it goes with.
pub const MODIFIERS: &[(&str, &[&str])] = &[(one_of::IGNORE_CASE, &["one_of", "not_one_of"])];

/// The text of a value, or the miss that it has none.
fn text<'v>(value: &'v Value<'_>) -> Result<&'v str, Miss> {
    value.text().ok_or(Miss::Type)
}

fn met(holds: bool) -> Result<(), Miss> {
    if holds { Ok(()) } else { Err(Miss::Value) }
}

/// The ends of a range, both within it; at least one is there.
#[derive(Debug)]
struct Bounds<T> {
    min: Option<T>,
    max: Option<T>,
}

impl<T: Copy + PartialOrd> Bounds<T> {
    /// Reads `{ min = …, max = … }`, of which one may be left out, and each end with `end`.
    fn read(node: &Node, end: fn(&Node) -> Result<T, Fault>) -> Result<Self, Vec<Fault>> {
        let table = node.table().map_err(|_| node.expected("{ min = …, max = … }"))?;
        let mut bounds = Self { min: None, max: None };
        collect(table.0.iter().map(|Entry { key, key_span, value }| {
            let bound = match key.as_str() {
                "min" => &mut bounds.min,
                "max" => &mut bounds.max,
                _ => {
                    let message = format!("unknown key `{key}`; known are `min` and `max`");
                    return Err(Fault { span: key_span.clone(), message });
                }
            };
            *bound = Some(end(value)?);
            Ok(())
        }))?;
        match (bounds.min, bounds.max) {
            (None, None) => Err(node.fault("give `min`, `max` or both").into()),
            (Some(min), Some(max)) if max < min => {
                Err(node.fault("`max` is less than `min`, which never matches").into())
            }
            _ => Ok(bounds),
        }
    }

    fn contains(&self, value: T) -> bool {
        self.min.is_none_or(|min| value >= min) && self.max.is_none_or(|max| value <= max)
    }
}

/// How many of something.
type Counts = Bounds<usize>;

impl Counts {
    fn of(node: &Node) -> Result<Self, Vec<Fault>> {
        let counts = Self::read(node, count)?;
        if counts.max == Some(0) {
            let why = "`max` is 0, which never matches: an empty value is absent";
            return Err(node.fault(why).into());
        }
        Ok(counts)
    }

    /// `2 to 40 characters`.
    fn describe(&self, unit: &str) -> String {
        match (self.min.unwrap_or(0), self.max) {
            (min, Some(max)) if min == max => format!("{min} {unit}"),
            (min, None) => format!("{min} or more {unit}"),
            (0, Some(max)) => format!("at most {max} {unit}"),
            (min, Some(max)) => format!("{min} to {max} {unit}"),
        }
    }
}

/// A count from 0 up.
fn count(node: &Node) -> Result<usize, Fault> {
    match node.content {
        Content::Integer(value) => {
            usize::try_from(value).map_err(|_| node.fault("this cannot be negative"))
        }
        _ => Err(node.expected("an integer")),
    }
}
