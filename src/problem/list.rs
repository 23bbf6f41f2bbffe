//! A list of problems that takes bounded memory.

use std::ops::Deref;

use super::{Problem, SpanProblem, SpanProblems};

/// How many problems of one load are kept. The others are only counted.
pub(crate) const MOST_KEPT: usize = 100;

/// Problems: the first ones, and a count of the others. `P` is the type of a problem's place, as in [`Problem`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems<P = String> {
    kept: Vec<Problem<P>>,
    /// How many problems are not kept.
    more: usize,
    /// Whether one of the problems may be gone when the same files are read again.
    is_transient: bool,
}

impl<P> Problems<P> {
    /// Adds a problem, or only counts it if there are many already.
    pub(crate) fn push(&mut self, problem: Problem<P>) {
        if problem.is_transient {
            self.is_transient = true;
        }
        if self.is_full() {
            self.more += 1;
        } else {
            self.kept.push(problem);
        }
    }

    /// Adds other problems.
    pub(crate) fn append(&mut self, others: Self) {
        for problem in others.kept {
            self.push(problem);
        }
        self.more += others.more;
        if others.is_transient {
            self.is_transient = true;
        }
    }

    /// Counts one more problem, which is not kept.
    pub(crate) fn count_one(&mut self) {
        self.more += 1;
    }

    /// Whether one of the problems may be gone when the same files are read again.
    pub(crate) fn is_transient(&self) -> bool {
        self.is_transient
    }

    /// Whether further problems are only counted, so that their messages need not be made.
    pub(crate) fn is_full(&self) -> bool {
        self.kept.len() >= MOST_KEPT
    }

    /// How many problems are kept.
    pub(crate) fn kept_count(&self) -> usize {
        self.kept.len()
    }

    /// How many problems there are, including those that are not kept.
    pub fn total(&self) -> usize {
        self.kept.len() + self.more
    }
}

impl Problems {
    /// The line that counts the problems after the first `shown` ones. Returns `None` if there are no more.
    pub(crate) fn rest(&self, shown: usize) -> Option<String> {
        match self.total().saturating_sub(shown) {
            0 => None,
            1 => Some("and 1 more problem".to_owned()),
            more => Some(format!("and {} more problems", with_commas(more))),
        }
    }

    /// Each problem that is kept, and a line that counts the others.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.kept.iter().map(Problem::to_string).collect();
        if let Some(rest) = self.rest(lines.len()) {
            lines.push(rest);
        }
        lines
    }
}

impl SpanProblems {
    /// The problems in the order of the text, except that a problem that may explain others comes before them; see
    /// [`SpanProblem::explaining_from`]. `locate` gives each its line and column.
    pub(crate) fn located(mut self, locate: impl FnMut(SpanProblem) -> Problem) -> Problems {
        self.kept.sort_by_key(SpanProblem::sort_key);
        let kept = self.kept.into_iter().map(locate).collect();
        Problems { kept, more: self.more, is_transient: self.is_transient }
    }
}

impl<P> Default for Problems<P> {
    fn default() -> Self {
        Self { kept: Vec::new(), more: 0, is_transient: false }
    }
}

impl<P> From<Problem<P>> for Problems<P> {
    fn from(problem: Problem<P>) -> Self {
        let mut problems = Self::default();
        problems.push(problem);
        problems
    }
}

/// The problems that are kept.
impl<P> Deref for Problems<P> {
    type Target = [Problem<P>];

    fn deref(&self) -> &[Problem<P>] {
        &self.kept
    }
}

/// `3900` → `3,900`.
pub(crate) fn with_commas(count: usize) -> String {
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
