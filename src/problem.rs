//! A fault in settings or rules, with its place and the way out.

use std::{fmt, io};

mod text;

pub(crate) use text::SourceText;

/// How many problems of one load are kept with their words; the others are counted.
pub(crate) const MOST_KEPT: usize = 100;
/// A longer message, in characters, loses its middle: it may quote a name of any length.
const LONGEST_MESSAGE: usize = 1000;
/// How much of the end of a long message stays, since the hint stands there.
const MESSAGE_END: usize = 300;

/// One fault found while loading. Printed, it starts with its place, as editors and CI read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where: `file:line:column`, with the column in characters; or a whole file or folder, an
    /// environment variable, a flag, or a setting that nobody gave.
    pub place: String,
    /// What is wrong and what would be right.
    pub message: String,
    /// The line around the place, with a marker, for below the message. Empty for a settings file,
    /// whose lines may hold secrets.
    excerpt: String,
    /// Whether the same files may have no problem when they are read again.
    may_pass: bool,
}

impl Problem {
    /// A problem of something that has no lines.
    pub fn named(place: impl Into<String>, message: impl Into<String>) -> Self {
        let message = without_middle(message.into());
        Self { place: place.into(), message, excerpt: String::new(), may_pass: false }
    }

    /// A problem that this error is the cause of. One of the system's may be over when the file is
    /// read again: no free descriptor, no memory.
    pub(crate) fn of_reading(
        place: impl Into<String>,
        message: impl Into<String>,
        error: &io::Error,
    ) -> Self {
        Self { may_pass: may_pass(error), ..Self::named(place, message) }
    }

    /// A problem that may be gone when the same files are read again.
    pub(crate) fn passing(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { may_pass: true, ..Self::named(place, message) }
    }
}

/// Whether the cause of this error may be over when the same file is read again. A file that is
/// missing is noticed when it comes.
pub(crate) fn may_pass(error: &io::Error) -> bool {
    error.raw_os_error().is_some() && error.kind() != io::ErrorKind::NotFound
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the padding that `out` may ask for.
        out.write_str(&self.place)?;
        out.write_str(": ")?;
        out.write_str(&self.message)?;
        out.write_str(&self.excerpt)
    }
}

/// The message as it is, or its start and its end where it is very long.
fn without_middle(message: String) -> String {
    if message.len() <= LONGEST_MESSAGE {
        return message;
    }
    let mut end: Vec<char> = message.chars().rev().take(MESSAGE_END).collect();
    end.reverse();
    let count = message.chars().count();
    if count <= LONGEST_MESSAGE {
        return message;
    }
    let start: String = message.chars().take(LONGEST_MESSAGE - MESSAGE_END).collect();
    let end: String = end.into_iter().collect();
    format!("{start} … {end}")
}

/// The problems of one load: the first ones, and a count of the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    kept: Vec<Problem>,
    /// How many there are besides.
    more: usize,
    /// Whether any of them may have passed when the same files are read again.
    may_pass: bool,
}

impl Problems {
    /// Adds a problem; only counts it where there are many already.
    pub(crate) fn push(&mut self, problem: Problem) {
        if problem.may_pass {
            self.may_pass = true;
        }
        if self.kept.len() < MOST_KEPT {
            self.kept.push(problem);
        } else {
            self.more += 1;
        }
    }

    /// Adds those of another part of the load.
    pub(crate) fn append(&mut self, others: Self) {
        for problem in others.kept {
            self.push(problem);
        }
        self.more += others.more;
        if others.may_pass {
            self.may_pass = true;
        }
    }

    /// Notes that one of them may have passed when the same files are read again.
    pub(crate) fn set_may_pass(&mut self) {
        self.may_pass = true;
    }

    /// Whether to read the same files again though none of them has changed.
    pub(crate) fn may_pass(&self) -> bool {
        self.may_pass
    }

    /// Adds problems of which nothing but their number is known.
    pub(crate) fn add_count(&mut self, more: usize) {
        self.more += more;
    }

    /// Whether a further one is only counted, so that its message is not worth making.
    pub(crate) fn is_full(&self) -> bool {
        self.kept.len() >= MOST_KEPT
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// How many there are, those that are not kept included.
    pub fn count(&self) -> usize {
        self.kept.len() + self.more
    }

    /// Those that are kept.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.kept.iter()
    }

    /// What to print after the first `shown` ones: how many more there are, if any.
    pub(crate) fn rest(&self, shown: usize) -> Option<String> {
        match self.count().saturating_sub(shown) {
            0 => None,
            1 => Some("and 1 more problem".to_owned()),
            more => Some(format!("and {} more problems", with_commas(more))),
        }
    }

    /// Every one that is kept, and how many more there are.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.kept.iter().map(Problem::to_string).collect();
        lines.extend(self.rest(self.kept.len()));
        lines
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        let mut problems = Self::default();
        problems.push(problem);
        problems
    }
}

impl std::ops::Deref for Problems {
    type Target = [Problem];

    fn deref(&self) -> &[Problem] {
        &self.kept
    }
}

impl<'p> IntoIterator for &'p Problems {
    type Item = &'p Problem;
    type IntoIter = std::slice::Iter<'p, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// `3900` → `3,900`.
fn with_commas(count: usize) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
