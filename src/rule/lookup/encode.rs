//! Writes values for their places in a URL or in JSON.

use std::fmt::Write as _;

/// A text that a URL reads as this value, within a path segment or a query value: everything but the
/// unreserved characters of RFC 3986 is percent-encoded.
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

/// A text that JSON reads as this value, within a string.
pub(crate) fn escape_json(value: &str) -> String {
    let string = serde_json::Value::from(value).to_string();
    // Without its quotes.
    string.get(1..string.len() - 1).unwrap_or_default().to_owned()
}

/// Whether a path has a segment `.` or `..`, as it is written or percent-decoded, with parameters
/// (`..;v=1`) or without. Servers remove such segments, which leads to another path. Some of them, nginx for
/// one, decode slashes before that: to them, `..%2Fadmin` has two segments.
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
