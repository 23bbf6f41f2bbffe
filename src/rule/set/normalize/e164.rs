//! `e164`: converts telephone numbers as people type them to the form that Okta and its providers take.

/// The characters that people write between the digits of one number. A `/` may also stand between two
/// numbers, or before another extension.
const SEPARATORS: [char; 6] = [' ', '-', '.', '(', ')', '\u{a0}'];

/// The most digits of a number (ITU-T E.164 §6.2.1).
const MOST_DIGITS: usize = 15;

/// The country codes of two digits. `1` (North America) and `7` (Russia) have one digit, all others three.
const TWO_DIGIT_CODES: [&str; 44] = [
    "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47",
    "48", "49", "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65",
    "66", "81", "82", "84", "86", "90", "91", "92", "93", "94", "95", "98",
];

/// Country codes after which a number may begin with 0: Italy, Ivory Coast, Congo, San Marino, the
/// Vatican, and freephone. Elsewhere the 0 is for calls within the country.
const ZERO_FOLLOWS: [&str; 6] = ["39", "225", "242", "378", "379", "800"];

/// The number without separators, and with `+` in place of `00`. A text that cannot be converted with
/// certainty stays as it is, so that the format `phone` refuses it.
pub(super) fn e164(text: &str) -> String {
    match convert(text) {
        Some(number) => number,
        None => text.to_owned(),
    }
}

fn convert(text: &str) -> Option<String> {
    if has_zero_in_brackets(text) {
        return None;
    }
    let number = text.replace(SEPARATORS, "");
    let digits = match number.strip_prefix("00") {
        Some(digits) => digits,
        None => number.strip_prefix('+')?,
    };
    if digits.len() > MOST_DIGITS || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (country, rest) = digits.split_at_checked(country_code_length(digits))?;
    if country.starts_with('0') {
        return None;
    }
    if rest.starts_with('0') && !ZERO_FOLLOWS.contains(&country) {
        return None;
    }
    Some(format!("+{digits}"))
}

/// Whether brackets after a digit begin with 0, as in `+44 (0)20`. It is not certain whether that 0 belongs
/// to the number.
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

fn country_code_length(digits: &str) -> usize {
    if digits.starts_with(['1', '7']) {
        return 1;
    }
    match digits.get(..2) {
        Some(code) if TWO_DIGIT_CODES.contains(&code) => 2,
        _ => 3,
    }
}
