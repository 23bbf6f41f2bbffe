//! Reads JSON with every freedom of RFC 8259 used up, on top of serde_json.
//!
//! serde_json checks the grammar, UTF-8, surrogates and the range of numbers of what it is asked
//! to read. Reading every value through [`Strict`] asks it to read all of them, and adds what it
//! leaves open: names that occur twice, and the depth.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize,
    de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor},
};

use super::{Place, Value, Wanted};

/// How deep arrays and objects may be nested.
pub const DEPTH: u8 = 127;

/// Reads a value of any kind. A number comes back without its digits.
pub(super) struct Strict<'w, 'de> {
    /// What takes the members, if the value is an object.
    pub(super) wanted: &'w mut Wanted<'de>,
    /// Which object that is.
    pub(super) place: Place,
    /// At which level an array or object here stands; the top level is 1.
    pub(super) depth: u8,
}

impl<'de> DeserializeSeed<'de> for Strict<'_, 'de> {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value<'de>, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_, 'de> {
    type Value = Value<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
        let depth = deeper(self.depth)?;
        let mut names = Vec::new();
        while let Some(Name(name)) = map.next_key()? {
            self.wanted.take(self.place, &name, &mut map, depth)?;
            names.push(name);
        }
        names.sort_unstable();
        match names.is_sorted_by(|a, b| a < b) {
            true => Ok(Value::Object),
            false => Err(A::Error::custom("duplicate name")),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value<'de>, A::Error> {
        let depth = deeper(self.depth)?;
        let (wanted, place) = (self.wanted, Place::Elsewhere);
        let mut empty = true;
        while seq.next_element_seed(Strict { wanted, place, depth })?.is_some() {
            empty = false;
        }
        Ok(Value::List { empty })
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value<'de>, E> {
        Ok(Value::Boolean(value))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Value<'de>, E> {
        Ok(Value::Number(Cow::Borrowed("")))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value<'de>, E> {
        Ok(Value::Number(Cow::Borrowed("")))
    }

    /// serde_json has refused what is beyond a double before it comes here.
    fn visit_f64<E>(self, _: f64) -> Result<Value<'de>, E> {
        Ok(Value::Number(Cow::Borrowed("")))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }
}

/// The level below this one.
fn deeper<E: serde::de::Error>(depth: u8) -> Result<u8, E> {
    match depth {
        ..=DEPTH => Ok(depth + 1),
        _ => Err(E::custom("nesting")),
    }
}

/// A member's name, borrowed where it has no escape.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
