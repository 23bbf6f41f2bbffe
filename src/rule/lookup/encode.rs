//! Writes values for their places in a URL or in JSON.

use std::fmt::Write as _;

/// Encodes a value for a path segment or a query value of a URL. Percent-encodes every byte except the
/// unreserved characters of RFC 3986.
pub(super) fn percent_encode(value: &str) -> String {
    let mut text = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            text.push(char::from(byte));
        } else {
            // Writing to memory cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// Escapes a value for a JSON string.
pub(crate) fn escape_json(value: &str) -> String {
    let quoted = serde_json::Value::from(value).to_string();
    let without_quotes = quoted.get(1..quoted.len() - 1);
    without_quotes.unwrap_or_default().to_owned()
}

/// Whether a path has a segment `.` or `..`, plain or percent-encoded, with parameters (`..;v=1`) or without.
/// Servers resolve such segments, which leads to another path. Some servers, such as nginx, decode slashes
/// first, and so see the segment `..` in `..%2Fadmin`. Some take a backslash for a slash.
pub(crate) fn has_dot_segment(path: &str) -> bool {
    let mut decoded = path.to_owned();
    for (encoded, letter) in [("%2e", "."), ("%2f", "/"), ("%5c", "/")] {
        decoded = decoded.replace(encoded, letter).replace(&encoded.to_uppercase(), letter);
    }
    decoded.split('/').any(is_dot_segment)
}

fn is_dot_segment(segment: &str) -> bool {
    matches!(segment.split(';').next(), Some("." | ".."))
}
