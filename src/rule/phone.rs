//! Telephone numbers by ITU-T E.164: a country code, and a number within the country.
//!
//! Within most countries, people dial a trunk prefix before the number, often 0. It is not part of the
//! number. After the country code it makes a wrong one.

/// The most digits of a number (ITU-T E.164 §6.2.1).
const MOST_DIGITS: usize = 15;

/// The country codes of two digits. `1` (North America) and `7` (Russia) have one digit, all others three.
const TWO_DIGIT_CODES: [&str; 44] = [
    "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47",
    "48", "49", "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65",
    "66", "81", "82", "84", "86", "90", "91", "92", "93", "94", "95", "98",
];

/// Country codes without a trunk prefix after which numbers may begin with 0: Italy, Ivory Coast, Burkina Faso,
/// Benin, Gabon, Congo, San Marino, the Vatican, freephone, satellites, and Tajikistan. After all others, 0 is
/// the trunk prefix, or no number begins with it.
const ZERO_FOLLOWS: [&str; 11] =
    ["39", "225", "226", "229", "241", "242", "378", "379", "800", "881", "992"];

/// A country where people dial another digit than 0 before the number.
struct OtherTrunk {
    country: &'static str,
    digit: &'static str,
    /// The digits of each number. One with the prefix is longer.
    length: usize,
}

/// North America, Russia and Kazakhstan, Mexico, Lithuania, Belarus and Turkmenistan.
const OTHER_TRUNKS: [OtherTrunk; 6] = [
    OtherTrunk { country: "1", digit: "1", length: 10 },
    OtherTrunk { country: "7", digit: "8", length: 10 },
    OtherTrunk { country: "52", digit: "1", length: 10 },
    OtherTrunk { country: "370", digit: "8", length: 8 },
    OtherTrunk { country: "375", digit: "8", length: 9 },
    OtherTrunk { country: "993", digit: "8", length: 8 },
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
    let (code, number) = split_country_code(text);
    if number.starts_with('0') {
        return trunk_prefix(text).is_some();
    }
    match other_trunk(code) {
        Some(trunk) => number.starts_with(trunk.digit) && number.len() > trunk.length,
        None => false,
    }
}

/// The trunk prefix of this number's country. `None` if numbers there may begin with 0.
pub(crate) fn trunk_prefix(text: &str) -> Option<&'static str> {
    let (code, _) = split_country_code(text);
    let country = code.strip_prefix('+')?;
    if ZERO_FOLLOWS.contains(&country) {
        return None;
    }
    match other_trunk(code) {
        Some(trunk) => Some(trunk.digit),
        None => Some("0"),
    }
}

fn other_trunk(code: &str) -> Option<&'static OtherTrunk> {
    let country = code.strip_prefix('+')?;
    OTHER_TRUNKS.iter().find(|trunk| trunk.country == country)
}

/// A number's country code with its `+`, and the rest. Another text has no code.
pub(crate) fn split_country_code(text: &str) -> (&str, &str) {
    let Some(digits) = text.strip_prefix('+') else {
        return ("", text);
    };
    let length = if digits.starts_with(['1', '7']) {
        1
    } else if TWO_DIGIT_CODES.iter().any(|code| digits.starts_with(code)) {
        2
    } else {
        3
    };
    text.split_at_checked(1 + length).unwrap_or(("", text))
}
