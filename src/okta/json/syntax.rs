//! The usual reasons why a text is not JSON.

use super::JsonReader;

/// Describes a syntax error by the bytes before and after it.
pub(super) fn syntax_problem(text: &str, at: usize) -> &'static str {
    let (before, rest) = text.split_at_checked(at).unwrap_or((text, ""));
    let before = before.trim_ascii_end();
    match rest.chars().next() {
        Some('}' | ']') if before.ends_with(',') => {
            "is not strict JSON, since a comma precedes a closing bracket,"
        }
        Some('\u{201c}'..='\u{201f}' | '\u{2018}'..='\u{201b}') => {
            "is not strict JSON, since a quote is curly,"
        }
        Some('\'') => "is not strict JSON, since a quote is single,",
        Some('/' | '#') => "is not strict JSON, since it has a comment,",
        Some('\0'..'\u{20}') => {
            "is not strict JSON, since a text has a raw line break or control character,"
        }
        _ if is_whole(before) => "is not strict JSON, since more follows its end,",
        _ => "is not strict JSON (RFC 8259)",
    }
}

/// Whether a text is strict JSON by itself.
fn is_whole(text: &str) -> bool {
    let mut reader = JsonReader::new(text);
    reader.read_value().is_ok() && reader.read_end().is_ok()
}
