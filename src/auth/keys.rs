//! An issuer's key set (RFC 7517), and of its keys those that may verify RS256 signatures.

use std::collections::HashMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use parking_lot::Mutex;
use ring::{
    digest::SHA256_OUTPUT_LEN,
    signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents},
};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

use super::{object, token::Verified};

/// The sizes of modulus that are taken, in bits.
const BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// An RSA public key, big-endian and without leading zeros.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    n: Vec<u8>,
    e: Vec<u8>,
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

#[derive(Deserialize)]
struct Jwks<'a> {
    #[serde(borrow)]
    keys: Vec<&'a RawValue>,
}

/// The members that matter; one that should not be there may be anything.
#[derive(Deserialize)]
struct Jwk {
    kty: Option<String>,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    key_ops: Option<Vec<String>>,
    n: Option<String>,
    e: Option<String>,
    #[serde(flatten)]
    others: HashMap<String, Option<IgnoredAny>>,
}

/// Members of a private or a symmetric key. One that is published is nobody's key any more.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

impl KeySet {
    /// Reads a key set. A key of an unknown or unwanted kind is passed over (RFC 7517 §5), and so
    /// are all of a `kid` that occurs twice, since nobody can tell which is meant.
    ///
    /// # Errors
    ///
    /// This is no key set, or none of its keys is usable.
    pub fn read(json: &[u8]) -> Result<Self, &'static str> {
        let Some(set) = object::<Jwks<'_>>(json) else {
            return Err("the answer is no key set");
        };
        let mut keys: HashMap<String, Option<PublicKey>> = HashMap::new();
        for key in set.keys {
            let Some(key) = object::<Jwk>(key.get().as_bytes()) else {
                continue;
            };
            if let Some(kid) = key.kid.clone().filter(|kid| !kid.is_empty()) {
                let first = !keys.contains_key(&kid);
                keys.insert(kid, key.usable().filter(|_| first));
            }
        }
        let keys: HashMap<_, _> =
            keys.into_iter().filter_map(|(kid, key)| Some((kid, key?))).collect();
        match keys.is_empty() {
            true => Err("the key set has no usable key (RSA from 2048 bits, for RS256 signatures)"),
            false => Ok(Self(keys)),
        }
    }

    /// The key of this name.
    pub fn get(&self, kid: &str) -> Option<&PublicKey> {
        self.0.get(kid)
    }
}

impl Jwk {
    fn usable(self) -> Option<PublicKey> {
        let published = PRIVATE.iter().any(|name| matches!(self.others.get(*name), Some(Some(_))));
        let wanted = self.kty? == "RSA"
            && self.purpose.is_none_or(|purpose| purpose == "sig")
            && self.alg.is_none_or(|alg| alg == "RS256")
            && self.key_ops.is_none_or(|list| list.iter().any(|one| one == "verify"));
        let n = number(&self.n?)?;
        let e = number(&self.e?)?;
        // An exponent of 1 makes any message its own signature; no honest one is beyond 32 bits.
        let odd = e.last().is_some_and(|byte| byte % 2 == 1);
        let good = BITS.contains(&bits(&n)) && odd && e.len() <= 4 && e != [1];
        (wanted && !published && good).then_some(PublicKey { n, e })
    }
}

/// A Base64urlUInt (RFC 7518 §2); leading zeros are forgiven.
fn number(text: &str) -> Option<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    Some(bytes.into_iter().skip_while(|byte| *byte == 0).collect())
}

fn bits(number: &[u8]) -> usize {
    let first = number.first().map_or(8, |byte| byte.leading_zeros() as usize);
    (number.len() * 8).saturating_sub(first)
}
