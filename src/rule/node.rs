//! Nodes: the values of a rules file, with their places. Checks read their arguments from nodes.
//!
//! The loader makes nodes from TOML. They do not depend on the TOML parser, and keep the file's order.

use std::{
    ops::{Deref, Range},
    sync::Arc,
};

use super::list_line;
use crate::{
    nearest::unknown,
    problem::{SpanProblem, SpanProblems},
};

/// The most problems of one list that are kept. Further ones are only counted, so that a long list leaves
/// room for the problems of other values.
const MOST_LIST_PROBLEMS: usize = 20;
/// The longest line of a list file, in bytes.
const LONGEST_LINE: usize = 64 << 10;

/// A place in a rules file, in bytes.
pub type Span = Range<usize>;

/// A value and its place in a rules file. Lints read the place. Judging does not.
pub struct Spanned<T> {
    /// The value without its place.
    pub value: T,
    /// The bytes of the value in the file.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// A value at this place.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

impl<T> Deref for Spanned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// A value of a rules file, and its place. The value may be of any type: the reader of a key checks the type.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) content: Content,
}

/// Compares the values, not their places.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.content == other.content
    }
}

#[derive(Clone, PartialEq)]
pub(crate) enum Content {
    Text(String),
    Integer(i64),
    /// A number with a fraction or an exponent, in JSON's form and with the digits of the file. `inf` and `nan` stay
    /// as they are.
    Float(String),
    /// A date, a time or both, as in the file.
    Date(String),
    Boolean(bool),
    List(Vec<Node>),
    /// The text of the file that `{ file = "…" }` names in place of a list. Each line is an entry.
    Lines(Arc<str>),
    /// A table, inline or not.
    Table(Table),
    /// A value that no key takes, such as an integer beyond 64 bits. Holds the description of its type.
    Other(&'static str),
}

/// The entries of a table in the file's order.
#[derive(Clone, PartialEq)]
pub(crate) struct Table(pub(crate) Vec<Entry>);

#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) value: Node,
}

/// Compares the keys and values, not their places.
impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && self.value == other.value
    }
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

    /// The problem that this value is not of the expected type.
    pub(crate) fn expected(&self, what: &str) -> SpanProblem {
        let found = match &self.content {
            Content::Text(_) => "a string",
            Content::Integer(_) => "an integer",
            Content::Float(_) => "a decimal number",
            Content::Date(_) => "a date",
            Content::Lines(_) => "a list from a file",
            Content::Boolean(_) => "a boolean",
            Content::List(_) => "a list",
            Content::Table(_) => "a table",
            Content::Other(kind) => kind,
        };
        self.problem(format!("expected {what}, found {found}"))
    }

    /// A string that is not blank.
    pub(crate) fn text(&self) -> Result<&str, SpanProblem> {
        if let Content::Text(text) = &self.content {
            if text.trim().is_empty() {
                return Err(self.problem("this may not be empty"));
            }
            return Ok(text);
        }
        let unquoted = match &self.content {
            Content::Integer(integer) => integer.to_string(),
            Content::Float(text) | Content::Date(text) => text.clone(),
            Content::Boolean(boolean) => boolean.to_string(),
            _ => return Err(self.expected("a string in quotes")),
        };
        Err(self.expected(&format!("a string in quotes, such as `\"{unquoted}\"`")))
    }

    /// A string that names one of the choices. Returns the choice. `what` is the noun for it in messages.
    pub(crate) fn choice<T: Copy>(
        &self,
        what: &str,
        choices: &[(&str, T)],
    ) -> Result<T, SpanProblem> {
        let Content::Text(name) = &self.content else {
            let names: Vec<_> = choices.iter().map(|(known, _)| format!("`\"{known}\"`")).collect();
            return Err(self.expected(&names.join(" or ")));
        };
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
            _ => Err(self.expected("`true` or `false`, without quotes")),
        }
    }

    /// A table such as this example.
    pub(crate) fn table(&self, example: &str) -> Result<&Table, SpanProblem> {
        match &self.content {
            Content::Table(table) => Ok(table),
            Content::List(items) if items.iter().any(Self::is_table) => {
                let message =
                    "expected one table, found a list of tables; write `[…]`, not `[[…]]`";
                Err(self.problem(message))
            }
            _ => Err(self.expected(&format!("a table, such as `{example}`"))),
        }
    }

    pub(crate) fn is_table(&self) -> bool {
        matches!(self.content, Content::Table(_))
    }

    /// A list such as this example, with at least one element. An empty list is a mistake: it would have
    /// no effect.
    pub(crate) fn list(&self, example: &str) -> Result<&[Self], SpanProblem> {
        match &self.content {
            Content::List(items) if items.is_empty() => {
                Err(self.problem("an empty list has no effect; add at least one entry"))
            }
            Content::List(items) => Ok(items),
            _ => Err(self.expected(&format!("a list, such as `{example}`"))),
        }
    }

    /// The entries of a list, or of the file that is in its place. `example` shows how to write a list.
    pub(crate) fn entries(
        &self,
        example: &str,
    ) -> Result<Box<dyn Iterator<Item = ListEntry<'_>> + '_>, SpanProblem> {
        match &self.content {
            Content::Lines(lines) => Ok(Box::new(self.lines(lines))),
            Content::List(_) => Ok(Box::new(self.list(example)?.iter().map(ListEntry::Item))),
            _ => {
                let file = "{ file = \"roster.txt\" }";
                Err(self.expected(&format!("a list, such as `{example}` or `{file}`")))
            }
        }
    }

    /// The lines of a list file, without white space at their ends. Skips blank lines.
    fn lines<'n>(&'n self, text: &'n str) -> impl Iterator<Item = ListEntry<'n>> {
        let numbered_lines = text.lines().map(str::trim).zip(1..);
        let entries = numbered_lines.filter(|(line, _)| !line.is_empty());
        entries.map(|(text, number)| ListEntry::Line { list: self, number, text })
    }
}

