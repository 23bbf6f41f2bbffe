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

/// A secret that has admitted a caller, with its hash.
pub(super) struct AdmittedSecret {
    hash: KeyedHash,
    secret: Box<[u8]>,
}

impl AdmittedSecret {
    pub(super) fn new(hash: KeyedHash, secret: &[u8]) -> Self {
        Self { hash, secret: secret.into() }
    }

    /// Whether a presented value, which has this `hash`, is the secret. Compares the values only if the hashes are
    /// equal. A wrong value almost certainly has another hash, so the duration does not even show the length of
    /// the secret.
    pub(super) fn equals(&self, hash: KeyedHash, presented: &[u8]) -> bool {
        self.hash == hash && equal_in_constant_time(&self.secret, presented)
    }
}

/// Compares values in constant time, eight bytes at a time. Only a difference in length shows in the time.
pub(super) fn equal_in_constant_time(one: &[u8], other: &[u8]) -> bool {
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
