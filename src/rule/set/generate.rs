//! `generate`: an identifier that is made from the request's `eventId`. A second request with the same
//! `eventId` gets the same identifier.

use ring::digest::{Context, SHA256};

/// Makes identifiers for one attribute of a hook.
pub(crate) struct Generator {
    kind: IdentifierKind,
    /// The state of each digest after the names of the hook and of the attribute. The event's id comes next.
    seed: Context,
}

/// The form of an identifier.
#[derive(Clone, Copy)]
pub(crate) enum IdentifierKind {
    /// A UUID of version 8 (RFC 9562), in lower case.
    Uuid,
    /// This number of digits.
    Digits(u32),
}

impl Generator {
    pub(crate) fn new(kind: IdentifierKind, hook: &str, attribute: &str) -> Self {
        let mut seed = Context::new(&SHA256);
        for part in [hook, attribute] {
            // The length comes first, so that `a` with `bc` differs from `ab` with `c`.
            seed.update(&(part.len() as u64).to_be_bytes());
            seed.update(part.as_bytes());
        }
        Self { kind, seed }
    }

    /// The identifier of an event.
    pub(crate) fn identifier(&self, event_id: &str) -> String {
        let mut digest = self.seed.clone();
        digest.update(event_id.as_bytes());
        let number = leading_number(digest.finish().as_ref());
        match self.kind {
            IdentifierKind::Uuid => uuid(number),
            IdentifierKind::Digits(count) => {
                let number = number % 10_u128.pow(count);
                let width = count as usize;
                format!("{number:0width$}")
            }
        }
    }
}

/// The number in the first 16 bytes.
fn leading_number(bytes: &[u8]) -> u128 {
    let mut number = 0;
    for byte in bytes.iter().take(16) {
        number = (number << 8) | u128::from(*byte);
    }
    number
}

/// The UUID of version 8 with the bits of this number, except those of its version and variant.
fn uuid(number: u128) -> String {
    const VERSION_BITS: u128 = 0xf << 76;
    const VERSION_8: u128 = 8 << 76;
    const VARIANT_BITS: u128 = 0b11 << 62;
    const VARIANT: u128 = 0b10 << 62;
    let free_bits = number & !(VERSION_BITS | VARIANT_BITS);
    let digits = format!("{:032x}", free_bits | VERSION_8 | VARIANT);
    let mut uuid = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if matches!(index, 8 | 12 | 16 | 20) {
            uuid.push('-');
        }
        uuid.push(digit);
    }
    uuid
}
