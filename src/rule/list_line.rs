//! Likely mistakes in the lines of a list file. A list file has no comments, for instance, so a comment in it
//! would count as a value.

/// The longest line that is searched for mistakes, in bytes. A longer line is probably not written by hand, and the
/// search would take long.
const LONGEST_INSPECTED: usize = 4 << 10;

/// A kind of mistake.
struct LineMistake {
    is_in: fn(&str) -> bool,
    /// How to correct the mistake.
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

/// How to correct a likely mistake in a line. Returns `None` if there is no mistake.
pub(super) fn hint(line: &str) -> Option<&'static str> {
    MISTAKES.iter().find(|mistake| (mistake.is_in)(line)).map(|mistake| mistake.hint)
}

/// The lines of one list file with the same kind of mistake.
#[derive(Clone, Copy)]
struct MistakenLines {
    /// The number of the first line, from 1.
    first: usize,
    count: usize,
}

/// A note on each kind of mistake in the list file of this name.
pub(super) fn notes(name: &str, text: &str) -> Vec<String> {
    // One entry per kind of mistake. A file may have millions of lines, so one pass looks for all kinds.
    let mut found = [None; MISTAKES.len()];
    for (line, number) in text.lines().zip(1..) {
        if line.len() > LONGEST_INSPECTED {
            continue;
        }
        for (mistake, lines) in MISTAKES.iter().zip(&mut found) {
            if !(mistake.is_in)(line.trim()) {
                continue;
            }
            match lines {
                None => *lines = Some(MistakenLines { first: number, count: 1 }),
                Some(lines) => lines.count += 1,
            }
        }
    }
    let mut notes = Vec::new();
    for (mistake, lines) in MISTAKES.iter().zip(found) {
        if let Some(lines) = lines {
            notes.push(lines.note(name, mistake.hint));
        }
    }
    notes
}

impl MistakenLines {
    /// The note on these lines of the list file of this name.
    fn note(self, name: &str, hint: &str) -> String {
        let Self { first, count } = self;
        if count == 1 {
            return format!("line {first} of `{name}` counts as a value as it stands; {hint}");
        }
        format!(
            "{count} lines of `{name}` (the first is line {first}) count as values as they stand; {hint}"
        )
    }
}

fn has_comment(line: &str) -> bool {
    line.starts_with(['#', ';'])
        || line.starts_with("//")
        || line.contains(" #")
        || line.contains("\t#")
}

/// Whether the line has quotes around it: `"red"`, or `"red",` with a separator after the quotes.
fn has_quotes(line: &str) -> bool {
    let value = line.trim_end_matches([',', ';']);
    is_quoted(value, '"') || is_quoted(value, '\'') || value.starts_with('“')
}

fn ends_with_separator(line: &str) -> bool {
    line.len() > 1 && line.ends_with([',', ';'])
}

/// Whether the line looks like a row of a table: a value follows a separator at once. In a text such as
/// `Paris, France`, white space follows. A line with a comment does not count, since a comment may hold anything.
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
