//! An issuer's key set (RFC 7517), and of its keys those that may verify RS256 signatures.

use std::collections::{HashMap, HashSet};

use parking_lot::Mutex;
use ring::{
    digest::SHA256_OUTPUT_LEN,
    signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents},
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{jwk::Members, object, sha256, token::Verified};

/// Why a key set without a usable key is refused.
const NO_USABLE_KEY: &str =
    "the key set has no usable key (RSA from 2048 bits, for RS256 signatures)";
/// How many leaked keys are remembered.
const LEAKS_LIMIT: usize = 10_000;

/// An RSA public key, big-endian and without leading zeros.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    pub(super) n: Vec<u8>,
    pub(super) e: Vec<u8>,
}

impl PublicKey {
    /// Whether this is a PKCS #1 v1.5 signature with SHA-256 of the message (RFC 7518 §3.3).
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let key = RsaPublicKeyComponents { n: &self.n, e: &self.e };
        key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
    }
}

/// The usable keys by their `kid`; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySet(HashMap<String, PublicKey>);

/// The keys in use, and by their digests the tokens that were verified with them: with other keys,
/// these are forgotten.
pub(super) struct Trusted {
    pub(super) keys: KeySet,
    pub(super) verified: Mutex<HashMap<[u8; SHA256_OUTPUT_LEN], Verified>>,
}

impl Trusted {
    pub(super) fn new(keys: KeySet) -> Self {
        Self { keys, verified: Mutex::default() }
    }
}

/// What an issuer publishes.
pub(super) struct Published {
    /// The usable keys by their `kid`, before [`Leaks`] refuses any.
    keys: HashMap<String, PublicKey>,
    /// The keys whose private half is published with them.
    leaked: Vec<LeakedKey>,
}

/// A key whose private half is public, so that anybody can sign with it.
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
    /// Reads a key set. A key of an unknown or unwanted kind is passed over (RFC 7517 §5), and so
    /// are all of a `kid` that occurs twice, since nobody can tell which is meant.
    ///
    /// # Errors
    ///
    /// This is no key set.
    pub(super) fn read(json: &[u8]) -> Result<Self, &'static str> {
        let Some(set) = object::<Jwks<'_>>(json) else {
            return Err("the answer is no key set");
        };
        let mut keys: HashMap<String, Option<PublicKey>> = HashMap::new();
        let mut leaked = Vec::new();
        for json in set.keys {
            let Some(members) = Members::read(json) else {
                continue;
            };
            let kids = members.kids();
            let usable = members.usable(json);
            for kid in &kids {
                let first = !keys.contains_key(kid) && kids.len() == 1;
                keys.insert(kid.clone(), usable.clone().filter(|_| first));
            }
            if members.is_leaked() {
                leaked.push(LeakedKey { kids, moduli: members.leaked_moduli() });
            }
        }
        let mut usable = HashMap::new();
        for (kid, key) in keys {
            if let Some(key) = key {
                usable.insert(kid, key);
            }
        }
        Ok(Self { keys: usable, leaked })
    }
}

impl KeySet {
    /// Reads a key set and refuses the keys that are leaked in it.
    ///
    /// # Errors
    ///
    /// This is no key set, or none of its keys is usable.
    pub fn read(json: &[u8]) -> Result<Self, &'static str> {
        Leaks::default().take(Published::read(json)?, None).fresh
    }

    /// The key of this name.
    pub fn get(&self, kid: &str) -> Option<&PublicKey> {
        self.0.get(kid)
    }

    /// The keys; `None` where there are none.
    fn new(keys: HashMap<String, PublicKey>) -> Option<Self> {
        (!keys.is_empty()).then_some(Self(keys))
    }
}

/// The keys whose private half the issuer has published since the start. None of them verifies a token
/// again, under whatever name and however it is published later.
#[derive(Clone, Default)]
pub(super) struct Leaks {
    /// Digests of moduli; of a key without one, of its names.
    known: HashSet<[u8; SHA256_OUTPUT_LEN]>,
}

/// What is left of keys after a fetch.
pub(super) struct Taken {
    /// The published keys without leaked ones.
    pub(super) fresh: Result<KeySet, &'static str>,
    /// The last good keys without leaked ones.
    pub(super) last: Option<KeySet>,
    /// The names of the keys that were not known to be leaked before.
    pub(super) newly_leaked: Vec<String>,
}

impl Leaks {
    /// Takes note of what is leaked, and refuses it among the published and the `last` good keys.
    pub(super) fn take(&mut self, published: Published, last: Option<&KeySet>) -> Taken {
        let mut kids = HashSet::new();
        let mut newly_leaked = Vec::new();
        for key in published.leaked {
            if self.note(&key) {
                newly_leaked.push(key.kids.join(", "));
            }
            kids.extend(key.kids);
        }
        if self.known.len() > LEAKS_LIMIT {
            let fresh = Err("the issuer has published more private keys than can be remembered");
            return Taken { fresh, last: None, newly_leaked };
        }
        let fresh = self.without_leaked(published.keys, &kids).ok_or(NO_USABLE_KEY);
        let last = last.and_then(|last| self.without_leaked(last.0.clone(), &kids));
        Taken { fresh, last, newly_leaked }
    }

    /// Remembers a leaked key; returns whether it is new.
    fn note(&mut self, key: &LeakedKey) -> bool {
        if key.moduli.is_empty() {
            let names = format!("names {:?}", key.kids);
            return self.known.insert(sha256(names.as_bytes()));
        }
        let mut is_new = false;
        for modulus in &key.moduli {
            is_new |= self.known.insert(sha256(modulus));
        }
        is_new
    }

    /// The keys that have none of these names and no leaked modulus; `None` where there are none.
    fn without_leaked(
        &self,
        mut keys: HashMap<String, PublicKey>,
        kids: &HashSet<String>,
    ) -> Option<KeySet> {
        keys.retain(|kid, key| !kids.contains(kid) && !self.known.contains(&sha256(&key.n)));
        KeySet::new(keys)
    }
}