/// An entry of a list.
pub(crate) enum ListEntry<'n> {
    /// An item of a list in the rules file.
    Item(&'n Node),
    /// A line of a list file.
    Line {
        list: &'n Node,
        /// The number of the line in the file, from 1.
        number: usize,
        text: &'n str,
    },
}

impl<'n> ListEntry<'n> {
    /// A string that is not blank. Refuses a line that must hold several values, such as a whole file whose lines
    /// end with a bare carriage return: it would match no value.
    pub(crate) fn text(&self) -> Result<&'n str, SpanProblem> {
        let text = match self {
            Self::Item(node) => return text_of_item(node),
            Self::Line { text, .. } => text,
        };
        if text.len() > LONGEST_LINE || text.contains('\r') {
            let message = "it has more than 64 KiB, or a carriage return within it; write one value in each line";
            return Err(self.problem(message.to_owned()));
        }
        Ok(text)
    }

    /// How to correct a likely mistake in a line of a list file, such as a comment. Returns `None` if there
    /// is none, and for an item of a list in the rules file.
    pub(crate) fn line_hint(&self) -> Option<&'static str> {
        match self {
            Self::Item(_) => None,
            Self::Line { text, .. } => list_line::hint(text),
        }
    }

    pub(crate) fn problem(&self, message: String) -> SpanProblem {
        match self {
            Self::Item(node) => node.problem(message),
            Self::Line { list, number, .. } => {
                list.problem(format!("in line {number} of the file: {message}"))
            }
        }
    }
}

/// The text of an item of a list in the rules file.
fn text_of_item(item: &Node) -> Result<&str, SpanProblem> {
    match &item.content {
        Content::Table(table) if table.get("file").is_some() => {
            Err(item
                .problem("a file replaces the list; write `{ file = \"…\" }` without `[` and `]`"))
        }
        _ => item.text(),
    }
}

/// Adds a problem of an entry of a list, or only counts it if the list has many already.
pub(crate) fn push_list_problem(problems: &mut SpanProblems, problem: SpanProblem) {
    if problems.kept_count() < MOST_LIST_PROBLEMS {
        problems.push(problem);
    } else {
        problems.count_one();
    }
}
