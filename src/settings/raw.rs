//! Reads the texts of a value that may have any type. An error names the expected type.

use config::{Map, ValueKind};

const EMPTY: &str = "this may not be empty";
const NOT_STRINGS: &str =
    "expected a string or a list of strings, in quotes; number the variables of a list from `__0`";

/// The text of a string. Refuses a number, whose text could differ from what was typed: `0012`, `1e3`.
pub(super) fn as_string(value: &ValueKind) -> Result<&str, &'static str> {
    match value {
        ValueKind::String(text) => require_plain(text),
        _ => Err("expected a string, in quotes"),
    }
}

/// The strings of a list, at least one. A string alone is a list of one.
pub(super) fn as_strings(value: &ValueKind) -> Result<Vec<&str>, &'static str> {
    let mut strings = Vec::new();
    match value {
        ValueKind::String(text) => strings.push(require_plain(text)?),
        ValueKind::Array(items) => {
            for item in items {
                strings.push(as_string(&item.kind)?);
            }
        }
        ValueKind::Table(items) => strings = numbered_strings(items)?,
        _ => return Err(NOT_STRINGS),
    }
    if strings.is_empty() { Err(EMPTY) } else { Ok(strings) }
}

/// The strings of a table whose keys are 0, 1 and so on: variables that end in `__0`, `__1`.
fn numbered_strings(items: &Map<String, config::Value>) -> Result<Vec<&str>, &'static str> {
    let mut strings = Vec::new();
    for index in 0..items.len() {
        let item = items.get(&index.to_string()).ok_or(NOT_STRINGS)?;
        strings.push(as_string(&item.kind)?);
    }
    Ok(strings)
}

/// The lines of a file of secrets, at least one. Line breaks at the end of the file do not count.
pub(super) fn plain_lines(text: &str) -> Result<Vec<&str>, &'static str> {
    let mut lines = Vec::new();
    for line in text.trim_end_matches(['\r', '\n']).lines() {
        lines.push(require_plain(line)?);
    }
    if lines.is_empty() { Err(EMPTY) } else { Ok(lines) }
}

/// Refuses an empty text, and one with control characters.
fn require_plain(text: &str) -> Result<&str, &'static str> {
    if text.is_empty() {
        return Err(EMPTY);
    }
    if text.contains(char::is_control) {
        return Err("control characters are not allowed; remove them");
    }
    Ok(text)
}
