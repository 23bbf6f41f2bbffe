//! Numbers: RFC 8259 §6, within the range of an IEEE 754 double.

use super::{JsonFault, JsonReader, NotStrict};

/// A number of at most this length and without an exponent is less than the largest double, 1.8e308.
const SURELY_IN_RANGE: usize = 300;

impl<'a> JsonReader<'a> {
    /// Reads a number, and returns it as it is written.
    pub(super) fn read_number(&mut self) -> Result<&'a str, NotStrict> {
        let start = self.at;
        self.skip_byte(b'-');
        // After a leading zero, no digit is read. The caller fails at one that follows.
        if !self.skip_byte(b'0') {
            self.read_digits()?;
        }
        if self.skip_byte(b'.') {
            self.read_digits()?;
        }
        let has_exponent = self.skip_byte(b'e') || self.skip_byte(b'E');
        if has_exponent {
            // The sign is optional.
            let _ = self.skip_byte(b'+') || self.skip_byte(b'-');
            self.read_digits()?;
        }
        let number = self.text_since(start);
        if (has_exponent || number.len() > SURELY_IN_RANGE) && !is_double(number) {
            return Err(NotStrict { fault: JsonFault::NumberRange, at: start });
        }
        Ok(number)
    }

    /// Reads digits, at least one.
    fn read_digits(&mut self) -> Result<(), NotStrict> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start { Err(self.error()) } else { Ok(()) }
    }

    /// Reads this byte if it is next. Returns whether it was.
    pub(super) fn skip_byte(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        if is_next {
            self.at += 1;
        }
        is_next
    }
}

/// Whether a number is in the range of a double. A number such as `1e-999` is, since it rounds to zero.
fn is_double(number: &str) -> bool {
    number.parse::<f64>().is_ok_and(f64::is_finite)
}
