//! A value of a rules file with its place: what checks read their own arguments from.
//!
//! It is what the loader makes of TOML, free of the parser's types, and keeps the file's order.

use std::{ops::Range, rc::Rc};

use crate::nearest::unknown;

/// How many faults of one list are kept with their words: it may have a million.
const MOST_KEPT: usize = 20;

pub(crate) struct Fault {
    /// Where, in bytes from the file's start.
    pub(crate) span: Range<usize>,
    pub(crate) message: String,
}

/// What is read in one step fails with one fault, and then with nothing but it.
impl From<Fault> for Vec<Fault> {
    fn from(fault: Fault) -> Self {
        vec![fault]
    }
}

pub(crate) struct Node {
    pub(crate) span: Range<usize>,
    pub(crate) content: Content,
}

pub(crate) enum Content {
    Text(String),
    Integer(i64),
    /// As JSON writes it, with the digits of the file; or `inf`, `nan`.
    Decimal(String),
    /// As it was written.
    Date(String),
    Boolean(bool),
    List(Vec<Node>),
    /// The lines of a file, in the place of an array.
    Lines(Rc<str>),
    /// A table, inline or not.
    Table(Table),
    /// A kind that no key takes.
    Other(&'static str),
}

/// A table's entries in the file's order.
pub(crate) struct Table(pub(crate) Vec<Entry>);

pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Range<usize>,
    pub(crate) value: Node,
}

impl Table {
    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.key == key)
    }
}

impl Entry {
    pub(crate) fn fault(&self, message: impl Into<String>) -> Fault {
        Fault { span: self.key_span.clone(), message: message.into() }
    }
}

/// What reads a value as one of a kind complains of any other.
impl Node {
    pub(crate) fn fault(&self, message: impl Into<String>) -> Fault {
        Fault { span: self.span.clone(), message: message.into() }
    }

    /// The complaint that this should be something else.
    pub(crate) fn expected(&self, what: &str) -> Fault {
        let found = match &self.content {
            Content::Text(_) => "a string",
            Content::Integer(_) => "an integer",
            Content::Decimal(_) => "a decimal number",
            Content::Date(_) => "a date",
            Content::Lines(_) => "a list from a file",
            Content::Boolean(_) => "a boolean",
            Content::List(_) => "a list",
            Content::Table(_) => "a table",
            Content::Other(kind) => kind,
        };
        self.fault(format!("expected {what}, found {found}"))
    }

    /// A string that is not blank.
    pub(crate) fn text(&self) -> Result<&str, Fault> {
        match &self.content {
            Content::Text(text) if text.trim().is_empty() => {
                Err(self.fault("this may not be empty"))
            }
            Content::Text(text) => Ok(text),
            _ => Err(self.expected("a string")),
        }
    }

    /// What one of some names stands for.
    pub(crate) fn choice<T: Copy>(&self, what: &str, choices: &[(&str, T)]) -> Result<T, Fault> {
        let name = self.text()?;
        let chosen = choices.iter().find(|(known, _)| *known == name);
        let known = choices.iter().map(|(known, _)| *known);
        chosen.map(|(_, choice)| *choice).ok_or_else(|| self.fault(unknown(what, name, known)))
    }

    pub(crate) fn boolean(&self) -> Result<bool, Fault> {
        match self.content {
            Content::Boolean(value) => Ok(value),
            _ => Err(self.expected("true or false")),
        }
    }

    pub(crate) fn table(&self) -> Result<&Table, Fault> {
        match &self.content {
            Content::Table(table) => Ok(table),
            _ => Err(self.expected("a table")),
        }
    }

    /// A list with at least one element: whoever writes an empty one has meant something else.
    pub(crate) fn list(&self) -> Result<&[Self], Fault> {
        match &self.content {
            Content::List(items) if items.is_empty() => {
                Err(self.fault("an empty list means nothing; name at least one entry"))
            }
            Content::List(items) => Ok(items),
            _ => Err(self.expected("a list")),
        }
    }

    /// Reads each of a list of strings that are not blank; or each line of a file that is not,
    /// without white space at its ends. Complains of every one that is none or that `read` complains
    /// of.
    pub(crate) fn each_text<T>(
        &self,
        mut read: impl FnMut(&str, &Self) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Vec<Fault>> {
        let lines = match &self.content {
            Content::Lines(lines) => lines,
            Content::Table(_) => return Err(self.expected("a list, or { file = \"…\" }").into()),
            _ => return collect(self.list()?.iter().map(|item| read(item.text()?, item)), self),
        };
        if lines.is_empty() {
            // It could not be read, which has been told.
            return Err(Vec::new());
        }
        let lines = lines.lines().map(str::trim).zip(1_usize..);
        let values = lines.filter(|(line, _)| !line.is_empty()).map(|(line, number)| {
            read(line, self).map_err(|Fault { message, .. }| {
                self.fault(format!("in line {number} of the file: {message}"))
            })
        });
        collect(values, self)
    }
}

/// All values of a list or table, or its first faults and a count of the others.
pub(crate) fn collect<T>(
    items: impl Iterator<Item = Result<T, Fault>>,
    of: &Node,
) -> Result<Vec<T>, Vec<Fault>> {
    let mut values = Vec::new();
    let mut faults = Vec::new();
    let mut more = 0_usize;
    for item in items {
        match item {
            Ok(_) if !faults.is_empty() => {}
            Ok(value) => values.push(value),
            Err(_) if faults.len() == MOST_KEPT => more += 1,
            Err(fault) => faults.push(fault),
        }
    }
    match more {
        0 => {}
        1 => faults.push(of.fault("1 more entry of this list has a problem")),
        _ => faults.push(of.fault(format!("{more} more entries of this list have problems"))),
    }
    if faults.is_empty() { Ok(values) } else { Err(faults) }
}
