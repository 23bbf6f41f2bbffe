//! Why a JSON pointer finds no value, for whoever writes it.

use std::fmt;

use super::{JsonDocument, JsonPointer, JsonReader, NotStrict};
use crate::okta::Value;

/// The most keys that are named.
const MOST_KEYS: usize = 12;
/// A longer key is probably not a name.
const LONGEST_KEY: usize = 40;

/// The place where a pointer leaves a document. Holds no value: of keys, only those that are names.
#[derive(Clone, Debug)]
pub(crate) struct MissingValue {
    /// The whole pointer.
    pointer: String,
    /// The part of it that the document has.
    found: String,
    end: EndOfPointer,
}

/// The value where a pointer ends.
#[derive(Clone, Debug)]
enum EndOfPointer {
    /// An object with these keys.
    Keys(Vec<String>),
    /// An object with a key that may be a value, such as an email address or a number.
    Object,
    /// A list with so many elements.
    List(usize),
    /// A text, a number, a boolean or null.
    Scalar,
}

impl JsonDocument<'_> {
    /// The place where a pointer leaves the document. Returns `None` if the pointer finds a value.
    pub(crate) fn missing_value(&self, pointer: &JsonPointer) -> Option<MissingValue> {
        let mut reader = JsonReader::new(self.0);
        let mut found = String::new();
        for name in &pointer.0 {
            let mut here = reader.clone();
            if reader.enter(name) != Ok(true) {
                // The document was read before, so that reading it again cannot fail.
                let end = read_end(&mut here).unwrap_or(EndOfPointer::Scalar);
                return Some(MissingValue { pointer: pointer.to_string(), found, end });
            }
            found.push_str(&token(name));
        }
        None
    }
}

fn read_end(reader: &mut JsonReader<'_>) -> Result<EndOfPointer, NotStrict> {
    match reader.peek_after_space() {
        Some(b'{') => read_keys(reader),
        Some(b'[') => read_length(reader),
        _ => Ok(EndOfPointer::Scalar),
    }
}

fn read_keys(reader: &mut JsonReader<'_>) -> Result<EndOfPointer, NotStrict> {
    let mut keys = Vec::new();
    let mut has_only_objects = true;
    let Some(object) = reader.open_object()? else {
        return Ok(EndOfPointer::Scalar);
    };
    while let Some(name) = reader.next_name(&object)? {
        keys.push(name.into_owned());
        if !matches!(reader.read_value()?, Value::Object) {
            has_only_objects = false;
        }
    }
    // Such keys may be names of people: `{"ann": {…}, "ben": {…}}`.
    let has_several_objects = keys.len() > 1 && has_only_objects;
    if has_several_objects || !keys.iter().all(|key| is_name(key)) {
        return Ok(EndOfPointer::Object);
    }
    keys.sort_unstable();
    Ok(EndOfPointer::Keys(keys))
}

fn read_length(reader: &mut JsonReader<'_>) -> Result<EndOfPointer, NotStrict> {
    let mut array = reader.open_array()?;
    let mut length = 0;
    while reader.next_element(&mut array)? {
        reader.read_value()?;
        length += 1;
    }
    Ok(EndOfPointer::List(length))
}

/// Whether a key looks like a name that programmers give.
fn is_name(key: &str) -> bool {
    key.len() <= LONGEST_KEY
        && !key.starts_with(|first: char| first.is_ascii_digit())
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// A name or index as it stands in a pointer.
fn token(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

impl fmt::Display for JsonPointer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for name in &self.0 {
            out.write_str(&token(name))?;
        }
        Ok(())
    }
}

impl fmt::Display for MissingValue {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pointer, found, end } = self;
        write!(out, "the response has no value at `{pointer}`: ")?;
        match found.as_str() {
            "" => out.write_str("it is ")?,
            found => write!(out, "`{found}` is ")?,
        }
        match end {
            EndOfPointer::Keys(keys) if keys.is_empty() => out.write_str("an empty object"),
            EndOfPointer::Keys(keys) => {
                let names: Vec<_> =
                    keys.iter().take(MOST_KEYS).map(|key| format!("`{key}`")).collect();
                write!(out, "an object with {}", names.join(", "))?;
                match keys.len().saturating_sub(MOST_KEYS) {
                    0 => Ok(()),
                    more => write!(out, " and {more} more"),
                }
            }
            EndOfPointer::Object => {
                out.write_str("an object, whose keys are not shown as they may be values")
            }
            EndOfPointer::List(0) => out.write_str("an empty list"),
            EndOfPointer::List(1) => out.write_str("a list of 1 element, with the index 0"),
            EndOfPointer::List(length) => {
                write!(out, "a list of {length} elements, with the indexes 0 to {}", length - 1)
            }
            EndOfPointer::Scalar => out.write_str("a text, a number, a boolean or null"),
        }
    }
}
