//! Strings: RFC 8259 §7.

use std::borrow::Cow;

use super::{JsonFault, JsonReader, NotStrict};

impl<'a> JsonReader<'a> {
    /// Reads a string. Borrows it if it has no escape.
    #[inline(always)]
    pub(super) fn read_text(&mut self) -> Result<Cow<'a, str>, NotStrict> {
        self.read_byte(b'"')?;
        let start = self.at;
        self.skip_unescaped();
        if self.peek() != Some(b'"') {
            return self.read_escaped(start);
        }
        let text = self.text_since(start);
        self.at += 1;
        Ok(Cow::Borrowed(text))
    }

    /// Reads the rest of a string from its first escape on.
    fn read_escaped(&mut self, start: usize) -> Result<Cow<'a, str>, NotStrict> {
        let mut text = self.text_since(start).to_owned();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Cow::Owned(text));
                }
                Some(b'\\') => {
                    self.at += 1;
                    text.push(self.read_escape()?);
                }
                // A control character, or the end of the text.
                _ => return Err(self.error()),
            }
            let start = self.at;
            self.skip_unescaped();
            text.push_str(self.text_since(start));
        }
    }

    /// Skips the bytes up to a quote, a backslash, a control character or the end of the text.
    fn skip_unescaped(&mut self) {
        while let Some(word) = self.rest().first_chunk::<8>() {
            let unescaped = unescaped_bytes(u64::from_le_bytes(*word));
            self.at += unescaped;
            if unescaped < 8 {
                return;
            }
        }
        while let Some(byte) = self.peek()
            && !matches!(byte, b'"' | b'\\' | ..0x20)
        {
            self.at += 1;
        }
    }

    /// Reads an escape after its backslash.
    fn read_escape(&mut self) -> Result<char, NotStrict> {
        let character = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.read_unicode_escape();
            }
            _ => return Err(self.error()),
        };
        self.at += 1;
        Ok(character)
    }

    /// Reads an escape after its `\u`. A character beyond U+FFFF is written as two escapes, a pair of
    /// surrogates. Refuses a surrogate without its other half.
    fn read_unicode_escape(&mut self) -> Result<char, NotStrict> {
        let backslash = self.at - 2;
        let lone = NotStrict { fault: JsonFault::LoneSurrogate, at: backslash };
        let first = self.read_code_unit()?;
        // This excludes surrogates, which are not characters.
        if let Some(character) = char::from_u32(u32::from(first)) {
            return Ok(character);
        }
        if !self.skip_byte(b'\\') || !self.skip_byte(b'u') {
            return Err(lone);
        }
        let second = self.read_code_unit()?;
        match char::decode_utf16([first, second]).next() {
            Some(Ok(character)) => Ok(character),
            _ => Err(lone),
        }
    }

    /// Reads four hexadecimal digits.
    fn read_code_unit(&mut self) -> Result<u16, NotStrict> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.error());
            };
            unit = unit << 4 | digit as u16;
            self.at += 1;
        }
        Ok(unit)
    }
}

/// How many of eight bytes come before a quote, a backslash or a control character.
///
/// `LOW` has the lowest bit of each byte, `HIGH` the highest. The first byte of `x` that is zero is the first in
/// which `(x - LOW) & !x` has the highest bit. `(x - LOW * 0x20) & !x` finds the first byte below `0x20` in the same
/// way. Later bytes may have the bit wrongly, because the subtraction borrows from them.
fn unescaped_bytes(word: u64) -> usize {
    const LOW: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = LOW << 7;
    let quote = word ^ (LOW * b'"' as u64);
    let backslash = word ^ (LOW * b'\\' as u64);
    let is_quote = quote.wrapping_sub(LOW) & !quote;
    let is_backslash = backslash.wrapping_sub(LOW) & !backslash;
    let is_control = word.wrapping_sub(LOW * 0x20) & !word;
    let found = (is_quote | is_backslash | is_control) & HIGH;
    found.trailing_zeros() as usize / 8
}
