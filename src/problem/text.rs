//! Places in the text of a file, and excerpts around them.

use std::ops::Range;

use super::{Problem, SpanProblem};

/// How many characters of a line an excerpt shows.
const WIDTH: usize = 120;
/// How many of these characters are before the place, if the line is long on both sides.
const BEFORE: usize = 40;

/// The text of a file. If places are looked up in the text's order, all of them take one pass.
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

    /// Gives a problem its line and column, and shows the line.
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
        // One letter more than an excerpt has, to notice a longer line.
        let before =
            head.chars().rev().take_while(|letter| *letter != '\n').take(WIDTH + 1).count();
        let after = tail.lines().next().unwrap_or_default().chars().take(WIDTH + 1).count();
        let left = before.min(WIDTH.saturating_sub(after).max(BEFORE));
        let right = after.min(WIDTH - left);
        let mut shown: Vec<char> = head.chars().rev().take(left).collect();
        shown.reverse();
        shown.extend(tail.chars().take(right));
        let content: String = shown.into_iter().map(printable).collect();
        let (cut_left, indent) = if before > left { ("…", " ") } else { ("", "") };
        let cut_right = if after > right { "…" } else { "" };

        let marked = self.text.get(span).unwrap_or_default().chars().take(right).count();
        let marker = " ".repeat(left) + &"^".repeat(marked.max(1));
        let line = self.last.line.to_string();
        let gutter = " ".repeat(line.len());
        format!(
            "\n{gutter} |\n{line} | {cut_left}{content}{cut_right}\n{gutter} | {indent}{marker}"
        )
    }
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
