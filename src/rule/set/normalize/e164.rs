//! `e164`: converts telephone numbers as people type them to the form that Okta and its providers take.

use crate::rule::phone::is_e164;

/// The characters that people write between the digits of one number. A `/` is not one of them, since it may
/// also stand before a second number, or before a second extension of the same number.
const SEPARATORS: [char; 6] = [' ', '-', '.', '(', ')', '\u{a0}'];

/// The number without separators, and with `+` in place of `00`. A text that cannot be converted with
/// certainty stays as it is, so that the format `phone` refuses it.
pub(super) fn e164(text: &str) -> String {
    match convert(text) {
        Some(number) => number,
        None => text.to_owned(),
    }
}

/// The converted number. Returns `None` if the text cannot be converted with certainty.
fn convert(text: &str) -> Option<String> {
    if has_zero_in_brackets(text) {
        return None;
    }
    let number = text.replace(SEPARATORS, "");
    let digits = match number.strip_prefix("00") {
        Some(digits) => digits,
        None => number.strip_prefix('+')?,
    };
    let number = format!("+{digits}");
    if is_e164(&number) { Some(number) } else { None }
}

/// Whether a bracket after the first digit begins with 0, as in `+44 (0)20`. It is not certain whether that 0
/// belongs to the number.
fn has_zero_in_brackets(text: &str) -> bool {
    let Some(first_digit) = text.find(|letter: char| letter.is_ascii_digit()) else {
        return false;
    };
    let (_, from_first_digit) = text.split_at(first_digit);
    for after_bracket in from_first_digit.split('(').skip(1) {
        if after_bracket.trim_start_matches(SEPARATORS).starts_with('0') {
            return true;
        }
    }
    false
}
