//! The list of a check: its texts, and whether they are admitted or refused.

use super::context::{Mismatch, require};
use crate::{
    problem::{SpanProblem, SpanProblems},
    rule::node::{ListEntry, Node, push_list_problem},
};

/// Whether a check admits the values of its list, or refuses them.
#[derive(Clone, Copy)]
pub(super) enum ListRole {
    /// Only values of the list meet the check.
    Allowed,
    /// Only values that are not on the list meet the check.
    Refused,
}

impl ListRole {
    /// Succeeds if a value meets the check. `is_listed` says whether the list has the value.
    pub(super) fn require(self, is_listed: bool) -> Result<(), Mismatch> {
        match self {
            Self::Allowed => require(is_listed),
            Self::Refused => require(!is_listed),
        }
    }
}

/// A set of texts in little memory: a list may have millions. The texts are in one allocation, one
/// after another.
#[derive(Default)]
pub(super) struct TextSet {
    text: String,
    /// The place of each text, sorted by the texts.
    extents: Vec<TextExtent>,
}

/// The bytes of one text.
#[derive(Clone, Copy)]
struct TextExtent {
    start: u32,
    end: u32,
}

/// Reads the entries of a list, each by `read_entry`. Returns all problems up to a bound. `example` shows
/// how to write a list.
pub(super) fn read_entries<T, L: Default + Extend<T>>(
    list: &Node,
    example: &str,
    read_entry: impl Fn(&ListEntry<'_>) -> Result<T, SpanProblem>,
) -> Result<L, SpanProblems> {
    let mut entries = L::default();
    let mut problems = SpanProblems::default();
    for entry in list.entries(example)? {
        match read_entry(&entry) {
            Ok(value) => entries.extend([value]),
            Err(problem) => push_list_problem(&mut problems, problem),
        }
    }
    if problems.is_empty() { Ok(entries) } else { Err(problems) }
}

impl Extend<String> for TextSet {
    fn extend<I: IntoIterator<Item = String>>(&mut self, texts: I) {
        for text in texts {
            self.push(&text);
        }
    }
}

impl TextSet {
    /// Reads the entries of a list, each by `read_entry`. `example` shows how to write a list.
    pub(super) fn read_set(
        list: &Node,
        example: &str,
        read_entry: impl Fn(&ListEntry<'_>) -> Result<String, SpanProblem>,
    ) -> Result<Self, SpanProblems> {
        let mut set: Self = read_entries(list, example, read_entry)?;
        set.sort();
        Ok(set)
    }

    /// Adds a text. A text that would make the set larger than 4 GiB is left out. The loader's bound
    /// on lists is far below.
    fn push(&mut self, text: &str) {
        let end = self.text.len() + text.len();
        if let (Ok(start), Ok(end)) = (u32::try_from(self.text.len()), u32::try_from(end)) {
            self.text.push_str(text);
            self.extents.push(TextExtent { start, end });
        }
    }

    /// Makes the set ready for searches.
    fn sort(&mut self) {
        let text = &*self.text;
        self.extents.sort_unstable_by(|a, b| a.of(text).cmp(b.of(text)));
        self.extents.dedup_by(|a, b| a.of(text) == b.of(text));
        self.extents.shrink_to_fit();
        self.text.shrink_to_fit();
    }

    pub(super) fn contains(&self, text: &str) -> bool {
        self.extents.binary_search_by(|extent| extent.of(&self.text).cmp(text)).is_ok()
    }

    pub(super) fn len(&self) -> usize {
        self.extents.len()
    }

    /// The first text in order.
    pub(super) fn first(&self) -> Option<&str> {
        Some(self.extents.first()?.of(&self.text))
    }
}

impl TextExtent {
    fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}
