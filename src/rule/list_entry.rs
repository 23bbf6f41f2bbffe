//! The entries of a list, which stands in the rules file or in a file that the rules file names.

use super::{
    list_line,
    node::{Content, Node},
};
use crate::problem::{SpanProblem, SpanProblems};

/// The most problems of one list that are kept. Further ones are only counted, so that a long list leaves
/// room for the problems of other values.
const MOST_LIST_PROBLEMS: usize = 20;
/// The longest line of a list file, in bytes.
const LONGEST_LINE: usize = 64 << 10;

impl Node {
    /// The entries of a list, or of the file that is in its place. `example` shows how to write a list.
    pub(crate) fn entries(
        &self,
        example: &str,
    ) -> Result<Box<dyn Iterator<Item = ListEntry<'_>> + '_>, SpanProblem> {
        match &self.content {
            Content::Lines(lines) => Ok(Box::new(self.lines(lines))),
            Content::List(_) => Ok(Box::new(self.list(example)?.iter().map(ListEntry::Item))),
            _ => {
                let file = "{ file = \"roster.txt\" }";
                Err(self.expected(&format!("a list, such as `{example}` or `{file}`")))
            }
        }
    }

    /// The lines of a list file, without white space at their ends. Skips blank lines.
    fn lines<'n>(&'n self, text: &'n str) -> impl Iterator<Item = ListEntry<'n>> {
        let numbered_lines = text.lines().map(str::trim).zip(1..);
        let entries = numbered_lines.filter(|(line, _)| !line.is_empty());
        entries.map(|(text, number)| ListEntry::Line { list: self, number, text })
    }
}

/// An entry of a list.
pub(crate) enum ListEntry<'n> {
    /// An item of a list in the rules file.
    Item(&'n Node),
    /// A line of a list file.
    Line {
        list: &'n Node,
        /// The number of the line in the file, from 1.
        number: usize,
        text: &'n str,
    },
}

impl<'n> ListEntry<'n> {
    /// A string that is not blank. Refuses a line that must hold several values, such as a whole file whose lines
    /// end with a bare carriage return: it would match no value.
    pub(crate) fn text(&self) -> Result<&'n str, SpanProblem> {
        let text = match self {
            Self::Item(node) => return text_of_item(node),
            Self::Line { text, .. } => text,
        };
        if text.len() > LONGEST_LINE || text.contains('\r') {
            let message = "it has more than 64 KiB, or a carriage return within it; write one value in each line";
            return Err(self.problem(message.to_owned()));
        }
        Ok(text)
    }

    /// How to correct a likely mistake in a line of a list file, such as a comment. Returns `None` if there
    /// is none, and for an item of a list in the rules file.
    pub(crate) fn line_hint(&self) -> Option<&'static str> {
        match self {
            Self::Item(_) => None,
            Self::Line { text, .. } => list_line::hint(text),
        }
    }

    pub(crate) fn problem(&self, message: String) -> SpanProblem {
        match self {
            Self::Item(node) => node.problem(message),
            Self::Line { list, number, .. } => {
                list.problem(format!("in line {number} of the file: {message}"))
            }
        }
    }
}

/// The text of an item of a list in the rules file.
fn text_of_item(item: &Node) -> Result<&str, SpanProblem> {
    match &item.content {
        Content::Table(table) if table.get("file").is_some() => {
            Err(item
                .problem("a file replaces the list; write `{ file = \"…\" }` without `[` and `]`"))
        }
        _ => item.text(),
    }
}

/// Adds a problem of an entry of a list, or only counts it if the list has many already.
pub(crate) fn push_list_problem(problems: &mut SpanProblems, problem: SpanProblem) {
    if problems.kept_count() < MOST_LIST_PROBLEMS {
        problems.push(problem);
    } else {
        problems.count_one();
    }
}
