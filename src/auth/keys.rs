//! Issuers' key sets (RFC 7517): the keys that may verify RS256 signatures, and those that must not
//! because their private keys are published.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use derive_more::{Display, Error};
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::value::RawValue;

pub use super::jwk::PublicKey;
use super::{
    digest::{Digest, sha256},
    jwk::{PublishedKey, read_object},
};

/// How many leaked keys are remembered. With more of them, no key is trusted any more.
const LEAKS_LIMIT: usize = 10_000;

/// Why an issuer's keys cannot be used.
#[derive(Debug, Display, Error)]
#[display("{message}")]
pub struct KeysError {
    pub(super) kind: KeysErrorKind,
    /// The explanation for the log.
    message: String,
}

/// The kind of a [`KeysError`]. A fetch that fails with the same kind as the last one is not logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeysErrorKind {
    /// The certificates of the issuer's authority cannot be read.
    Certificates,
    /// The issuer does not answer.
    Connection,
    /// The issuer answers with this status.
    Status(u16),
    /// The metadata is invalid, is that of another issuer, or has a URL of the keys that is not trusted.
    Metadata,
    /// The document is not a key set.
    NotKeySet,
    /// No key of the set can verify tokens.
    NoUsableKey,
    /// More than [`LEAKS_LIMIT`] keys have leaked.
    TooManyLeaks,
    /// The fetch ended by a panic.
    Panic,
}

impl KeysError {
    pub(super) fn new(kind: KeysErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// The same error, with the URL that it came from.
    pub(super) fn at(self, url: &str) -> Self {
        Self { message: format!("{url}: {}", self.message), ..self }
    }
}

/// Usable keys by their `kid`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySet(HashMap<String, PublicKey>);

/// The key set that an issuer publishes.
pub struct PublishedKeySet {
    /// The keys that can verify RS256 signatures. Some of them may be refused because they have leaked.
    pub(super) keys: KeySet,
    /// The keys that are published with a member of their private key, so that anybody may sign with them.
    leaked: Vec<PublishedKey>,
    /// How long the issuer allows their use. `None` if the issuer sets no limit.
    pub(super) max_age: Option<Duration>,
}

#[derive(Deserialize)]
struct Jwks<'a> {
    #[serde(borrow)]
    keys: Vec<&'a RawValue>,
}

impl PublishedKeySet {
    /// Reads a key set. Fails if this is not one. Skips keys of other kinds (RFC 7517 §5). If two keys have the
    /// same `kid`, skips both, since it is unclear which one is meant. Also skips a key with several `kid`s, and
    /// every other key with one of them.
    pub fn from_json(json: &[u8], max_age: Option<Duration>) -> Result<Self, KeysError> {
        let Some(set) = read_object::<Jwks<'_>>(json) else {
            return Err(KeysError::new(KeysErrorKind::NotKeySet, "this is not a key set"));
        };
        let mut kids = HashSet::new();
        let mut published = Self { keys: KeySet::default(), leaked: Vec::new(), max_age };
        for json in set.keys {
            let Some(key) = PublishedKey::from_json(json) else {
                continue;
            };
            for kid in &key.kids {
                let is_new = kids.insert(kid.clone());
                if !is_new || key.kids.len() > 1 {
                    published.keys.0.remove(kid);
                } else if let Some(usable) = &key.usable {
                    published.keys.0.insert(kid.clone(), usable.clone());
                }
            }
            if key.has_private_member {
                published.leaked.push(key);
            }
        }
        Ok(published)
    }
}

impl KeySet {
    /// Reads a key set, and refuses the keys whose private keys are published in it. Fails if this is
    /// not a key set, or no key is left.
    pub fn from_json(json: &[u8]) -> Result<Self, KeysError> {
        let published = PublishedKeySet::from_json(json, None)?;
        let leaks = Leaks::default();
        leaks.remember(&published);
        leaks.usable_keys(&published)
    }

    /// The key of this name.
    pub fn get(&self, kid: &str) -> Option<&PublicKey> {
        self.0.get(kid)
    }
}

/// The keys whose private keys were published since the start. They verify no token again, even if the issuer
/// publishes them later under other names and without the private keys. Clones share their content.
#[derive(Clone, Default)]
pub struct Leaks {
    /// Digests of the moduli, or of the names of a key without leaked moduli.
    known: Arc<Mutex<HashSet<Digest>>>,
}

impl Leaks {
    /// Remembers the leaked keys of a set. Returns the names of those that were not known before.
    pub(super) fn remember(&self, published: &PublishedKeySet) -> Vec<String> {
        let mut known = self.known.lock();
        let mut newly_leaked = Vec::new();
        for key in &published.leaked {
            // At most one more than the limit is remembered, so that `without_leaked` notices the excess.
            if known.len() <= LEAKS_LIMIT && remember_key(&mut known, key) {
                newly_leaked.push(key.kids.join(", "));
            }
        }
        newly_leaked
    }

    /// Returns the keys of `published` that have not leaked. Fails if no key is left.
    pub(super) fn usable_keys(&self, published: &PublishedKeySet) -> Result<KeySet, KeysError> {
        self.without_leaked(&published.keys, published)
    }

    /// Returns `keys` without leaked ones: without keys that have the modulus of any leaked key, or the name of
    /// a leaked key in `published`. Fails if no key is left.
    pub(super) fn without_leaked(
        &self,
        keys: &KeySet,
        published: &PublishedKeySet,
    ) -> Result<KeySet, KeysError> {
        let known = self.known.lock();
        if known.len() > LEAKS_LIMIT {
            let why = format!(
                "more than {LEAKS_LIMIT} private keys were published since the start, so no key is \
                 trusted any more; restart with another issuer"
            );
            return Err(KeysError::new(KeysErrorKind::TooManyLeaks, why));
        }
        let mut leaked_kids = HashSet::new();
        for key in &published.leaked {
            leaked_kids.extend(&key.kids);
        }
        let mut remaining = KeySet::default();
        for (kid, key) in &keys.0 {
            if !leaked_kids.contains(kid) && !known.contains(&sha256(&key.n)) {
                remaining.0.insert(kid.clone(), key.clone());
            }
        }
        if remaining.0.is_empty() {
            let why = "the key set has no usable key (RSA from 2048 bits, for RS256 signatures)";
            return Err(KeysError::new(KeysErrorKind::NoUsableKey, why));
        }
        Ok(remaining)
    }
}

/// Remembers a leaked key. Returns true if it is new.
fn remember_key(known: &mut HashSet<Digest>, key: &PublishedKey) -> bool {
    let moduli = key.leaked_moduli();
    if moduli.is_empty() {
        let names = format!("names {:?}", key.kids);
        return known.insert(sha256(names.as_bytes()));
    }
    let mut is_new = false;
    for modulus in moduli {
        if known.insert(sha256(modulus)) {
            is_new = true;
        }
    }
    is_new
}
