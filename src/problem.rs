//! Problems of settings and rules, each with its place and a hint.

use std::{fmt, io};

use crate::escape;

mod text;

pub(crate) use text::SourceText;

/// How many problems of one load are kept. The others are only counted.
pub(crate) const MOST_KEPT: usize = 100;
/// The longest message, in characters. A longer one, which quotes a long name, loses its middle.
const LONGEST_MESSAGE: usize = 1000;
/// How many characters of the end of a long message stay. The hint is there.
const MESSAGE_END: usize = 300;

/// A problem found while loading. Printed, it starts with its place, as editors and CI read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// `file:line:column`, with the column in characters; or a file, a folder, an environment
    /// variable, a flag, or a setting that is missing.
    pub place: String,
    /// The problem, and a hint how to solve it.
    pub message: String,
    /// The line of the place with a marker, to print below the message. Empty for a settings file,
    /// whose lines may hold secrets.
    excerpt: String,
    /// Whether the problem may be gone when the same files are read again.
    may_pass: bool,
}

impl Problem {
    /// A problem whose place has no lines.
    pub fn named(place: impl Into<String>, message: impl Into<String>) -> Self {
        let message = without_middle(message.into());
        Self { place: place.into(), message, excerpt: String::new(), may_pass: false }
    }

    /// A problem caused by this error. An error of the system, such as a lack of memory, may be gone
    /// when the file is read again.
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

/// Whether this error may be gone when the same file is read again. A missing file does not count,
/// since it is noticed when it is created.
pub(crate) fn may_pass(error: &io::Error) -> bool {
    error.raw_os_error().is_some() && error.kind() != io::ErrorKind::NotFound
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the padding that a caller may ask for.
        out.write_str(&escape::line(&self.place))?;
        out.write_str(": ")?;
        out.write_str(&escape::line(&self.message))?;
        out.write_str(&self.excerpt)
    }
}

/// The message; or its start and its end, if it is very long.
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
    /// How many problems are not kept.
    more: usize,
    /// Whether one of them may be gone when the same files are read again.
    may_pass: bool,
}

impl Problems {
    /// Adds a problem, or only counts it if there are many already.
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

    /// Adds the problems of another part of the load.
    pub(crate) fn append(&mut self, others: Self) {
        for problem in others.kept {
            self.push(problem);
        }
        self.more += others.more;
        if others.may_pass {
            self.may_pass = true;
        }
    }

    /// Notes that one of them may be gone when the same files are read again.
    pub(crate) fn set_may_pass(&mut self) {
        self.may_pass = true;
    }

    /// Whether to read the same files again even if none of them changes.
    pub(crate) fn may_pass(&self) -> bool {
        self.may_pass
    }

    /// Counts more problems without their messages.
    pub(crate) fn add_count(&mut self, more: usize) {
        self.more += more;
    }

    /// Whether a further problem is only counted, so that its message is not worth making.
    pub(crate) fn is_full(&self) -> bool {
        self.kept.len() >= MOST_KEPT
    }

    /// Whether there is no problem.
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// How many there are, including those that are not kept.
    pub fn count(&self) -> usize {
        self.kept.len() + self.more
    }

    /// The problems that are kept.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.kept.iter()
    }

    /// The line to print after the first `shown` problems. Returns `None` if there are no more.
    pub(crate) fn rest(&self, shown: usize) -> Option<String> {
        match self.count().saturating_sub(shown) {
            0 => None,
            1 => Some("and 1 more problem".to_owned()),
            more => Some(format!("and {} more problems", with_commas(more))),
        }
    }

    /// Each problem that is kept, and a line that counts the others.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.kept.iter().map(Problem::to_string).collect();
        if let Some(rest) = self.rest(self.kept.len()) {
            lines.push(rest);
        }
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
