//! The difference of two answers, line by line.

use std::time::Duration;

use similar::TextDiff;

/// The longest time to search for the shortest description of a difference.
const TIMEOUT: Duration = Duration::from_millis(500);

/// Describes a difference. It is the shortest description if that is found within [`TIMEOUT`].
pub(super) fn describe(headers: (&str, &str), before: &str, after: &str) -> String {
    let difference = TextDiff::configure().timeout(TIMEOUT).diff_lines(before, after);
    let shown = difference.unified_diff().header(headers.0, headers.1).to_string();
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
