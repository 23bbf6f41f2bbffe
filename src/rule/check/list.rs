//! The list of a check: its texts, and whether they are admitted or refused.

use super::context::{Mismatch, require};
use crate::{
    problem::{SpanProblem, SpanProblems},
    rule::{
        list_entry::{ListEntry, push_list_problem},
        node::Node,
    },
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

/// A set of texts in little memory, since a list may have millions. The texts are in one allocation, one
/// after another.
#[derive(Default)]
pub(super) struct TextSet {
    all_texts: String,
    /// The place of each text, sorted by the texts.
    extents: Vec<TextExtent>,
}

/// The bytes of one text among all texts.
#[derive(Clone, Copy)]
struct TextExtent {
    start: u32,
    end: u32,
}

/// Reads each entry of a list by `read_entry`, and collects the entries in an `L`: a [`TextSet`] or a `Vec`.
/// If any entry has a problem, returns the problems up to a limit instead. `example` shows how to write a list.
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
    /// Reads each entry of a list by `read_entry`. `example` shows how to write a list.
    pub(super) fn read_set(
        list: &Node,
        example: &str,
        read_entry: impl Fn(&ListEntry<'_>) -> Result<String, SpanProblem>,
    ) -> Result<Self, SpanProblems> {
        let mut set: Self = read_entries(list, example, read_entry)?;
        set.sort();
        Ok(set)
    }

    /// Adds a text. Leaves out texts beyond the first 4 GiB, which no list reaches: the loader's limit on lists is
    /// far below.
    fn push(&mut self, text: &str) {
        let start = self.all_texts.len();
        let end = start + text.len();
        if let (Ok(start), Ok(end)) = (u32::try_from(start), u32::try_from(end)) {
            self.all_texts.push_str(text);
            self.extents.push(TextExtent { start, end });
        }
    }

    /// Makes the set ready for searches. Removes repeated texts.
    fn sort(&mut self) {
        let all_texts = self.all_texts.as_str();
        self.extents.sort_unstable_by(|a, b| a.text(all_texts).cmp(b.text(all_texts)));
        self.extents.dedup_by(|a, b| a.text(all_texts) == b.text(all_texts));
        self.extents.shrink_to_fit();
        self.all_texts.shrink_to_fit();
    }

    pub(super) fn contains(&self, text: &str) -> bool {
        self.extents.binary_search_by(|extent| extent.text(&self.all_texts).cmp(text)).is_ok()
    }

    pub(super) fn len(&self) -> usize {
        self.extents.len()
    }

    /// The first text in order.
    pub(super) fn first(&self) -> Option<&str> {
        Some(self.extents.first()?.text(&self.all_texts))
    }
}

impl TextExtent {
    fn text(self, all_texts: &str) -> &str {
        all_texts.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}
