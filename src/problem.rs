//! A fault in settings or rules, with its place and the way out.

use std::ops::Range;

use derive_more::Display;

/// One fault found while loading. Printed, it starts with its place, as editors and CI read it.
#[derive(Clone, Debug, Display, PartialEq, Eq)]
#[display("{place}: {message}{excerpt}")]
pub struct Problem {
    /// Where: `file:line:column`, with the column in characters; or a whole file or folder, an
    /// environment variable, a flag, or a setting that nobody gave.
    pub place: String,
    /// What is wrong and what would be right.
    pub message: String,
    /// The line, with what is meant in it, for below the message. Only where it may be shown: never
    /// of a settings file, which may hold secrets.
    excerpt: String,
}

impl Problem {
    /// A problem of something that has no lines.
    pub fn named(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { place: place.into(), message: message.into(), excerpt: String::new() }
    }

    /// A problem at this byte of a file whose lines are not to be shown.
    pub fn in_secret_text(file: &str, text: &str, at: usize, message: impl Into<String>) -> Self {
        let (line, column) = position(text, at);
        Self::named(format!("{file}:{line}:{column}"), message)
    }

    /// A problem at these bytes of a file, with the line.
    pub fn in_text(file: &str, text: &str, span: Range<usize>, message: impl Into<String>) -> Self {
        let (line, column) = position(text, span.start);
        let indent = column - 1;
        // A tab counts as one character here and as several on a screen.
        let content = text.lines().nth(line - 1).unwrap_or_default().replace('\t', " ");
        let on_line = content.chars().count().saturating_sub(indent);
        let meant = text.get(span.clone()).map_or(1, |meant| meant.chars().count());
        let marker = "^".repeat(meant.min(on_line).max(1));
        let gutter = " ".repeat(line.to_string().len());
        let excerpt =
            format!("\n{gutter} |\n{line} | {content}\n{gutter} | {:indent$}{marker}", "");
        Self { excerpt, ..Self::in_secret_text(file, text, span.start, message) }
    }
}

/// The line and the column, in characters, of a byte; both counted from 1.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let on_line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, on_line.chars().count() + 1)
}
