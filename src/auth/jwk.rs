//! One key of an issuer's key set (RFC 7517 §4).

use std::{fmt, ops::RangeInclusive};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{json::read_object, public_key::PublicKey};

/// The accepted sizes of a modulus, in bits.
const MODULUS_BITS: RangeInclusive<usize> = 2048..=8192;
/// The members of a private key: all of RSA's, and `d` of elliptic curves.
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];
/// The member that holds a symmetric key.
const SYMMETRIC: &str = "k";

/// Every member of a key in its order, duplicates included. A reader that keeps one of two would
/// overlook a private key beside a `null`.
pub(super) struct JwkMembers<'a>(Vec<(String, &'a RawValue)>);

/// The members that decide whether a key is usable. A member of the wrong type makes the key unusable,
/// and so does one that occurs twice.
#[derive(Deserialize)]
struct Jwk {
    kty: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    key_ops: Option<Vec<String>>,
    n: Option<String>,
    e: Option<String>,
}

impl Jwk {
    /// Whether this is an RSA key that no member reserves for another use than RS256 signatures.
    fn is_for_rs256(&self) -> bool {
        let may_verify = match &self.key_ops {
            Some(operations) => operations.iter().any(|operation| operation == "verify"),
            None => true,
        };
        self.kty.as_deref() == Some("RSA")
            && matches!(self.purpose.as_deref(), None | Some("sig"))
            && matches!(self.alg.as_deref(), None | Some("RS256"))
            && may_verify
    }
}

impl<'a> JwkMembers<'a> {
    /// Reads a JSON object. Returns `None` for any other JSON.
    pub(super) fn read(json: &'a RawValue) -> Option<Self> {
        read_object(json.get().as_bytes())
    }

    /// Whether the private key is published as well, whatever else is wrong with this key.
    pub(super) fn is_leaked(&self) -> bool {
        PRIVATE.iter().any(|name| self.has(name))
    }

    /// Returns the names of the key. This is one name, unless `kid` is missing, is not text, or occurs
    /// twice.
    pub(super) fn kids(&self) -> Vec<String> {
        let mut kids = self.texts("kid");
        kids.retain(|kid| !kid.is_empty());
        kids
    }

    /// Returns the moduli that the published private key belongs to. This is one modulus, unless `n`
    /// is unreadable or occurs twice, or all private numbers are zero, which belong to no modulus.
    pub(super) fn leaked_moduli(&self) -> Vec<Vec<u8>> {
        let mut moduli = Vec::new();
        if !PRIVATE.iter().any(|name| self.has_number(name)) {
            return moduli;
        }
        for text in self.texts("n") {
            if let Some(modulus) = read_number_leniently(&text) {
                moduli.push(modulus);
            }
        }
        moduli
    }

    /// Returns the public key if it can verify RS256 signatures. `json` is the key that these members
    /// were read from.
    pub(super) fn usable(&self, json: &RawValue) -> Option<PublicKey> {
        if self.is_leaked() || self.has(SYMMETRIC) {
            return None;
        }
        let jwk: Jwk = read_object(json.get().as_bytes())?;
        if !jwk.is_for_rs256() {
            return None;
        }
        let key = PublicKey { n: read_number(&jwk.n?)?, e: read_number(&jwk.e?)? };
        if is_strong(&key) { Some(key) } else { None }
    }

    /// Whether this member is there and is not `null`.
    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(other, value)| other == name && value.get() != "null")
    }

    /// Whether this member is there and is neither `null` nor zero.
    fn has_number(&self, name: &str) -> bool {
        for (other, value) in &self.0 {
            if other == name && value.get() != "null" && !is_zero(value.get()) {
                return true;
            }
        }
        false
    }

    /// Returns the values of this member that are text.
    fn texts(&self, name: &str) -> Vec<String> {
        let mut texts = Vec::new();
        for (other, value) in &self.0 {
            if other == name
                && let Ok(text) = serde_json::from_str(value.get())
            {
                texts.push(text);
            }
        }
        texts
    }
}

/// Whether modulus and exponent are of accepted sizes. An exponent of 1 would make any message its own
/// signature; honest exponents are odd and have at most 32 bits.
fn is_strong(key: &PublicKey) -> bool {
    let PublicKey { n, e } = key;
    let is_odd = match e.last() {
        Some(byte) => byte % 2 == 1,
        None => false,
    };
    MODULUS_BITS.contains(&bit_length(n)) && is_odd && e.len() <= 4 && *e != [1]
}

impl<'de: 'a, 'a> Deserialize<'de> for JwkMembers<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_map(MembersVisitor).map(JwkMembers)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

/// Reads a Base64urlUInt (RFC 7518 §2) and removes leading zeros.
fn read_number(text: &str) -> Option<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    Some(bytes.into_iter().skip_while(|byte| *byte == 0).collect())
}

/// Reads a number also with padding or in the standard alphabet of Base64: an attacker would.
fn read_number_leniently(text: &str) -> Option<Vec<u8>> {
    read_number(&text.trim_end_matches('=').replace('+', "-").replace('/', "_"))
}

/// Whether this JSON is a text that encodes zero.
fn is_zero(json: &str) -> bool {
    let Ok(text) = serde_json::from_str::<String>(json) else {
        return false;
    };
    match read_number_leniently(&text) {
        Some(number) => number.is_empty(),
        None => false,
    }
}

/// The number of bits of a big-endian number without leading zeros.
fn bit_length(number: &[u8]) -> usize {
    match number.first() {
        Some(byte) => number.len() * 8 - byte.leading_zeros() as usize,
        None => 0,
    }
}
