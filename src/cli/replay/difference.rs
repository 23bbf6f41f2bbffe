//! The difference of two answers, line by line.

use std::time::Duration;

use similar::TextDiff;

use crate::problem::with_commas;

/// The longest time to search for the shortest description of a difference.
const TIMEOUT: Duration = Duration::from_millis(500);
/// The longest description, in bytes.
const LONGEST: usize = 64 << 10;

/// A text to compare, and its name in the description.
pub(super) struct NamedText<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
}

/// Describes a difference. The description is the shortest one if that is found within [`TIMEOUT`].
pub(super) fn describe(before: NamedText<'_>, after: NamedText<'_>) -> String {
    let difference = TextDiff::configure().timeout(TIMEOUT).diff_lines(before.text, after.text);
    let description = difference.unified_diff().header(before.name, after.name).to_string();
    shorten(description.trim_end())
}

/// Cuts a long description at the end of a line, and says how many lines are left out.
pub(super) fn shorten(description: &str) -> String {
    if description.len() <= LONGEST {
        return description.to_owned();
    }
    let (start, _) = description.split_at(description.floor_char_boundary(LONGEST));
    let end_of_line = start.rfind('\n').unwrap_or(start.len());
    let (kept, omitted) = description.split_at(end_of_line);
    // The omitted text begins with a line break, so it has as many lines as line breaks.
    let count = omitted.trim_end().matches('\n').count();
    format!("{kept}\n… and {} more lines", with_commas(count))
}

/// The number of the first line of `before` that differs. Counts from 1. If `after` only adds lines, this is the last
/// line of `before`.
pub(super) fn first_line(before: &str, after: &str) -> usize {
    let last_line = before.lines().count().max(1);
    for (index, (old, new)) in before.lines().zip(after.lines()).enumerate() {
        if old != new {
            return index + 1;
        }
    }
    // One text begins with the other. If `after` is shorter, it lacks this line of `before`.
    let first_missing = after.lines().count() + 1;
    last_line.min(first_missing)
}
