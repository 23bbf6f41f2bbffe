//! Recognises values that were admitted before, in less time than a digest takes.

use std::hash::{BuildHasher as _, RandomState};

use subtle::ConstantTimeEq as _;

/// The key of hashes. The key is random and never leaves the process, so that no caller can find a value that has a
/// given hash.
#[derive(Default)]
pub(super) struct HashKey(RandomState);

/// A keyed hash of a value (SipHash).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct KeyedHash(u64);

impl HashKey {
    pub(super) fn hash(&self, value: &[u8]) -> KeyedHash {
        KeyedHash(self.0.hash_one(value))
    }
}

/// A value that was admitted.
pub(super) struct AdmittedValue {
    hash: KeyedHash,
    value: Box<[u8]>,
}

impl AdmittedValue {
    pub(super) fn new(hash: KeyedHash, value: &[u8]) -> Self {
        Self { hash, value: value.into() }
    }

    /// Whether the presented value is this one. Compares the hashes first, and the values only if these are equal.
    /// A wrong value almost certainly has another hash, so the duration does not even show the length of the
    /// admitted value.
    pub(super) fn equals(&self, hash: KeyedHash, presented: &[u8]) -> bool {
        self.hash == hash && is_equal(&self.value, presented)
    }
}

/// Compares values in constant time, eight bytes at a time. Only a difference in length shows in the time.
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
