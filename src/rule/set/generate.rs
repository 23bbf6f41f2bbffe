//! `generate`: an identifier that is the same whenever the same event is sent again.

use ring::digest::{Context, SHA256};

/// Makes identifiers for one attribute of a hook.
pub(crate) struct Generator {
    kind: IdentifierKind,
    /// The state of a digest that has read the hook and the attribute. It reads the event's id next.
    seed: Context,
}

/// The form of an identifier.
#[derive(Clone, Copy)]
pub(crate) enum IdentifierKind {
    /// A UUID of version 8 (RFC 9562), in lower case.
    Uuid,
    /// So many digits.
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
        let digest = digest.finish();
        let mut number: u128 = 0;
        for byte in digest.as_ref().iter().take(16) {
            number = number << 8 | u128::from(*byte);
        }
        match self.kind {
            IdentifierKind::Uuid => uuid(number),
            IdentifierKind::Digits(length) => {
                let number = number % 10_u128.pow(length);
                format!("{number:0length$}", length = length as usize)
            }
        }
    }
}

/// The UUID of version 8 that has the bits of this number, but for those of its version and variant.
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
