//! An issuer's key set (RFC 7517), and of its keys those that may verify RS256 signatures.

use std::collections::HashMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The sizes of modulus that are taken, in bits.
const BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// Members of a private or a symmetric key. One that is published is nobody's key any more.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

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
#[derive(Debug)]
pub struct KeySet(HashMap<String, PublicKey>);

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<Map<String, Value>>,
}

impl KeySet {
    /// Reads a key set. A key of an unknown or unwanted kind is passed over (RFC 7517 §5), and so
    /// are two of the same `kid`, since nobody can tell which is meant.
    ///
    /// # Errors
    ///
    /// This is no key set, or none of its keys is usable.
    pub fn read(json: &[u8]) -> Result<Self, &'static str> {
        let Ok(set) = serde_json::from_slice::<Jwks>(json) else {
            return Err("the answer is no key set");
        };
        let mut keys: HashMap<String, Option<PublicKey>> = HashMap::new();
        for (kid, key) in set.keys.iter().filter_map(usable) {
            let other = keys.contains_key(&kid);
            keys.insert(kid, (!other).then_some(key));
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

fn usable(key: &Map<String, Value>) -> Option<(String, PublicKey)> {
    let text = |member: &str| key.get(member).and_then(Value::as_str);
    let absent_or = |member: &str, wanted: &str| {
        key.get(member).is_none_or(|value| value.as_str() == Some(wanted))
    };
    let may_verify = key.get("key_ops").is_none_or(|operations| {
        operations.as_array().is_some_and(|list| list.iter().any(|one| one == "verify"))
    });
    let wanted = text("kty") == Some("RSA")
        && absent_or("use", "sig")
        && absent_or("alg", "RS256")
        && may_verify
        && PRIVATE.iter().all(|member| !key.contains_key(*member));
    let kid = text("kid").filter(|kid| wanted && !kid.is_empty())?;
    let n = number(text("n")?)?;
    let e = number(text("e")?)?;
    // An exponent of 1 makes any message its own signature; no honest one is beyond 32 bits.
    let exponent =
        e.iter().try_fold(0_u32, |sum, byte| Some(sum.checked_mul(256)? | u32::from(*byte)))?;
    let good = BITS.contains(&bits(&n)) && exponent >= 3 && exponent % 2 == 1;
    good.then(|| (kid.to_owned(), PublicKey { n, e }))
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
