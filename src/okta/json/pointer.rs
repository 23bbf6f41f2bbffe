//! Values in a JSON document, by JSON pointers (RFC 6901).

use serde::de::DeserializeSeed as _;
use serde_json::value::RawValue;

use super::{Discard, ObjectMembers, Strict, read_value};
use crate::okta::Value;

/// The place of a value in a document. Has the names of members and the indexes of elements that lead
/// to it.
#[derive(Debug)]
pub(crate) struct JsonPointer(Vec<String>);

/// A document that is strict JSON.
pub(crate) struct JsonDocument<'a>(&'a RawValue);

impl JsonPointer {
    /// Parses a pointer. An error says how to write one.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let mut tokens = text.split('/');
        if tokens.next() != Some("") {
            return Err(
                "a JSON pointer begins with `/`, as in `/results/0/status`; an empty one is the whole document",
            );
        }
        let mut names = Vec::new();
        for token in tokens {
            let mut parts = token.split('~');
            let mut name = parts.next().unwrap_or_default().to_owned();
            for part in parts {
                if let Some(rest) = part.strip_prefix('0') {
                    name.push('~');
                    name.push_str(rest);
                } else if let Some(rest) = part.strip_prefix('1') {
                    name.push('/');
                    name.push_str(rest);
                } else {
                    return Err("in a JSON pointer, write `~` as `~0`, and `/` in a name as `~1`");
                }
            }
            names.push(name);
        }
        Ok(Self(names))
    }
}

impl<'a> JsonDocument<'a> {
    /// Reads a document. Returns `None` if it is not strict JSON, by the same rules as a request.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut json = serde_json::Deserializer::from_slice(bytes);
        Strict { members: Discard, depth: 1 }.deserialize(&mut json).ok()?;
        json.end().ok()?;
        Some(Self(serde_json::from_slice(bytes).ok()?))
    }

    /// The value at a place. Returns `None` if there is none.
    pub(crate) fn find(&self, pointer: &JsonPointer) -> Option<Value<'a>> {
        let mut json = self.0;
        for name in &pointer.0 {
            json = match json.get().as_bytes().first() {
                Some(b'{') => ObjectMembers::of(json.get()).get(name)?,
                Some(b'[') => element(json.get(), name)?,
                _ => return None,
            };
        }
        read_value(json).ok()
    }
}

/// The JSON of an element of an array. An index has no sign and no zero before it.
fn element<'a>(array: &'a str, index: &str) -> Option<&'a RawValue> {
    let is_index = index == "0" || index.starts_with(|digit| matches!(digit, '1'..='9'));
    let index: usize = index.parse().ok()?;
    let elements: Vec<&RawValue> = serde_json::from_slice(array.as_bytes()).ok()?;
    if is_index { elements.get(index).copied() } else { None }
}
