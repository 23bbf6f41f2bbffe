//! One key of an issuer's key set (RFC 7517 §4).

use std::{fmt, ops::RangeInclusive};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// The accepted sizes of a modulus, in bits.
const MODULUS_BITS: RangeInclusive<usize> = 2048..=8192;

/// An RSA public key: modulus and exponent, big-endian and without leading zeros.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    pub(super) n: Vec<u8>,
    e: Vec<u8>,
}

impl PublicKey {
    /// Whether this is a PKCS #1 v1.5 signature of the message with SHA-256 (RFC 7518 §3.3).
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let key = RsaPublicKeyComponents { n: &self.n, e: &self.e };
        key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
    }

    /// Whether the modulus and the exponent have accepted sizes. With an exponent of 1, each message
    /// would be its own signature. Honest exponents are odd and have at most 32 bits.
    fn is_strong(&self) -> bool {
        let (Some(first), Some(last)) = (self.n.first(), self.e.last()) else {
            return false;
        };
        let modulus_bits = self.n.len() * 8 - first.leading_zeros() as usize;
        let is_odd = last % 2 == 1;
        MODULUS_BITS.contains(&modulus_bits) && is_odd && self.e.len() <= 4 && self.e != [1]
    }
}

/// A key as it is published, with its leaks. To find leaks, each occurrence of a member counts: in
/// `{"d": "…", "d": null}`, a reader that keeps only the last one would overlook the private key.
#[derive(Default)]
pub(super) struct PublishedKey {
    /// The names of the key: one for each valid `kid`.
    pub(super) kids: Vec<String>,
    /// The moduli of the key: one for each valid `n`.
    moduli: Vec<Vec<u8>>,
    /// Whether a member of a private key is published as well, even an invalid one. Then this key is refused.
    pub(super) has_private_member: bool,
    /// Whether such a member is anything but zero. Then every key with one of the moduli is refused, since anybody may
    /// know its private key.
    reveals_private_key: bool,
    /// Whether this is a secret key (`k`), which is not for signatures with RSA.
    is_symmetric: bool,
    /// The public key, if it can verify RS256 signatures and only its owner can sign.
    pub(super) usable: Option<PublicKey>,
}

/// The members that decide whether a key without leaks is usable. A member of the wrong type makes it unusable, and
/// so does one that occurs twice.
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

impl PublishedKey {
    /// Reads a key. Returns `None` if this is not a JSON object.
    pub(super) fn from_json(json: &RawValue) -> Option<Self> {
        let json = json.get();
        let mut members = serde_json::Deserializer::from_str(json);
        let mut key = members.deserialize_map(MembersVisitor).ok()?;
        if !key.has_private_member && !key.is_symmetric {
            key.usable = read_public_key(json);
        }
        Some(key)
    }

    /// Returns the moduli whose private key is published: none if the private key is only zeros, which fit no modulus.
    pub(super) fn leaked_moduli(&self) -> &[Vec<u8>] {
        if self.reveals_private_key { &self.moduli } else { &[] }
    }

    fn add_member(&mut self, name: &str, json: &str) {
        match name {
            "kid" => {
                if let Ok(kid) = serde_json::from_str::<String>(json)
                    && !kid.is_empty()
                {
                    self.kids.push(kid);
                }
            }
            "n" => {
                if let Some(modulus) = read_number_leniently(json) {
                    self.moduli.push(modulus);
                }
            }
            // The members of a private key: all of RSA's, and `d` of elliptic curves.
            "d" | "p" | "q" | "dp" | "dq" | "qi" | "oth" if json != "null" => {
                self.has_private_member = true;
                match read_number_leniently(json) {
                    Some(number) if number.is_empty() => {} // Zero.
                    // A text that is not a number may still tell the private key to an attacker.
                    Some(_) | None => self.reveals_private_key = true,
                }
            }
            "k" if json != "null" => self.is_symmetric = true,
            _ => {}
        }
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = PublishedKey;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut key = PublishedKey::default();
        while let Some((name, json)) = map.next_entry::<String, &RawValue>()? {
            key.add_member(&name, json.get());
        }
        Ok(key)
    }
}

/// Reads a public key. Returns `None` if it cannot verify RS256 signatures.
fn read_public_key(json: &str) -> Option<PublicKey> {
    let jwk: Jwk = read_object(json.as_bytes())?;
    if !jwk.is_for_rs256() {
        return None;
    }
    let key = PublicKey { n: read_number(&jwk.n?)?, e: read_number(&jwk.e?)? };
    if key.is_strong() { Some(key) } else { None }
}

/// Reads a JSON object. Returns `None` for an array, from which serde's derived readers would take the
/// values of the members in their order.
pub(super) fn read_object<'de, T: Deserialize<'de>>(json: &'de [u8]) -> Option<T> {
    if !json.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    serde_json::from_slice(json).ok()
}

/// Reads a Base64urlUInt (RFC 7518 §2) and removes leading zeros. Zero becomes empty.
fn read_number(text: &str) -> Option<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    Some(bytes.into_iter().skip_while(|byte| *byte == 0).collect())
}

/// Reads a number in JSON. Accepts padding and the standard alphabet of Base64 as well, since an attacker can
/// read a private key in that form.
fn read_number_leniently(json: &str) -> Option<Vec<u8>> {
    let text: String = serde_json::from_str(json).ok()?;
    read_number(&text.trim_end_matches('=').replace('+', "-").replace('/', "_"))
}
