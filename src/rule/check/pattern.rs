//! `pattern`: a regular expression that must match the whole value, in bounded time.

use std::cell::Cell;

use derive_more::Display;
use regex_syntax::ParserBuilder;

use super::{
    context::{Mismatch, require},
    work::WorkBudget,
};
use crate::{okta::Value, problem::SpanProblems, rule::node::Node};

mod matcher;
mod table;

use matcher::{Matcher, SIZE_LIMIT, TooLarge};

/// The longest pattern, in bytes. Limits the memory of the parser, which takes up to 4 KiB per byte of the pattern.
const TEXT_LIMIT: usize = 4 << 10;

/// The cost of ignoring case, in bytes of the budget per byte of the pattern. It stands for the time to fold
/// the case of classes: up to 30 µs per byte, even if the result is small.
const CASE_COST: usize = 4 << 10;

/// How deep the groups of a pattern may be nested.
const NEST_LIMIT: u32 = 50;

/// The most memory, in bytes, that the patterns of all rules may take together.
const TOTAL_LIMIT: usize = 64 << 20;

/// The most memory, in bytes, that the tables of all patterns may take together. Further patterns get no
/// table, so their matches take more time.
const TABLES_LIMIT: usize = 16 << 20;

/// The memory that the patterns of one load may still take. A pattern that is refused as too large counts as
/// the largest allowed one, since the attempt to compile it takes as long.
pub(crate) struct PatternBudget {
    /// For the compiled patterns, in bytes.
    patterns: Cell<usize>,
    /// For their tables, in bytes.
    tables: Cell<usize>,
}

impl Default for PatternBudget {
    fn default() -> Self {
        Self { patterns: Cell::new(TOTAL_LIMIT), tables: Cell::new(TABLES_LIMIT) }
    }
}

impl PatternBudget {
    pub(in crate::rule) fn take(&self, bytes: usize) {
        self.patterns.set(self.patterns.get().saturating_sub(bytes));
    }

    fn is_used_up(&self) -> bool {
        self.patterns.get() == 0
    }

    /// Adds a table to a pattern, unless the memory for tables is used up.
    fn add_table(&self, matcher: &mut Matcher) {
        let left = self.tables.get();
        if left > 0 {
            self.tables.set(left.saturating_sub(matcher.add_table()));
        }
    }
}

/// A text that a regular expression matches as a whole.
#[derive(Display)]
#[display("a match of the pattern `{text}`")]
pub struct Pattern {
    /// The pattern as the rules file writes it.
    text: String,
    matcher: Matcher,
}

impl Pattern {
    pub(super) fn read_pattern(node: &Node, budget: &PatternBudget) -> Result<Self, SpanProblems> {
        let mut pattern = Self::read_pattern_without_table(node, budget)?;
        budget.add_table(&mut pattern.matcher);
        Ok(pattern)
    }

    /// Reads a pattern without a table. Its matches take more time, and spend steps of the work budget.
    pub(in crate::rule) fn read_pattern_without_table(
        node: &Node,
        budget: &PatternBudget,
    ) -> Result<Self, SpanProblems> {
        let text = node.text()?;
        if text.len() > TEXT_LIMIT {
            let why = format!(
                "the pattern has {} bytes, and at most {TEXT_LIMIT} are allowed; use `one_of` for a list of values, or several rules",
                text.len()
            );
            return Err(node.problem(why).into());
        }
        if text.starts_with("/^") {
            let why =
                "no value can pass this check: a pattern has no `/` around it; leave them out";
            return Err(node.problem(why).into());
        }
        if names_case_flag(text) {
            budget.take(text.len() * CASE_COST);
        }
        if budget.is_used_up() {
            let why = "the patterns of all rules are too large together; repeat less, or shorten character classes";
            return Err(node.problem(why).into());
        }
        let mut parser = ParserBuilder::new().nest_limit(NEST_LIMIT).build();
        let pattern = parser.parse(text).map_err(|error| node.problem(describe_error(&error)))?;
        match Matcher::new(pattern) {
            Ok(matcher) => {
                budget.take(matcher.memory());
                Ok(Self { text: text.to_owned(), matcher })
            }
            Err(TooLarge) => {
                budget.take(SIZE_LIMIT);
                let why = "the pattern is too large; repeat less, or shorten character classes";
                Err(node.problem(why).into())
            }
        }
    }

    pub(in crate::rule) fn check_match(
        &self,
        value: &Value<'_>,
        work: &WorkBudget,
    ) -> Result<(), Mismatch> {
        let text = value.text().ok_or(Mismatch::Type)?;
        require(self.matcher.matches(text, work)?)
    }
}

/// Whether a pattern names the flag `i`, which ignores case: `(?i)`. Also if the pattern switches the flag off, as
/// in `(?x-i:…)`.
fn names_case_flag(pattern: &str) -> bool {
    for after_opening in pattern.split("(?").skip(1) {
        let flags = after_opening.split([':', ')', '<', '=']).next().unwrap_or_default();
        if flags.contains('i') {
            return true;
        }
    }
    false
}

fn describe_error(error: &regex_syntax::Error) -> String {
    let (kind, span) = match error {
        regex_syntax::Error::Parse(error) => (error.kind().to_string(), error.span()),
        regex_syntax::Error::Translate(error) => (error.kind().to_string(), error.span()),
        _ => return "invalid regular expression".to_owned(),
    };
    let (line, column) = (span.start.line, span.start.column);
    format!("invalid regular expression: {kind}, at its line {line}, column {column}")
}
