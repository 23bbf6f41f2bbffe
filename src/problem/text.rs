//! Places in the text of a file, and excerpts around them.

use std::ops::Range;

use super::{Problem, SpanProblem};

/// How many characters of a line an excerpt shows.
const WIDTH: usize = 120;
/// How many of these characters are before the place if the line is long on both sides of it.
const WIDTH_BEFORE: usize = 40;

/// The text of a file. Places that are found in the order of the text take one pass together.
pub(crate) struct SourceText<'t> {
    /// The file's name in problems.
    name: &'t str,
    text: &'t str,
    /// The position that was found last.
    last: Position,
}

/// A place in a text.
#[derive(Clone, Copy)]
struct Position {
    byte: usize,
    /// From 1.
    line: usize,
    /// From 1, in characters.
    column: usize,
}

/// The start of every text.
const START: Position = Position { byte: 0, line: 1, column: 1 };

impl<'t> SourceText<'t> {
    pub(crate) fn new(name: &'t str, text: &'t str) -> Self {
        Self { name, text, last: START }
    }

    /// `file:line:column`.
    pub(crate) fn place(&mut self, byte: usize) -> String {
        let Position { line, column, .. } = self.find(byte);
        format!("{}:{line}:{column}", self.name)
    }

    /// The line of a byte, from 1.
    pub(crate) fn line(&mut self, byte: usize) -> usize {
        self.find(byte).line
    }

    /// Gives a problem its line and column, and an excerpt with the line.
    pub(crate) fn locate(&mut self, problem: SpanProblem) -> Problem {
        let SpanProblem { place: span, message, is_transient, .. } = problem;
        let place = self.place(span.start);
        Problem { place, message, excerpt: self.excerpt(span), explains_from: None, is_transient }
    }

    /// The line and the column of a byte.
    fn find(&mut self, byte: usize) -> Position {
        if byte < self.last.byte {
            self.last = START;
        }
        let between = self.text.get(self.last.byte..byte).unwrap_or_default();
        match between.rfind('\n') {
            Some(newline) => {
                self.last.line += between.matches('\n').count();
                self.last.column = 1;
                let on_line = between.get(newline + 1..).unwrap_or_default();
                self.last.column += on_line.chars().count();
            }
            None => self.last.column += between.chars().count(),
        }
        self.last.byte += between.len();
        self.last
    }

    /// The line of the last place with a marker below it. Shows only the part around the place if the
    /// line is long.
    fn excerpt(&self, span: Range<usize>) -> String {
        let (head, tail) = self.text.split_at_checked(self.last.byte).unwrap_or((self.text, ""));
        let line_before = head.rsplit('\n').next().unwrap_or_default();
        let line_after = tail.lines().next().unwrap_or_default();
        // Counts up to one character more than an excerpt shows, to notice a longer line.
        let before = line_before.chars().rev().take(WIDTH + 1).count();
        let after = line_after.chars().take(WIDTH + 1).count();
        let shown_before = before.min(WIDTH.saturating_sub(after).max(WIDTH_BEFORE));
        let shown_after = after.min(WIDTH - shown_before);

        let mut shown_line = String::new();
        let mut marker = " ".repeat(shown_before);
        if before > shown_before {
            shown_line.push('…');
            marker.push(' ');
        }
        shown_line.extend(last_chars(line_before, shown_before).chars().map(printable));
        shown_line.extend(line_after.chars().take(shown_after).map(printable));
        if after > shown_after {
            shown_line.push('…');
        }
        let marked = self.text.get(span).unwrap_or_default().chars().take(shown_after).count();
        marker.push_str(&"^".repeat(marked.max(1)));

        let number = self.last.line.to_string();
        let gutter = " ".repeat(number.len());
        format!("\n{gutter} |\n{number} | {shown_line}\n{gutter} | {marker}")
    }
}

/// The last characters of a text, up to this many.
fn last_chars(text: &str, count: usize) -> &str {
    let mut start = text.len();
    for (index, _) in text.char_indices().rev().take(count) {
        start = index;
    }
    text.get(start..).unwrap_or_default()
}

/// The letter, or a replacement for one that controls a terminal. A tab becomes one space.
fn printable(letter: char) -> char {
    match letter {
        '\t' => ' ',
        '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        letter if letter.is_control() => '\u{fffd}',
        letter => letter,
    }
}
