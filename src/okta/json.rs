//! A strict reader of JSON on top of serde_json. Wherever RFC 8259 leaves a choice, it refuses.
//!
//! serde_json checks the grammar, UTF-8, surrogates and the range of the numbers that it reads.
//! [`Strict`] makes it read every value. It adds two checks: no name occurs twice in an object, and
//! arrays and objects are not nested too deep. Requests and the results of lookups are read with it.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use serde::{
    Deserialize,
    de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::Value;

mod pointer;

pub(crate) use pointer::{JsonDocument, JsonPointer};

/// How deep arrays and objects may be nested.
pub const DEPTH: u8 = 127;

/// Reads the members of an object.
pub(super) trait ReadMember<'de> {
    /// Reads the value of the member of this name. An array or object there is at `depth`.
    fn read_member<A: MapAccess<'de>>(
        &mut self,
        name: &Cow<'de, str>,
        map: &mut A,
        depth: u8,
    ) -> Result<(), A::Error>;
}

/// Reads the members of an object and keeps none.
pub(super) struct Discard;

impl<'de> ReadMember<'de> for Discard {
    fn read_member<A: MapAccess<'de>>(
        &mut self,
        _: &Cow<'de, str>,
        map: &mut A,
        depth: u8,
    ) -> Result<(), A::Error> {
        map.next_value_seed(Strict { members: Self, depth })?;
        Ok(())
    }
}

/// Reads a value of any type. A number is read without its digits: see [`NUMBER`].
pub(super) struct Strict<M> {
    /// Reads the members, if the value is an object.
    pub(super) members: M,
    /// The level of the value, if it is an array or object. The top level is 1.
    pub(super) depth: u8,
}

impl<'de, M: ReadMember<'de>> DeserializeSeed<'de> for Strict<M> {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value<'de>, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de, M: ReadMember<'de>> Visitor<'de> for Strict<M> {
    type Value = Value<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Value<'de>, A::Error> {
        let depth = next_level(self.depth)?;
        let mut names = Vec::new();
        while let Some(Name(name)) = map.next_key()? {
            self.members.read_member(&name, &mut map, depth)?;
            names.push(name);
        }
        if has_duplicates(&mut names) {
            return Err(A::Error::custom("duplicate name"));
        }
        Ok(Value::Object)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value<'de>, A::Error> {
        let depth = next_level(self.depth)?;
        let mut empty = true;
        while seq.next_element_seed(Strict { members: Discard, depth })?.is_some() {
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
        Ok(NUMBER)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value<'de>, E> {
        Ok(NUMBER)
    }

    /// serde_json has already refused a number beyond the range of a double.
    fn visit_f64<E>(self, _: f64) -> Result<Value<'de>, E> {
        Ok(NUMBER)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }
}

/// A number without its digits, which serde_json does not pass on. The caller fills in the digits: see
/// `builder::read_attribute`.
const NUMBER: Value<'static> = Value::Number(Cow::Borrowed(""));

/// Whether a name occurs twice. Sorts the names.
fn has_duplicates(names: &mut [Cow<'_, str>]) -> bool {
    names.sort_unstable();
    !names.is_sorted_by(|one, next| one < next)
}

/// The level below an array or object at `depth`.
fn next_level<E: serde::de::Error>(depth: u8) -> Result<u8, E> {
    if depth > DEPTH { Err(E::custom("nesting")) } else { Ok(depth + 1) }
}

/// The name of a member, borrowed if it has no escape.
#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// The members of an object with their JSON.
#[derive(Default, Deserialize)]
pub(super) struct ObjectMembers<'a>(#[serde(borrow)] pub(super) BTreeMap<Name<'a>, &'a RawValue>);

impl<'a> ObjectMembers<'a> {
    /// The members of a JSON object. Any other value has none.
    pub(super) fn of(json: &'a str) -> Self {
        serde_json::from_slice(json.as_bytes()).unwrap_or_default()
    }

    /// The JSON of the member of this name.
    pub(super) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.get(&Name(Cow::Borrowed(name))).copied()
    }
}

/// Reads a value. That succeeds if it is a part of JSON that [`Strict`] has read before.
///
/// It reads bytes instead of texts: serde_json then has separate functions for it, and the functions of
/// the request's decoder stay as fast.
pub(super) fn read_value(json: &RawValue) -> serde_json::Result<Value<'_>> {
    let mut bytes = serde_json::Deserializer::from_slice(json.get().as_bytes());
    match (Strict { members: Discard, depth: 1 }).deserialize(&mut bytes)? {
        Value::Number(_) => Ok(Value::Number(Cow::Borrowed(json.get()))),
        value => Ok(value),
    }
}
