//! Decimal numbers of any precision, compared exactly. A double holds 17 digits: as doubles,
//! 9.0000000000000000001 and 9 are equal.

use std::cmp::Ordering;

/// Larger exponents are read as this one. No text of a body has so many digits, so this does not
/// change how two numbers compare.
const EXPONENT_LIMIT: i64 = 1 << 40;

/// A number: its sign, its digits and the power of ten of the first digit. Zero has no digits.
#[derive(PartialEq, Eq)]
pub(super) struct Decimal {
    sign: Sign,
    /// The power of ten of the first digit: 2 for `345` and for `3.45e2`.
    exponent: i64,
    /// In ASCII, without zeros at either end.
    digits: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sign {
    Negative,
    Zero,
    Positive,
}

impl Decimal {
    /// Parses a number as RFC 8259 writes it. Returns `None` for one beyond the range of a double,
    /// which no request may contain either. Memory and time grow with the text, not with the exponent.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if !is_number(text) {
            return None;
        }
        let (sign, number) = match text.strip_prefix('-') {
            Some(number) => (Sign::Negative, number),
            None => (Sign::Positive, text),
        };
        let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut digits = [whole.as_bytes(), fraction.as_bytes()].concat();
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        let Some(zeros) = digits.iter().position(|digit| *digit != b'0') else {
            return Some(Self { sign: Sign::Zero, exponent: 0, digits: Vec::new() });
        };
        digits.drain(..zeros);
        let whole = i64::try_from(whole.len()).ok()?;
        let zeros = i64::try_from(zeros).ok()?;
        Some(Self { sign, exponent: read_exponent(exponent) + whole - 1 - zeros, digits })
    }

    fn compare_magnitude(&self, other: &Self) -> Ordering {
        (self.exponent, &self.digits).cmp(&(other.exponent, &other.digits))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.sign != other.sign {
            return self.sign.cmp(&other.sign);
        }
        match self.sign {
            Sign::Negative => other.compare_magnitude(self),
            Sign::Zero => Ordering::Equal,
            Sign::Positive => self.compare_magnitude(other),
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Whether a text is a number as RFC 8259 §6 writes it, within the range of a double.
pub(super) fn is_number(text: &str) -> bool {
    serde_json::from_str::<f64>(text).is_ok() && text.trim() == text
}

/// Reads an optional sign and any number of digits.
fn read_exponent(text: &str) -> i64 {
    match text.parse::<i64>() {
        Ok(exponent) => exponent.clamp(-EXPONENT_LIMIT, EXPONENT_LIMIT),
        Err(_) if text.starts_with('-') => -EXPONENT_LIMIT,
        Err(_) => EXPONENT_LIMIT,
    }
}
