//! Decimal numbers of any precision, compared exactly. A double holds 17 digits: as doubles,
//! 9.0000000000000000001 and 9 are equal.

use std::cmp::Ordering;

use derive_more::Display;

/// The limit of exponents. A larger one is cut to it, so that sums do not overflow: `1e-9999999999999` counts as
/// `1e-1099511627776`.
const EXPONENT_LIMIT: i64 = 1 << 40;

/// A number. Printed, it is as it was written.
#[derive(Display)]
#[display("{written}")]
pub(super) struct Decimal {
    written: String,
    sign: Sign,
    /// The power of ten of the first digit: 2 for `345` and for `3.45e2`.
    exponent: i64,
    /// In ASCII, without zeros at either end. Zero has no digits.
    digits: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sign {
    Negative,
    Zero,
    Positive,
}

impl Decimal {
    /// Parses a number as RFC 8259 writes it. Returns `None` for a number beyond the range of a double: the
    /// decoder refuses those, too. Memory and time grow with the text, not with the exponent.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if !is_number(text) {
            return None;
        }
        let written = text.to_owned();
        let (sign, number) = match text.strip_prefix('-') {
            Some(number) => (Sign::Negative, number),
            None => (Sign::Positive, text),
        };
        let (mantissa, power) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut digits = [whole.as_bytes(), fraction.as_bytes()].concat();
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        let Some(leading_zeros) = digits.iter().position(|digit| *digit != b'0') else {
            // Every digit is a zero.
            return Some(Self { written, sign: Sign::Zero, exponent: 0, digits: Vec::new() });
        };
        digits.drain(..leading_zeros);
        let whole_digits = i64::try_from(whole.len()).ok()?;
        let leading_zeros = i64::try_from(leading_zeros).ok()?;
        let exponent = parse_power(power) + whole_digits - 1 - leading_zeros;
        Some(Self { written, sign, exponent, digits })
    }

    /// Compares without the signs: first the powers of ten of the first digits, then the digits.
    fn compare_magnitude(&self, other: &Self) -> Ordering {
        (self.exponent, &self.digits).cmp(&(other.exponent, &other.digits))
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        if self.sign != other.sign {
            return Some(self.sign.cmp(&other.sign));
        }
        match self.sign {
            Sign::Negative => Some(other.compare_magnitude(self)),
            Sign::Zero => Some(Ordering::Equal),
            Sign::Positive => Some(self.compare_magnitude(other)),
        }
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

/// Whether a text is a number as RFC 8259 §6 writes it, within the range of a double.
pub(super) fn is_number(text: &str) -> bool {
    // The parser skips white space around a number, so a text with such white space is refused here.
    serde_json::from_str::<f64>(text).is_ok() && text.trim() == text
}

/// Parses the power of ten after an `e`: an optional sign and any number of digits.
fn parse_power(text: &str) -> i64 {
    match text.parse::<i64>() {
        Ok(power) => power.clamp(-EXPONENT_LIMIT, EXPONENT_LIMIT),
        Err(_) if text.starts_with('-') => -EXPONENT_LIMIT,
        Err(_) => EXPONENT_LIMIT,
    }
}
