//! The claims of a token (RFC 7519 §4), by their names. A claim that occurs twice, or whose type differs
//! from its RFC, makes the token invalid.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};

use super::reason::Reason;

/// The claims of a token.
pub(super) struct Claims(BTreeMap<String, serde_json::Value>);

/// Why a token is refused if a claim has the wrong type, or if a required one is missing.
const INVALID: Reason = Reason::Claims;

impl Claims {
    /// Returns a claim that is text. `None` if the token does not have it.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Reason> {
        match self.0.get(name) {
            Some(value) => value.as_str().ok_or(INVALID).map(Some),
            None => Ok(None),
        }
    }

    /// Returns a claim that is text and must be there.
    pub(super) fn required_text(&self, name: &str) -> Result<&str, Reason> {
        self.text(name)?.ok_or(INVALID)
    }

    /// Returns a claim that is a time in seconds since 1970. `None` if the token does not have it.
    pub(super) fn time(&self, name: &str) -> Result<Option<f64>, Reason> {
        match self.0.get(name) {
            Some(value) => value.as_f64().ok_or(INVALID).map(Some),
            None => Ok(None),
        }
    }

    /// Returns a claim that is a time and must be there.
    pub(super) fn required_time(&self, name: &str) -> Result<f64, Reason> {
        self.time(name)?.ok_or(INVALID)
    }

    /// Returns `aud`, which must be there: a text, or a list of texts.
    pub(super) fn audiences(&self) -> Result<Vec<&str>, Reason> {
        match self.0.get("aud").ok_or(INVALID)? {
            serde_json::Value::String(audience) => Ok(vec![audience]),
            other => texts(other),
        }
    }

    /// Returns the words of a claim: a list of texts, or a text that is split at spaces. Empty if the
    /// token does not have the claim.
    pub(super) fn words(&self, name: &str) -> Result<Vec<&str>, Reason> {
        match self.0.get(name) {
            Some(serde_json::Value::String(text)) => Ok(text.split(' ').collect()),
            Some(other) => texts(other),
            None => Ok(Vec::new()),
        }
    }

    /// Whether the token has a claim of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

/// The texts of a list.
fn texts(value: &serde_json::Value) -> Result<Vec<&str>, Reason> {
    let mut texts = Vec::new();
    for item in value.as_array().ok_or(INVALID)? {
        texts.push(item.as_str().ok_or(INVALID)?);
    }
    Ok(texts)
}

impl<'de> Deserialize<'de> for Claims {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_map(ClaimsVisitor)
    }
}

struct ClaimsVisitor;

impl<'de> Visitor<'de> for ClaimsVisitor {
    type Value = Claims;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Claims, A::Error> {
        let mut claims = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<String, serde_json::Value>()? {
            if claims.insert(name, value).is_some() {
                return Err(A::Error::custom("a claim occurs twice"));
            }
        }
        Ok(Claims(claims))
    }
}
