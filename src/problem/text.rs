//! Places in the text of a file, and excerpts around them.

use std::ops::Range;

use super::{Problem, SpanProblem};

/// How many characters of a line an excerpt shows.
const WIDTH: usize = 120;
/// How many of these characters are before the place if the line is long on both sides of it.
const WIDTH_BEFORE: usize = 40;

/// The text of a file. Finds several places in one pass if they are asked for in the order of the text.
pub(crate) struct SourceText<'t> {
    /// The file's name in problems.
    name: &'t str,
    text: &'t str,
    /// The position that was found last, from which the next search starts.
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
        let position = self.find(byte);
        self.place_of(position)
    }

    fn place_of(&self, Position { line, column, .. }: Position) -> String {
        format!("{}:{line}:{column}", self.name)
    }

    /// The line of a byte, from 1.
    pub(crate) fn line(&mut self, byte: usize) -> usize {
        self.find(byte).line
    }

    /// Gives a problem its line and column, and an excerpt with the line.
    pub(crate) fn locate(&mut self, problem: SpanProblem) -> Problem {
        let SpanProblem { place: span, message, is_transient, .. } = problem;
        let position = self.find(span.start);
        let place = self.place_of(position);
        let excerpt = self.excerpt(position, span);
        Problem { place, message, excerpt, explains_from: None, is_transient }
    }

    /// The line and the column of a byte.
    fn find(&mut self, byte: usize) -> Position {
        if byte < self.last.byte {
            self.last = START;
        }
        let between = self.text.get(self.last.byte..byte).unwrap_or_default();
        match between.rsplit_once('\n') {
            Some((_, on_last_line)) => {
                self.last.line += between.matches('\n').count();
                self.last.column = 1 + on_last_line.chars().count();
            }
            None => self.last.column += between.chars().count(),
        }
        self.last.byte += between.len();
        self.last
    }

    /// The line of a position, with a marker below the span that begins there. Shows only a part of a long
    /// line.
    ///
    /// ```text
    ///    |
    /// 12 | mesage = "Use your work address."
    ///    | ^^^^^^
    /// ```
    fn excerpt(&self, position: Position, span: Range<usize>) -> String {
        let (head, tail) = self.text.split_at_checked(position.byte).unwrap_or((self.text, ""));
        let before = head.rsplit('\n').next().unwrap_or_default();
        let after = tail.lines().next().unwrap_or_default();
        let (shown_before, shown_after) = shown_parts(before, after);

        let mut line = String::new();
        if shown_before.len() < before.len() {
            line.push('…');
        }
        line.extend(shown_before.chars().map(printable));
        let marker_column = line.chars().count();
        line.extend(shown_after.chars().map(printable));
        if shown_after.len() < after.len() {
            line.push('…');
        }

        let marked = self.text.get(span).unwrap_or_default();
        let marker_width = marked.chars().take(shown_after.chars().count()).count().max(1);
        let marker = format!("{}{}", " ".repeat(marker_column), "^".repeat(marker_width));
        let number = position.line.to_string();
        let gutter = " ".repeat(number.len());
        format!("\n{gutter} |\n{number} | {line}\n{gutter} | {marker}")
    }
}

/// The parts of a line that an excerpt shows, before and after its place. Together they have up to [`WIDTH`]
/// characters. The part before has more than [`WIDTH_BEFORE`] only if the line is short after the place.
fn shown_parts<'l>(before: &'l str, after: &'l str) -> (&'l str, &'l str) {
    let after_length = after.chars().take(WIDTH).count();
    let room_before = WIDTH_BEFORE.max(WIDTH - after_length);
    let shown_before = last_chars(before, room_before);
    let room_after = WIDTH - shown_before.chars().count();
    (shown_before, first_chars(after, room_after))
}

/// The first characters of a text, up to this many.
fn first_chars(text: &str, count: usize) -> &str {
    match text.char_indices().nth(count) {
        Some((end, _)) => text.get(..end).unwrap_or_default(),
        None => text,
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

/// The character, or a replacement if it controls a terminal or the direction of text. A tab becomes one space.
fn printable(character: char) -> char {
    match character {
        '\t' => ' ',
        '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        _ if character.is_control() => '\u{fffd}',
        _ => character,
    }
}
