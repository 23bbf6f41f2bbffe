//! Text for logs and terminals, without a character that could forge a line, reorder it or hide in it.
//!
//! Names of files, rules and keys, and the texts of errors, may hold any character. A terminal obeys
//! control characters, U+009B among them; a log viewer ends a line at U+0085 or U+2028; after U+202E
//! the rest of a line is shown backwards.

use std::borrow::Cow;

mod json;

pub use json::json;

/// Characters that are not shown as they are: Unicode's categories `Cc`, `Cf`, `Zl` and `Zp`, and what
/// has the property `Default_Ignorable_Code_Point`, such as variation selectors.
const HIDDEN: [(char, char); 27] = [
    ('\u{0}', '\u{1f}'),
    ('\u{7f}', '\u{9f}'),
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{600}', '\u{605}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{890}', '\u{891}'),
    ('\u{8e2}', '\u{8e2}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// Whether a character is written as an escape in logs and diagnostics.
pub fn is_hidden(letter: char) -> bool {
    if matches!(letter, ' '..='~') {
        return false;
    }
    HIDDEN.iter().any(|(first, last)| (*first..=*last).contains(&letter))
}

/// The text in one line for people: a hidden character is written as `\u{202e}`, a line break as
/// `\n`.
pub fn line(text: &str) -> Cow<'_, str> {
    escape_where(text, is_hidden)
}

/// The text for people, as [`line()`], with its own line breaks.
pub fn lines(text: &str) -> Cow<'_, str> {
    escape_where(text, |letter| is_hidden(letter) && letter != '\n')
}

/// The first `limit` characters of the text in one line for people, and `…` where there are more.
pub fn excerpt(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        None => line(text),
        Some((end, _)) => {
            let shown = line(text.get(..end).unwrap_or_default());
            Cow::Owned(format!("{shown}…"))
        }
    }
}

fn escape_where(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if is_escaped(letter) {
            escaped.extend(letter.escape_default());
        } else {
            escaped.push(letter);
        }
    }
    Cow::Owned(escaped)
}
