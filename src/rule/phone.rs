//! Telephone numbers by ITU-T E.164: a country code, and a number within the country.
//!
//! Within most countries, people dial a trunk prefix before the number, often 0. The prefix is not part
//! of the number, so a number such as `+44 020…`, with the prefix after the country code, is wrong.

/// The most digits of a number (ITU-T E.164 §6.2.1).
const MOST_DIGITS: usize = 15;

/// The country codes of two digits. `1` (North America) and `7` (Russia) have one digit, all others three.
const TWO_DIGIT_CODES: [&str; 44] = [
    "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47",
    "48", "49", "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65",
    "66", "81", "82", "84", "86", "90", "91", "92", "93", "94", "95", "98",
];

/// Countries that have no trunk prefix and where numbers may begin with 0, by their codes: Italy, Ivory Coast,
/// Burkina Faso, Benin, Gabon, Congo, San Marino, the Vatican, freephone, satellites, and Tajikistan. In all
/// other countries, 0 is the trunk prefix, or no number begins with 0.
const ZERO_FOLLOWS: [&str; 11] =
    ["+39", "+225", "+226", "+229", "+241", "+242", "+378", "+379", "+800", "+881", "+992"];

/// A country where people dial another digit than 0 before the number.
struct OtherTrunk {
    country_code: &'static str,
    digit: &'static str,
    /// How many digits each number has after the country code. A number with the trunk prefix has more.
    length: usize,
}

/// North America, Russia and Kazakhstan, Mexico, Lithuania, Belarus and Turkmenistan.
const OTHER_TRUNKS: [OtherTrunk; 6] = [
    OtherTrunk { country_code: "+1", digit: "1", length: 10 },
    OtherTrunk { country_code: "+7", digit: "8", length: 10 },
    OtherTrunk { country_code: "+52", digit: "1", length: 10 },
    OtherTrunk { country_code: "+370", digit: "8", length: 8 },
    OtherTrunk { country_code: "+375", digit: "8", length: 9 },
    OtherTrunk { country_code: "+993", digit: "8", length: 8 },
];

/// Whether this is `+` and the digits of a number, without a trunk prefix after the country code.
pub(crate) fn is_e164(text: &str) -> bool {
    let Some(digits) = text.strip_prefix('+') else {
        return false;
    };
    (2..=MOST_DIGITS).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0')
        && !has_trunk_prefix(text)
}

fn has_trunk_prefix(text: &str) -> bool {
    let (country_code, number) = split_country_code(text);
    if number.starts_with('0') {
        return !ZERO_FOLLOWS.contains(&country_code);
    }
    match other_trunk(country_code) {
        Some(trunk) => number.starts_with(trunk.digit) && number.len() > trunk.length,
        None => false,
    }
}

/// The trunk prefix in the country of this number. Returns `None` if numbers there may begin with 0, or if the
/// text has no country code.
pub(crate) fn trunk_prefix(text: &str) -> Option<&'static str> {
    let (country_code, _) = split_country_code(text);
    if country_code.is_empty() || ZERO_FOLLOWS.contains(&country_code) {
        return None;
    }
    match other_trunk(country_code) {
        Some(trunk) => Some(trunk.digit),
        None => Some("0"),
    }
}

fn other_trunk(country_code: &str) -> Option<&'static OtherTrunk> {
    OTHER_TRUNKS.iter().find(|trunk| trunk.country_code == country_code)
}

/// The country code of a number, with its `+`, and the rest. The code is empty if the text begins with no country
/// code.
pub(crate) fn split_country_code(text: &str) -> (&str, &str) {
    let Some(digits) = text.strip_prefix('+') else {
        return ("", text);
    };
    let code_length = if digits.starts_with(['1', '7']) {
        1
    } else if TWO_DIGIT_CODES.iter().any(|code| digits.starts_with(code)) {
        2
    } else {
        3
    };
    text.split_at_checked(1 + code_length).unwrap_or(("", text))
}
