//! The kinds of check. Each is one file that reads its own argument and makes of it what judges a
//! value; `KINDS` is the catalogue.

use derive_more::Display;
use jiff::civil::Date;

use super::node::{Content, Fault, Node, Table, collect};
use crate::{
    nearest::unknown,
    okta::{Form, Value},
};

mod decimal;
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
    pub(crate) asks: String,
    /// The other attribute that it looks at, if it does.
    pub(crate) other: Option<String>,
    /// Judges a value that is neither absent nor empty.
    pub(crate) judge: Box<Judge>,
}

pub(crate) type Judge = dyn Fn(&Value<'_>, &EvalContext<'_>) -> Result<(), Mismatch> + Send + Sync;

impl Check {
    /// A check that asks for this and judges so.
    pub fn new(
        asks: impl Into<String>,
        judge: impl Fn(&Value<'_>, &EvalContext<'_>) -> Result<(), Mismatch> + Send + Sync + 'static,
    ) -> Self {
        Self { asks: asks.into(), other: None, judge: Box::new(judge) }
    }
}

/// What a value stands among.
pub struct EvalContext<'a> {
    /// The form, normalised.
    pub(crate) form: &'a Form<'a>,
    pub(crate) event_time: Option<&'a str>,
    /// The UTC day, where Okta does not say when.
    pub(crate) today: Date,
}

/// In what way a value misses; printed, the end of what says so.
#[derive(Clone, Copy, Debug, Display, PartialEq, Eq)]
pub enum Mismatch {
    /// A value of this JSON type never meets the check.
    #[display(", found another type of value")]
    Type,
    /// This value does not.
    #[display("")]
    Value,
    /// The value is longer, or takes more steps, than the check allows. It may meet the check or not.
    #[display(", found a value that is too long or takes too long to check")]
    TooCostly,
}

/// A kind of check: its key in a rules file, and how its argument is read.
pub(crate) struct Kind {
    pub(crate) key: &'static str,
    /// Builds the check from the key's value and the part around it.
    pub(crate) read: fn(&Node, &Table) -> Read,
}

/// A check, or every fault of its argument.
pub(crate) type Read = Result<Check, Vec<Fault>>;

pub(crate) const KINDS: &[Kind] = &[
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
    Kind { key: "equals", read: |node, _| equals::read(node) },
];

/// The key of a part that changes what `one_of` and `not_one_of` do.
pub(crate) const IGNORE_CASE: &str = "ignore_case";

/// Whether it is set. That it is a boolean is the loader's to say.
pub(crate) fn ignores_case(part: &Table) -> bool {
    part.get(IGNORE_CASE).is_some_and(|entry| matches!(entry.value.content, Content::Boolean(true)))
}

fn met(holds: bool) -> Result<(), Mismatch> {
    if holds { Ok(()) } else { Err(Mismatch::Value) }
}

/// The ends of a range, both within it; at least one is there.
struct Bounds<T> {
    min: Option<T>,
    max: Option<T>,
}

impl<T: PartialOrd> Bounds<T> {
    /// Reads `{ min = …, max = … }`, of which one may be left out, and each end with `end`.
    fn read(node: &Node, end: fn(&Node) -> Result<T, Fault>) -> Result<Self, Vec<Fault>> {
        let table = node.table().map_err(|_| node.expected("{ min = …, max = … }"))?;
        let mut bounds = Self { min: None, max: None };
        let ends = table.0.iter().map(|entry| {
            match entry.key.as_str() {
                "min" => bounds.min = Some(end(&entry.value)?),
                "max" => bounds.max = Some(end(&entry.value)?),
                key => return Err(entry.fault(unknown("key", key, ["min", "max"]))),
            }
            Ok(())
        });
        collect(ends, node)?;
        match (&bounds.min, &bounds.max) {
            (None, None) => Err(node.fault("give `min`, `max` or both").into()),
            (Some(min), Some(max)) if max < min => {
                Err(node.fault("`max` is less than `min`, which never matches").into())
            }
            _ => Ok(bounds),
        }
    }

    fn contains(&self, value: &T) -> bool {
        let above = self.min.as_ref().is_none_or(|min| value >= min);
        let below = self.max.as_ref().is_none_or(|max| value <= max);
        above && below
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
