//! Recognises values that were admitted before, in less time than a digest takes.

use std::hash::{BuildHasher as _, RandomState};

use subtle::ConstantTimeEq as _;

/// Makes fingerprints with a random key that never leaves the process, so that no caller can choose a value
/// for its fingerprint.
#[derive(Default)]
pub(super) struct Fingerprints(RandomState);

/// A keyed hash of a value (SipHash).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Fingerprint(u64);

impl Fingerprints {
    pub(super) fn of(&self, value: &[u8]) -> Fingerprint {
        Fingerprint(self.0.hash_one(value))
    }
}

/// A value that was admitted.
pub(super) struct AdmittedValue {
    fingerprint: Fingerprint,
    value: Box<[u8]>,
}

impl AdmittedValue {
    pub(super) fn new(fingerprint: Fingerprint, value: &[u8]) -> Self {
        Self { fingerprint, value: value.into() }
    }

    /// Whether this value is presented. Only a value with the same fingerprint is compared, in constant time, so
    /// that the duration shows nothing of the admitted one, not even its length.
    pub(super) fn equals(&self, fingerprint: Fingerprint, presented: &[u8]) -> bool {
        self.fingerprint == fingerprint && is_equal(&self.value, presented)
    }
}

/// Compares values of one length in constant time, by eight bytes each.
fn is_equal(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let (one_words, one_rest) = one.as_chunks::<8>();
    let (other_words, other_rest) = other.as_chunks::<8>();
    let mut equal = one_rest.ct_eq(other_rest);
    for (one, other) in one_words.iter().zip(other_words) {
        equal &= u64::from_ne_bytes(*one).ct_eq(&u64::from_ne_bytes(*other));
    }
    equal.into()
}
