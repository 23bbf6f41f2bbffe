//! The values of a rules file with their places. Checks read their arguments from them.
//!
//! The loader makes them from TOML. They are free of the parser's types and keep the file's order.

use std::rc::Rc;

use super::spanned::Span;
use crate::{
    nearest::unknown,
    problem::{SpanProblem, SpanProblems},
};

/// How many problems of one list are kept. The others are only counted, so that a long list leaves
/// room for the problems of other values.
const MOST_OF_A_LIST: usize = 20;

/// A value and its place.
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) content: Content,
}

pub(crate) enum Content {
    Text(String),
    Integer(i64),
    /// As JSON writes it, with the digits of the file; or `inf`, `nan`.
    Decimal(String),
    /// As in the file.
    Date(String),
    Boolean(bool),
    List(Vec<Node>),
    /// The text of the file in `{ file = "…" }`, where a list is expected. Each line is an entry.
    Lines(Rc<str>),
    /// `{ file = "…" }` whose file cannot be used. The problem is reported already.
    UnusableFile,
    /// A table, inline or not.
    Table(Table),
    /// A value that no key takes, and its description.
    Other(&'static str),
}

/// The entries of a table in the file's order.
pub(crate) struct Table(pub(crate) Vec<Entry>);

pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) value: Node,
}

impl Table {
    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.key == key)
    }
}

impl Entry {
    /// A problem at the key.
    pub(crate) fn problem(&self, message: impl Into<String>) -> SpanProblem {
        SpanProblem::at(self.key_span.clone(), message)
    }
}

/// Each reader returns a problem if the value is of another type.
impl Node {
    pub(crate) fn problem(&self, message: impl Into<String>) -> SpanProblem {
        SpanProblem::at(self.span.clone(), message)
    }

    /// The problem that this is not the expected type of value.
    pub(crate) fn expected(&self, what: &str) -> SpanProblem {
        let found = match &self.content {
            Content::Text(_) => "a string",
            Content::Integer(_) => "an integer",
            Content::Decimal(_) => "a decimal number",
            Content::Date(_) => "a date",
            Content::Lines(_) | Content::UnusableFile => "a list from a file",
            Content::Boolean(_) => "a boolean",
            Content::List(_) => "a list",
            Content::Table(_) => "a table",
            Content::Other(kind) => kind,
        };
        self.problem(format!("expected {what}, found {found}"))
    }

    /// A string that is not blank.
    pub(crate) fn text(&self) -> Result<&str, SpanProblem> {
        match &self.content {
            Content::Text(text) if text.trim().is_empty() => {
                Err(self.problem("this may not be empty"))
            }
            Content::Text(text) => Ok(text),
            _ => Err(self.expected("a string")),
        }
    }

    /// One of some names. Returns the value that belongs to the name.
    pub(crate) fn choice<T: Copy>(
        &self,
        what: &str,
        choices: &[(&str, T)],
    ) -> Result<T, SpanProblem> {
        let name = self.text()?;
        for (known, choice) in choices {
            if *known == name {
                return Ok(*choice);
            }
        }
        let known = choices.iter().map(|(known, _)| *known);
        Err(self.problem(unknown(what, name, known)))
    }

    pub(crate) fn boolean(&self) -> Result<bool, SpanProblem> {
        match self.content {
            Content::Boolean(value) => Ok(value),
            _ => Err(self.expected("true or false")),
        }
    }

    pub(crate) fn table(&self) -> Result<&Table, SpanProblem> {
        match &self.content {
            Content::Table(table) => Ok(table),
            _ => Err(self.expected("a table")),
        }
    }

    /// A list with at least one element. An empty list is a mistake: it would have no effect.
    pub(crate) fn list(&self) -> Result<&[Self], SpanProblem> {
        match &self.content {
            Content::List(items) if items.is_empty() => {
                Err(self.problem("an empty list has no effect; add at least one entry"))
            }
            Content::List(items) => Ok(items),
            _ => Err(self.expected("a list")),
        }
    }

    /// Reads each string of a list, or each line of a list file without white space at its ends.
    /// Blank lines are skipped, and blank strings are problems.
    pub(crate) fn each_text<T>(
        &self,
        mut read: impl FnMut(&str, &Self) -> Result<T, SpanProblem>,
    ) -> Result<Vec<T>, SpanProblems> {
        match &self.content {
            Content::Lines(lines) => self.each_line(lines, read),
            Content::Table(_) => Err(self.expected("a list, or { file = \"…\" }").into()),
            _ => collect(self.list()?.iter().map(|item| read(item.text()?, item))),
        }
    }

    fn each_line<T>(
        &self,
        lines: &str,
        mut read: impl FnMut(&str, &Self) -> Result<T, SpanProblem>,
    ) -> Result<Vec<T>, SpanProblems> {
        let numbered =
            lines.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty());
        let values = numbered.map(|(index, line)| {
            read(line, self).map_err(|SpanProblem { message, .. }| {
                self.problem(format!("in line {} of the file: {message}", index + 1))
            })
        });
        collect(values)
    }
}

/// All values of a list or table; or its problems.
pub(crate) fn collect<T>(
    items: impl Iterator<Item = Result<T, SpanProblem>>,
) -> Result<Vec<T>, SpanProblems> {
    let mut values = Vec::new();
    let mut problems = SpanProblems::default();
    for item in items {
        match item {
            Ok(value) if problems.is_empty() => values.push(value),
            Ok(_) => {}
            Err(problem) if problems.len() < MOST_OF_A_LIST => problems.push(problem),
            Err(_) => problems.count_one(),
        }
    }
    if problems.is_empty() { Ok(values) } else { Err(problems) }
}
