//! Reads JSON with every freedom of RFC 8259 used up, on top of serde_json.
//!
//! serde_json checks the grammar, UTF-8, surrogates and the range of numbers of what it is asked
//! to read. Reading every value through [`Strict`] asks it to read all of them, and adds what it
//! leaves open: names that occur twice, and the depth.

use std::{borrow::Cow, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::Value;

/// How deep arrays and objects may be nested.
pub const DEPTH: u8 = 127;

/// What takes the members of an object as they are read.
pub(super) trait Members<'de> {
    /// Takes the value of this member off `map`.
    fn take<A: MapAccess<'de>>(
        &mut self,
        name: &Cow<'de, str>,
        map: &mut A,
        depth: u8,
    ) -> Result<(), A::Error>;
}

/// Takes nothing: the members are only read strictly.
pub(super) struct Nothing;

impl<'de> Members<'de> for Nothing {
    fn take<A: MapAccess<'de>>(
        &mut self,
        _: &Cow<'de, str>,
        map: &mut A,
        depth: u8,
    ) -> Result<(), A::Error> {
        map.next_value_seed(Strict { members: &mut Self, depth }).map(drop)
    }
}

/// Reads a value of any kind. A number comes back without its digits.
pub(super) struct Strict<'m, M> {
    /// What takes the members, if the value is an object.
    pub(super) members: &'m mut M,
    /// At which level an array or object here stands; the top level is 1.
    pub(super) depth: u8,
}

impl<'de, M: Members<'de>> DeserializeSeed<'de> for Strict<'_, M> {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value<'de>, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de, M: Members<'de>> Visitor<'de> for Strict<'_, M> {
    type Value = Value<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
        let depth = deeper(self.depth)?;
        let mut names = Vec::new();
        while let Some(name) = map.next_key_seed(Name)? {
            self.members.take(&name, &mut map, depth)?;
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
        let mut empty = true;
        while seq.next_element_seed(Strict { members: &mut Nothing, depth })?.is_some() {
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
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}
