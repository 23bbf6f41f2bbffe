//! Sets of bytes. To look a byte up takes one step.

/// A set of bytes, as a table.
#[derive(Clone, Copy)]
pub(crate) struct ByteSet([bool; 256]);

impl ByteSet {
    /// The ASCII letters and digits.
    pub(crate) const ALPHANUMERIC: Self =
        Self([false; 256]).with_range(b'0', b'9').with_range(b'A', b'Z').with_range(b'a', b'z');
    /// The ASCII characters that can be printed, and the space.
    pub(crate) const PRINTABLE: Self = Self([false; 256]).with_range(b' ', b'~');

    /// This set and these bytes.
    pub(crate) const fn with(self, bytes: &[u8]) -> Self {
        self.set(bytes, true)
    }

    /// This set without these bytes.
    pub(crate) const fn without(self, bytes: &[u8]) -> Self {
        self.set(bytes, false)
    }

    /// This set and the bytes from `first` to `last`, both included.
    const fn with_range(mut self, first: u8, last: u8) -> Self {
        let mut byte = first;
        while byte <= last {
            self = self.set(&[byte], true);
            byte += 1;
        }
        self
    }

    #[expect(clippy::indexing_slicing, reason = "the table has a place for each byte")]
    const fn set(mut self, bytes: &[u8], is_member: bool) -> Self {
        let mut rest = bytes;
        while let [byte, others @ ..] = rest {
            self.0[*byte as usize] = is_member;
            rest = others;
        }
        self
    }

    /// Whether the set has this byte.
    pub(crate) fn contains(&self, byte: u8) -> bool {
        self.0.get(usize::from(byte)).copied().unwrap_or_default()
    }

    /// Whether the set has all bytes of a text.
    pub(crate) fn contains_all(&self, text: &[u8]) -> bool {
        text.iter().all(|byte| self.contains(*byte))
    }
}
