//! Dates as forms and rules write them: `1990-01-31`.

use jiff::civil::Date;

use super::context::Mismatch;
use crate::okta::Value;

/// Parses `YYYY-MM-DD` and no other form of a date.
pub(super) fn parse_date(text: &str) -> Option<Date> {
    if text.len() != 10 || !text.bytes().enumerate().all(is_date_byte) {
        return None;
    }
    text.parse().ok()
}

/// Whether a date may have this byte in this place.
fn is_date_byte((place, byte): (usize, u8)) -> bool {
    match place {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    }
}

/// The date that a value holds.
pub(super) fn date_of(value: &Value<'_>) -> Result<Date, Mismatch> {
    match value {
        Value::Text(text) => parse_date(text).ok_or(Mismatch::Value),
        _ => Err(Mismatch::Type),
    }
}
