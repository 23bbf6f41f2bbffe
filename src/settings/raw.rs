//! The value of a setting as a layer gives it.

use std::collections::BTreeMap;

use toml::de::DeValue;

const EMPTY: &str = "this may not be empty";
const NOT_STRINGS: &str =
    "expected a string or a list of strings (in variables numbered from `__0`), in quotes";

/// The value of a setting as a layer gives it.
pub(super) enum RawValue {
    Text(String),
    /// A number or a boolean of the file, as text.
    Scalar(String),
    List(Vec<RawValue>),
    /// Variables that end in `__0`, `__1`, by these numbers.
    Numbered(BTreeMap<String, String>),
    /// A value that no key takes.
    Other,
}

impl RawValue {
    /// A value of the settings file.
    pub(super) fn from_toml(value: &DeValue<'_>) -> Self {
        match value {
            DeValue::String(text) => Self::Text(text.to_string()),
            DeValue::Integer(integer) => {
                let digits = integer.as_str();
                match i64::from_str_radix(digits, integer.radix()) {
                    Ok(integer) => Self::Scalar(integer.to_string()),
                    // It is beyond the bounds of every key.
                    Err(_) => Self::Scalar(digits.to_owned()),
                }
            }
            DeValue::Float(decimal) => match decimal.as_str().parse::<f64>() {
                Ok(decimal) => Self::Scalar(decimal.to_string()),
                Err(_) => Self::Other,
            },
            DeValue::Boolean(boolean) => Self::Scalar(boolean.to_string()),
            DeValue::Array(items) => {
                Self::List(items.iter().map(|item| Self::from_toml(item.get_ref())).collect())
            }
            DeValue::Datetime(_) | DeValue::Table(_) => Self::Other,
        }
    }

    /// The text of a string. A number is refused: as text, `0012` or `1e3` could differ from what was
    /// written.
    pub(super) fn string(&self) -> Result<&str, &'static str> {
        match self {
            Self::Text(text) => require_plain(text),
            _ => Err("expected a string, in quotes"),
        }
    }

    /// The text of a string, a number or a boolean. That of another value is empty.
    pub(super) fn scalar(&self) -> &str {
        match self {
            Self::Text(text) | Self::Scalar(text) => text,
            Self::List(_) | Self::Numbered(_) | Self::Other => "",
        }
    }

    /// The strings of a list, at least one. A string alone is a list of one.
    pub(super) fn strings(&self) -> Result<Vec<&str>, &'static str> {
        let mut strings = Vec::new();
        match self {
            Self::Text(text) => strings.push(require_plain(text)?),
            Self::List(items) => {
                for item in items {
                    strings.push(item.string()?);
                }
            }
            Self::Numbered(items) => {
                for index in 0..items.len() {
                    let item = items.get(&index.to_string()).ok_or(NOT_STRINGS)?;
                    strings.push(require_plain(item)?);
                }
            }
            Self::Scalar(_) | Self::Other => return Err(NOT_STRINGS),
        }
        if strings.is_empty() { Err(EMPTY) } else { Ok(strings) }
    }
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
