//! Issuers' key sets (RFC 7517): the keys that may verify RS256 signatures, and those that must not
//! because their private keys are published.

use std::collections::{HashMap, HashSet};

use derive_more::{Display, Error};
use serde::Deserialize;
use serde_json::value::RawValue;

pub use super::public_key::PublicKey;
use super::{
    digest::{Digest, sha256},
    json::read_object,
    jwk::JwkMembers,
};

/// How many leaked keys are remembered.
const LEAKS_LIMIT: usize = 10_000;

/// Why a key set is refused.
#[derive(Clone, Copy, Debug, Display, Error, PartialEq, Eq)]
pub enum KeySetError {
    /// The JSON is malformed, or is not a key set.
    #[display("the answer is not a key set")]
    NotAKeySet,
    /// None of its keys can verify tokens.
    #[display("the key set has no usable key (RSA from 2048 bits, for RS256 signatures)")]
    NoUsableKey,
    /// The issuer cannot be trusted any more.
    #[display("the issuer has published more private keys than can be remembered")]
    TooManyLeaks,
}

/// Usable keys by their `kid`, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySet(HashMap<String, PublicKey>);

/// The keys that an issuer publishes.
pub(super) struct Published {
    /// The usable keys by their `kid`. [`Leaks`] may refuse some of them.
    keys: HashMap<String, PublicKey>,
    /// The keys whose private keys are published with them.
    leaked: Vec<LeakedKey>,
}

/// A key that anybody can sign with, since its private key is public.
struct LeakedKey {
    kids: Vec<String>,
    moduli: Vec<Vec<u8>>,
}

#[derive(Deserialize)]
struct Jwks<'a> {
    #[serde(borrow)]
    keys: Vec<&'a RawValue>,
}

impl Published {
    /// Reads a key set. Skips keys of other kinds (RFC 7517 §5). If a `kid` occurs twice, skips all
    /// keys of this name, since it is unclear which one is meant.
    pub(super) fn read(json: &[u8]) -> Result<Self, KeySetError> {
        let Some(set) = read_object::<Jwks<'_>>(json) else {
            return Err(KeySetError::NotAKeySet);
        };
        // `None` for a name without a usable key.
        let mut named: HashMap<String, Option<PublicKey>> = HashMap::new();
        let mut leaked = Vec::new();
        for json in set.keys {
            let Some(members) = JwkMembers::read(json) else {
                continue;
            };
            let kids = members.kids();
            let usable = members.usable(json);
            for kid in &kids {
                let is_ambiguous = kids.len() > 1 || named.contains_key(kid);
                let key = if is_ambiguous { None } else { usable.clone() };
                named.insert(kid.clone(), key);
            }
            if members.is_leaked() {
                leaked.push(LeakedKey { kids, moduli: members.leaked_moduli() });
            }
        }
        let mut keys = HashMap::new();
        for (kid, key) in named {
            if let Some(key) = key {
                keys.insert(kid, key);
            }
        }
        Ok(Self { keys, leaked })
    }
}

impl KeySet {
    /// Reads a key set, and refuses the keys whose private keys are published in it.
    ///
    /// # Errors
    ///
    /// This is not a key set, or none of its keys is usable.
    pub fn read(json: &[u8]) -> Result<Self, KeySetError> {
        Leaks::default().refuse(Published::read(json)?, None).published
    }

    /// The key of this name.
    pub fn get(&self, kid: &str) -> Option<&PublicKey> {
        self.0.get(kid)
    }

    /// Returns `None` for an empty set.
    fn new(keys: HashMap<String, PublicKey>) -> Option<Self> {
        if keys.is_empty() { None } else { Some(Self(keys)) }
    }
}

/// The keys whose private keys the issuer has published since the start. No token is verified with
/// them again, whatever their names are and however they are published later.
#[derive(Clone, Default)]
pub(super) struct Leaks {
    /// Digests of the moduli, or of the names for a key without a modulus.
    known: HashSet<Digest>,
}

/// The keys that remain after leaked ones are refused.
pub(super) struct Remaining {
    /// The published keys.
    pub(super) published: Result<KeySet, KeySetError>,
    /// The last keys in use. `None` if no key remains.
    pub(super) last: Option<KeySet>,
    /// The names of the leaked keys that were not known before.
    pub(super) newly_leaked: Vec<String>,
}

impl Leaks {
    /// Remembers the leaked keys, and refuses them among the published keys and the `last` ones in use.
    pub(super) fn refuse(&mut self, published: Published, last: Option<&KeySet>) -> Remaining {
        let mut kids = HashSet::new();
        let mut newly_leaked = Vec::new();
        for key in published.leaked {
            if self.remember(&key) {
                newly_leaked.push(key.kids.join(", "));
            }
            kids.extend(key.kids);
        }
        if self.known.len() > LEAKS_LIMIT {
            return Remaining {
                published: Err(KeySetError::TooManyLeaks),
                last: None,
                newly_leaked,
            };
        }
        let remaining = self.without_leaked(published.keys, &kids);
        let mut last_remaining = None;
        if let Some(last) = last {
            last_remaining = self.without_leaked(last.0.clone(), &kids);
        }
        Remaining {
            published: remaining.ok_or(KeySetError::NoUsableKey),
            last: last_remaining,
            newly_leaked,
        }
    }

    /// Remembers a leaked key. Returns whether it was not known before.
    fn remember(&mut self, key: &LeakedKey) -> bool {
        if key.moduli.is_empty() {
            let names = format!("names {:?}", key.kids);
            return self.known.insert(sha256(names.as_bytes()));
        }
        let mut is_new = false;
        for modulus in &key.moduli {
            if self.known.insert(sha256(modulus)) {
                is_new = true;
            }
        }
        is_new
    }

    /// Returns the keys with none of these names and no leaked modulus. `None` if no key remains.
    fn without_leaked(
        &self,
        mut keys: HashMap<String, PublicKey>,
        kids: &HashSet<String>,
    ) -> Option<KeySet> {
        keys.retain(|kid, key| !kids.contains(kid) && !self.known.contains(&sha256(&key.n)));
        KeySet::new(keys)
    }
}
