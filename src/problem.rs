//! Problems of settings and rules, each with its place and a hint.

use std::{fmt, io, ops::Range};

use crate::escape;

mod list;
mod text;

pub use list::Problems;
pub(crate) use list::{MOST_KEPT, with_commas};
pub(crate) use text::SourceText;

/// The longest message, in characters. A longer one, such as one that quotes a long name, loses its middle.
const LONGEST_MESSAGE: usize = 1000;
/// How many characters stay at the end of a long message, where the hint is.
const MESSAGE_END: usize = 300;

/// A problem found while loading. Printed, it starts with its place, so that editors and CI find the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem<P = String> {
    /// `file:line:column`, with the column in characters; or a file, a folder, an environment
    /// variable, a flag, or a setting that is missing.
    pub place: P,
    /// The problem, and a hint.
    pub message: String,
    /// The line of the place with a marker, to print below the message. Empty if there is no line, or the
    /// line may hold secrets, as in a settings file.
    excerpt: String,
    /// If given, the problem may explain all problems from this byte on, and is shown before them. For a misspelt
    /// key, the byte is the start of its table.
    explains_from: Option<usize>,
    /// Whether the problem may be gone when the same files are read again.
    is_transient: bool,
}

/// A problem at these bytes of a text. [`SpanProblems::located`] replaces the bytes by a line
/// and a column.
pub(crate) type SpanProblem = Problem<Range<usize>>;

/// Problems of one text.
pub(crate) type SpanProblems = Problems<Range<usize>>;

/// The order of problems that are shown at the same byte.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum SortOrder {
    Explaining,
    Other,
}

impl Problem {
    /// A problem at a place that has no lines, such as a flag or a setting.
    pub fn named(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self::at(place.into(), message)
    }

    /// The file, the line and the column, if the place has them.
    pub(crate) fn position(&self) -> Option<(&str, usize, usize)> {
        let (place, column) = self.place.rsplit_once(':')?;
        let (file, line) = place.rsplit_once(':')?;
        Some((file, line.parse().ok()?, column.parse().ok()?))
    }

    /// The line of the place, without its marker. A long line is shortened.
    pub(crate) fn source_line(&self) -> Option<&str> {
        // An excerpt starts with a line break and a line without text.
        let numbered_line = self.excerpt.lines().nth(2)?;
        let (_number, line) = numbered_line.split_once(" | ")?;
        Some(line)
    }
}

impl<P> Problem<P> {
    /// A problem at this place.
    pub(crate) fn at(place: P, message: impl Into<String>) -> Self {
        let message = shorten(message.into());
        let excerpt = String::new();
        Self { place, message, excerpt, explains_from: None, is_transient: false }
    }

    /// A problem that this error causes. It is transient if the operating system reports the error, such as a
    /// lack of memory. A missing file is not transient: it takes no retry, since the service notices when the
    /// file is created.
    pub(crate) fn caused_by_io(
        place: impl Into<P>,
        message: impl Into<String>,
        error: &io::Error,
    ) -> Self {
        let is_transient =
            error.raw_os_error().is_some() && error.kind() != io::ErrorKind::NotFound;
        Self { is_transient, ..Self::at(place.into(), message) }
    }

    /// A problem that may be gone when the same files are read again.
    pub(crate) fn transient(place: impl Into<P>, message: impl Into<String>) -> Self {
        Self { is_transient: true, ..Self::at(place.into(), message) }
    }
}

impl SpanProblem {
    /// The same problem, marked as the likely explanation of all problems from this byte on. It is shown before
    /// them.
    pub(crate) fn explaining_from(self, byte: usize) -> Self {
        Self { explains_from: Some(byte), ..self }
    }

    /// The key to sort problems by: the byte where they are shown. At the same byte, an explaining problem is first.
    fn sort_key(&self) -> (usize, SortOrder) {
        match self.explains_from {
            Some(byte) => (byte, SortOrder::Explaining),
            None => (self.place.start, SortOrder::Other),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (place, message) = (escape::line(&self.place), escape::line(&self.message));
        write!(out, "{place}: {message}{}", self.excerpt)
    }
}

/// The message, or the start and the end of a very long one.
fn shorten(message: String) -> String {
    if message.chars().count() <= LONGEST_MESSAGE {
        return message;
    }
    let start: String = message.chars().take(LONGEST_MESSAGE - MESSAGE_END).collect();
    let end = match message.char_indices().nth_back(MESSAGE_END - 1) {
        Some((byte, _)) => message.get(byte..).unwrap_or_default(),
        None => "",
    };
    format!("{start} … {end}")
}
