//! Escapes text for logs and terminals, so that no character can forge a line, reorder it or hide.
//!
//! Names of files, rules and keys, and the texts of errors, may contain any character. Terminals obey
//! control characters such as U+009B. Log viewers may end a line at U+0085 or U+2028. The rest of a line
//! after U+202E is shown backwards.

use std::{borrow::Cow, io::Write as _, ops::RangeInclusive};

use crate::byte_set::ByteSet;

/// The ranges of escaped characters: Unicode's categories `Cc`, `Cf`, `Zl` and `Zp`, and characters
/// with the property `Default_Ignorable_Code_Point`, such as variation selectors.
const HIDDEN: [RangeInclusive<char>; 27] = [
    '\u{0}'..='\u{1f}',
    '\u{7f}'..='\u{9f}',
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{600}'..='\u{605}',
    '\u{61c}'..='\u{61c}',
    '\u{6dd}'..='\u{6dd}',
    '\u{70f}'..='\u{70f}',
    '\u{890}'..='\u{891}',
    '\u{8e2}'..='\u{8e2}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180f}',
    '\u{200b}'..='\u{200f}',
    '\u{2028}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{3164}'..='\u{3164}',
    '\u{fe00}'..='\u{fe0f}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{fff0}'..='\u{fffb}',
    '\u{110bd}'..='\u{110bd}',
    '\u{110cd}'..='\u{110cd}',
    '\u{13430}'..='\u{1343f}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e0fff}',
];

/// The bytes that stand for themselves in a JSON string.
static PLAIN: ByteSet = ByteSet::PRINTABLE.without(b"\"\\");

/// Whether a character is escaped in logs and diagnostics.
pub fn is_hidden(letter: char) -> bool {
    // Most characters need no search.
    if matches!(letter, ' '..='~') {
        return false;
    }
    HIDDEN.iter().any(|range| range.contains(&letter))
}

/// Escapes a text for people, in one line: U+202E becomes `\u{202e}`, and a line break becomes `\n`.
pub fn line(text: &str) -> Cow<'_, str> {
    escape_where(text, is_hidden)
}

/// Escapes a text for people like [`line()`], but keeps its line breaks.
pub fn lines(text: &str) -> Cow<'_, str> {
    escape_where(text, |letter| is_hidden(letter) && letter != '\n')
}

/// Escapes the first `limit` characters of a text like [`line()`], and adds `…` if there are more.
pub fn excerpt(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        None => line(text),
        Some((end, _)) => {
            let shown = line(text.get(..end).unwrap_or_default());
            Cow::Owned(format!("{shown}…"))
        }
    }
}

/// An [`excerpt`] in backticks. Backticks in the text are escaped, so that they do not end the excerpt.
pub fn in_backticks(text: &str, limit: usize) -> String {
    format!("`{}`", excerpt(text, limit).replace('`', "\\u{60}"))
}

/// Appends a JSON string. Escapes every hidden character, such as `\u202e`, although JSON requires escapes
/// only below U+0020.
pub fn json(out: &mut Vec<u8>, text: &str) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    // Most texts are plain and can be copied as a whole.
    if PLAIN.contains_all(text.as_bytes()) {
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
        return;
    }
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend_from_slice(&[b'\\', letter as u8]),
            ' '..='~' => out.push(letter as u8),
            _ if is_hidden(letter) => {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    // Writing to memory cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            _ => out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'"');
}

/// Escapes the characters for which `is_escaped` returns true, each as in a Rust string.
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
