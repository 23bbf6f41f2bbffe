//! Decimal numbers of any precision, compared exactly. A double has room for 17 digits: as doubles,
//! 9.0000000000000000001 and 9 are the same.

use std::cmp::Ordering;

use super::format::is_number;

/// The most that an exponent counts. No text of a body has so many digits, so an exponent beyond it
/// decides how two numbers compare as this one does.
const EXPONENT_LIMIT: i64 = 1 << 40;

/// A number as its sign and, where it is not zero, its digits and the power of ten of the first.
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
    /// Reads a number as RFC 8259 writes it; `None` where it is beyond a double, which no request
    /// may hold either. Memory and time grow with the text, not with the exponent.
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
        let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
        digits.drain(..zeros);
        if digits.is_empty() {
            return Some(Self { sign: Sign::Zero, exponent: 0, digits });
        }
        let whole = i64::try_from(whole.len()).ok()?;
        let zeros = i64::try_from(zeros).ok()?;
        Some(Self { sign, exponent: read_exponent(exponent) + whole - 1 - zeros, digits })
    }

    fn compare_magnitude(&self, other: &Self) -> Ordering {
        self.exponent.cmp(&other.exponent).then_with(|| self.digits.cmp(&other.digits))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_sign = self.sign.cmp(&other.sign);
        match self.sign {
            _ if by_sign.is_ne() => by_sign,
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

/// An optional sign and digits, of which there may be any number.
fn read_exponent(text: &str) -> i64 {
    match text.parse::<i64>() {
        Ok(exponent) => exponent.clamp(-EXPONENT_LIMIT, EXPONENT_LIMIT),
        Err(_) if text.starts_with('-') => -EXPONENT_LIMIT,
        Err(_) => EXPONENT_LIMIT,
    }
}
