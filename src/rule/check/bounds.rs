//! The argument `{ min = …, max = … }`: bounds of any ordered type, and bounds of a count.

use std::fmt::{self, Display};

use crate::{
    nearest::unknown,
    problem::{SpanProblem, SpanProblems},
    rule::node::{Content, Node},
};

/// The bounds of a range, both inclusive. At least one of them is given.
pub(super) struct Bounds<T> {
    pub(super) min: Option<T>,
    pub(super) max: Option<T>,
}

impl<T: PartialOrd> Bounds<T> {
    /// Reads `{ min = …, max = … }`, of which one may be left out. `read_bound` reads each bound. `example`
    /// shows how to write the table.
    pub(super) fn read_bounds(
        node: &Node,
        example: &str,
        read_bound: fn(&Node) -> Result<T, SpanProblem>,
    ) -> Result<Self, SpanProblems> {
        let Content::Table(table) = &node.content else {
            return Err(node.expected(&format!("bounds, such as `{example}`")).into());
        };
        let mut bounds = Self { min: None, max: None };
        let mut problems = SpanProblems::default();
        for entry in &table.0 {
            let bound = match entry.key.as_str() {
                "min" => &mut bounds.min,
                "max" => &mut bounds.max,
                key => {
                    problems.push(entry.problem(unknown("key", key, ["min", "max"])));
                    continue;
                }
            };
            match read_bound(&entry.value) {
                Ok(value) => *bound = Some(value),
                Err(problem) => problems.push(problem),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        match (&bounds.min, &bounds.max) {
            (None, None) => Err(node.problem("give `min`, `max` or both").into()),
            (Some(min), Some(max)) if max < min => Err(node
                .problem("`max` is less than `min`, so no value can pass this check")
                .into()),
            _ => Ok(bounds),
        }
    }

    pub(super) fn contains(&self, value: &T) -> bool {
        if let Some(min) = &self.min
            && value < min
        {
            return false;
        }
        if let Some(max) = &self.max
            && value > max
        {
            return false;
        }
        true
    }
}

/// Bounds of a count.
pub(super) type Counts = Bounds<usize>;

impl Counts {
    /// Reads the bounds of a count that is at least 1. `example` shows how to write the table.
    pub(super) fn read_counts(node: &Node, example: &str) -> Result<Self, SpanProblems> {
        let counts = Self::read_bounds(node, example, read_count)?;
        if counts.max == Some(0) {
            let why = "`max` is 0, so no value can pass this check: an empty value is absent";
            return Err(node.problem(why).into());
        }
        Ok(counts)
    }
}

/// Prints the counts within the bounds: `2 to 40`, `4`, `3 or more`.
impl Display for Counts {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let min = self.min.unwrap_or(0);
        match self.max {
            None => write!(out, "{min} or more"),
            Some(max) if min == max => write!(out, "{max}"),
            Some(max) if min == 0 => write!(out, "at most {max}"),
            Some(max) => write!(out, "{min} to {max}"),
        }
    }
}

/// Reads a count from 0 up.
pub(super) fn read_count(node: &Node) -> Result<usize, SpanProblem> {
    match node.content {
        Content::Integer(value) => {
            usize::try_from(value).map_err(|_| node.problem("this cannot be negative"))
        }
        _ => Err(node.expected("an integer without quotes, such as `2`")),
    }
}
