//! Likely mistakes in the lines of a list file, such as a comment: the file has none, so it would be a value.

/// A kind of mistake.
struct LineMistake {
    is_in: fn(&str) -> bool,
    /// How to correct it.
    hint: &'static str,
}

const MISTAKES: [LineMistake; 4] = [
    LineMistake { is_in: has_comment, hint: "a list file has no comments, so remove it" },
    LineMistake { is_in: has_quotes, hint: "a list file has no quotes, so remove them" },
    LineMistake {
        is_in: ends_with_separator,
        hint: "a list file has no commas or semicolons; write one value in each line",
    },
    LineMistake {
        is_in: has_columns,
        hint: "a list file has no columns; write one value in each line",
    },
];

/// How to correct a likely mistake in a line. Returns `None` if there is none.
pub(super) fn hint(line: &str) -> Option<&'static str> {
    MISTAKES.iter().find(|mistake| (mistake.is_in)(line)).map(|mistake| mistake.hint)
}

/// Lines of one list file with the same kind of mistake.
#[derive(Clone, Copy, Default)]
struct FoundLines {
    /// The number of the first one, from 1.
    first: usize,
    count: usize,
}

/// A note on each kind of mistake in the list file of this name.
pub(super) fn notes(name: &str, text: &str) -> Vec<String> {
    let mut found = [FoundLines::default(); MISTAKES.len()];
    for (line, number) in text.lines().zip(1..) {
        for (mistake, lines) in MISTAKES.iter().zip(&mut found) {
            if (mistake.is_in)(line.trim()) {
                lines.count += 1;
                if lines.count == 1 {
                    lines.first = number;
                }
            }
        }
    }
    let mut notes = Vec::new();
    for (LineMistake { hint, .. }, FoundLines { first, count }) in MISTAKES.iter().zip(found) {
        match count {
            0 => {}
            1 => notes.push(format!("line {first} of `{name}` counts as a value as it stands; {hint}")),
            _ => notes.push(format!(
                "{count} lines of `{name}` (the first is line {first}) count as values as they stand; {hint}"
            )),
        }
    }
    notes
}

fn has_comment(line: &str) -> bool {
    line.starts_with(['#', ';'])
        || line.starts_with("//")
        || line.contains(" #")
        || line.contains("\t#")
}

/// Whether the line has quotes around it. A separator may follow them.
fn has_quotes(line: &str) -> bool {
    let value = line.trim_end_matches([',', ';']);
    is_quoted(value, '"') || is_quoted(value, '\'') || value.starts_with('“')
}

fn ends_with_separator(line: &str) -> bool {
    line.len() > 1 && line.ends_with([',', ';'])
}

/// Whether the line, if it has no comment, looks like a row of a table. A value such as `Paris, France` has white space after its
/// comma.
fn has_columns(line: &str) -> bool {
    if has_comment(line) {
        return false;
    }
    let mut rest = line;
    while let Some((_, after)) = rest.split_once([',', ';', '\t']) {
        if after.starts_with(|next: char| !next.is_whitespace()) {
            return true;
        }
        rest = after;
    }
    false
}

fn is_quoted(text: &str, quote: char) -> bool {
    text.len() > 1 && text.starts_with(quote) && text.ends_with(quote)
}
