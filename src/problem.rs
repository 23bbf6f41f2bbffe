//! A fault in settings or rules, with its place and the way out.

use std::{fmt, ops::Range};

/// One fault found while loading. Printed, it starts with its place, as editors and CI read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What is wrong and what would be right.
    pub message: String,
}

/// Where a problem is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a file's text.
    Text {
        /// The file, as it was named.
        file: String,
        /// Counted from 1.
        line: usize,
        /// In characters, counted from 1.
        column: usize,
        /// The line, where it may be shown: never one of a settings file, which may hold secrets.
        excerpt: Option<Excerpt>,
    },
    /// A whole file or folder, an environment variable, a flag, or a setting that nobody gave.
    Named(String),
}

/// A line of a file and what is meant in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    line: String,
    /// In characters.
    width: usize,
}

impl Problem {
    /// A problem of something that has no lines.
    pub fn named(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { place: Place::Named(place.into()), message: message.into() }
    }

    /// A problem at these bytes of a file, with the line.
    pub fn in_text(file: &str, text: &str, span: Range<usize>, message: impl Into<String>) -> Self {
        let (line, column) = position(text, span.start);
        let content = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
        let on_line = content.chars().count().saturating_sub(column - 1);
        let width =
            text.get(span).map_or(1, |meant| meant.chars().take_while(|c| *c != '\n').count());
        Self {
            place: Place::Text {
                file: file.to_owned(),
                line,
                column,
                excerpt: Some(Excerpt {
                    line: content.to_owned(),
                    width: width.min(on_line).max(1),
                }),
            },
            message: message.into(),
        }
    }

    /// A problem at this byte of a file whose lines are not to be shown.
    pub fn in_secret_text(file: &str, text: &str, at: usize, message: impl Into<String>) -> Self {
        let (line, column) = position(text, at);
        Self {
            place: Place::Text { file: file.to_owned(), line, column, excerpt: None },
            message: message.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = &self.message;
        match &self.place {
            Place::Named(name) => write!(out, "{name}: {message}"),
            Place::Text { file, line, column, excerpt } => {
                write!(out, "{file}:{line}:{column}: {message}")?;
                let Some(excerpt) = excerpt else {
                    return Ok(());
                };
                let number = line.to_string();
                let gutter = " ".repeat(number.len());
                // A tab counts as one character here and as several on a screen.
                let content = excerpt.line.replace('\t', " ");
                let indent = " ".repeat(column - 1);
                let marker = "^".repeat(excerpt.width);
                write!(out, "\n{gutter} |\n{number} | {content}\n{gutter} | {indent}{marker}")
            }
        }
    }
}

/// The line and the column, in characters, of a byte; both counted from 1.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    let column = before.get(line_start..).map_or(0, |line| line.chars().count()) + 1;
    (line, column)
}
