//! One key of an issuer's key set, as its members (RFC 7517 §4).

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{keys::PublicKey, object};

/// The sizes of modulus that are taken, in bits.
const BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// Members of the private half of a key: of RSA's all, and of elliptic curves' `d`.
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];
/// The member that is a symmetric key.
const SYMMETRIC: &str = "k";

/// Every member of a key, in the order given and with those that occur twice: a reader that keeps one
/// of two would not see a private half beside a `null`.
pub(super) struct Members<'a>(Vec<(String, &'a RawValue)>);

/// The members by which a key is chosen. A value of another type than RFC 7517 gives makes the key
/// unusable, and so does a member that occurs twice.
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

impl<'a> Members<'a> {
    /// Reads a JSON object.
    pub(super) fn read(json: &'a RawValue) -> Option<Self> {
        object(json.get().as_bytes())
    }

    /// Whether the private half of the key is published with it, whatever else is wrong with the key.
    pub(super) fn is_leaked(&self) -> bool {
        PRIVATE.iter().any(|name| self.has(name))
    }

    /// The names of the key: one, unless `kid` occurs twice or is no text.
    pub(super) fn kids(&self) -> Vec<String> {
        let mut kids = self.texts("kid");
        kids.retain(|kid| !kid.is_empty());
        kids
    }

    /// The moduli that the private half gives away: one, unless `n` occurs twice or cannot be read.
    /// None where all numbers of the private half are zero, which fits no modulus.
    pub(super) fn leaked_moduli(&self) -> Vec<Vec<u8>> {
        let mut moduli = Vec::new();
        if PRIVATE.iter().any(|name| self.has_number(name)) {
            for text in self.texts("n") {
                moduli.extend(read_number_leniently(&text));
            }
        }
        moduli
    }

    /// The public half, if it may verify RS256 signatures.
    pub(super) fn usable(&self, json: &RawValue) -> Option<PublicKey> {
        let jwk: Jwk = object(json.get().as_bytes())?;
        let wanted = jwk.kty? == "RSA"
            && jwk.purpose.is_none_or(|purpose| purpose == "sig")
            && jwk.alg.is_none_or(|alg| alg == "RS256")
            && jwk.key_ops.is_none_or(|list| list.iter().any(|one| one == "verify"));
        let n = read_number(&jwk.n?)?;
        let e = read_number(&jwk.e?)?;
        // An exponent of 1 makes any message its own signature; no honest one is beyond 32 bits.
        let odd = e.last().is_some_and(|byte| byte % 2 == 1);
        let good = BITS.contains(&bits(&n)) && odd && e.len() <= 4 && e != [1];
        let public = !self.is_leaked() && !self.has(SYMMETRIC);
        (wanted && good && public).then_some(PublicKey { n, e })
    }

    /// Whether it has this member, with a value.
    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(other, value)| other == name && value.get() != "null")
    }

    /// Whether it has this member, with a value other than zero.
    fn has_number(&self, name: &str) -> bool {
        let values = self.0.iter().filter(|(other, _)| other == name);
        values.map(|(_, value)| value.get()).any(|json| json != "null" && !is_zero(json))
    }

    /// The texts that it has for this member.
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

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_map(MembersVisitor).map(Members)
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

/// A Base64urlUInt (RFC 7518 §2); leading zeros are forgiven.
fn read_number(text: &str) -> Option<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    Some(bytes.into_iter().skip_while(|byte| *byte == 0).collect())
}

/// The same with padding or in the other alphabet of Base64: who reads it so has the number.
fn read_number_leniently(text: &str) -> Option<Vec<u8>> {
    read_number(&text.trim_end_matches('=').replace('+', "-").replace('/', "_"))
}

/// Whether this JSON is a text that stands for zero.
fn is_zero(json: &str) -> bool {
    let text = serde_json::from_str::<String>(json).ok();
    let number = text.and_then(|text| read_number_leniently(&text));
    number.is_some_and(|number| number.is_empty())
}

fn bits(number: &[u8]) -> usize {
    let first = number.first().map_or(8, |byte| byte.leading_zeros() as usize);
    (number.len() * 8).saturating_sub(first)
}
