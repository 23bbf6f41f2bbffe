//! Nodes: the values of a rules file, with their places. Checks read their arguments from nodes.
//!
//! The loader makes nodes from TOML. They do not depend on the TOML parser, and keep the file's order.

use std::{
    hash::{Hash, Hasher},
    ops::{Deref, Range},
    sync::Arc,
};

use crate::{nearest::unknown, problem::SpanProblem};

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

impl Eq for Node {}

/// Equal nodes have equal hashes, so the places do not count.
impl Hash for Node {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.content.hash(state);
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
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
#[derive(Clone, PartialEq, Eq, Hash)]
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

impl Eq for Entry {}

impl Hash for Entry {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
        self.value.hash(state);
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
}
