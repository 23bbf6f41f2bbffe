//! `generate`: an identifier that is the same whenever the same event is sent again.

use ring::digest::{Context, SHA256};

/// Makes identifiers for one attribute of a hook.
pub(crate) struct Generator {
    kind: IdentifierKind,
    /// The digest of the hook and the attribute, to which that of the event is added.
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
            // With its length, so that two parts together are never two others.
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

/// The UUID of version 8 with the bits of this number that are not those of the version and variant.
fn uuid(number: u128) -> String {
    const VERSION: u128 = 0xf << 76;
    const VARIANT: u128 = 0b11 << 62;
    let digits = format!("{:032x}", number & !VERSION & !VARIANT | 8 << 76 | 0b10 << 62);
    let mut uuid = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if matches!(index, 8 | 12 | 16 | 20) {
            uuid.push('-');
        }
        uuid.push(digit);
    }
    uuid
}
