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
        // As in `01`.
        Some('0'..='9') if text.get(..at).is_some_and(|before| before.ends_with('0')) => {
            "is not strict JSON, since a number begins with 0,"
        }
        _ if is_whole(before) => "is not strict JSON, since more follows its end,",
        // Outside of texts, the reader would have skipped a line break or a tab.
        Some('\0'..'\u{20}') => {
            "is not strict JSON, since a text has a raw line break or control character,"
        }
        Some('<') if before.is_empty() => "is not strict JSON, since it begins like HTML or XML,",
        Some(_) if before.is_empty() => "is not strict JSON, since it does not begin like JSON,",
        Some(_) if is_unquoted_name(before, rest) => {
            "is not strict JSON, since a name is not in quotes,"
        }
        Some(_) if starts_with_other_case(rest) => {
            "is not strict JSON, since `true`, `false` or `null` is not in lower case,"
        }
        Some('"' | '{' | '[' | '-' | 'a'..='z' | '0'..='9') if ends_with_value(before) => {
            "is not strict JSON, since a comma or a colon is missing,"
        }
        _ => "is not strict JSON (RFC 8259)",
    }
}

/// Whether `rest` begins with the name of a member without quotes, as in `{name: 1}`.
fn is_unquoted_name(before: &str, rest: &str) -> bool {
    let after = rest.trim_start_matches(|letter: char| letter.is_alphanumeric() || letter == '_');
    before.ends_with(['{', ',']) && after.len() < rest.len() && after.trim_start().starts_with(':')
}

/// Whether a text begins with a word of JSON that has a capital letter, such as `True`.
fn starts_with_other_case(rest: &str) -> bool {
    for word in ["true", "false", "null"] {
        if let Some(start) = rest.get(..word.len())
            && start != word
            && start.eq_ignore_ascii_case(word)
        {
            return true;
        }
    }
    false
}

/// Whether a text may end with a value or a name. The words of JSON, such as `true`, end with `e` or `l`.
fn ends_with_value(text: &str) -> bool {
    text.ends_with(['"', '}', ']', 'e', 'l']) || text.ends_with(|last: char| last.is_ascii_digit())
}

/// Whether a text is strict JSON by itself.
fn is_whole(text: &str) -> bool {
    let mut reader = JsonReader::new(text);
    reader.read_value().is_ok() && reader.read_end().is_ok()
}
