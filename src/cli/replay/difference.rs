//! The difference of two answers, line by line.

use std::time::Duration;

use similar::TextDiff;

use crate::problem::with_commas;

/// The longest time to search for the shortest description of a difference.
const TIMEOUT: Duration = Duration::from_millis(500);
/// The longest description, in bytes.
const LONGEST: usize = 64 << 10;

/// Describes a difference. It is the shortest description if that is found within [`TIMEOUT`].
pub(super) fn describe(headers: (&str, &str), before: &str, after: &str) -> String {
    let difference = TextDiff::configure().timeout(TIMEOUT).diff_lines(before, after);
    let mut shown = difference.unified_diff().header(headers.0, headers.1).to_string();
    if shown.len() > LONGEST {
        let kept = shown.get(..shown.floor_char_boundary(LONGEST)).unwrap_or_default();
        let end = kept.rfind('\n').unwrap_or(kept.len());
        let more = shown.get(end..).unwrap_or_default().trim_end().matches('\n').count();
        shown.truncate(end);
        shown += &format!("\n… and {} more lines", with_commas(more));
    }
    shown.trim_end().to_owned()
}

/// The first line of `before` that differs, from 1.
pub(super) fn first_line(before: &str, after: &str) -> usize {
    let mut line = 1;
    for (one, other) in before.lines().zip(after.lines()) {
        if one != other {
            break;
        }
        line += 1;
    }
    line.min(before.lines().count().max(1))
}
