//! Why a JSON pointer finds no value, for the person who wrote it.

use std::fmt;

use super::{JsonDocument, JsonPointer, JsonReader, NotStrict};
use crate::nearest::nearest;

/// The place where a pointer leaves a document. A key may be personal, such as a user's name. So this holds no
/// key of the document except the one that the pointer probably misspells.
#[derive(Clone, Debug)]
pub(crate) struct MissingValue {
    /// The whole pointer.
    pointer: String,
    /// The part of the pointer that the document has.
    found: String,
    end: EndOfPointer,
}

/// The last value that a pointer reaches.
#[derive(Clone, Debug)]
enum EndOfPointer {
    /// An object.
    Object {
        /// How many keys the object has.
        keys: usize,
        /// The key that the pointer probably misspells.
        near: Option<String>,
    },
    /// A list with this many elements.
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
                // The document was read before, so reading it again cannot fail.
                let end = end_of_pointer(&mut here, name).unwrap_or(EndOfPointer::Scalar);
                return Some(MissingValue { pointer: pointer.to_string(), found, end });
            }
            found.push_str(&pointer_token(name));
        }
        None
    }
}

/// Reads the last value that a pointer reaches. `missing` is the next name in the pointer, which the value lacks.
fn end_of_pointer(reader: &mut JsonReader<'_>, missing: &str) -> Result<EndOfPointer, NotStrict> {
    match reader.peek_after_space() {
        Some(b'{') => end_in_object(reader, missing),
        Some(b'[') => end_in_list(reader),
        _ => Ok(EndOfPointer::Scalar),
    }
}

fn end_in_object(reader: &mut JsonReader<'_>, missing: &str) -> Result<EndOfPointer, NotStrict> {
    let Some(object) = reader.open_object()? else {
        return Ok(EndOfPointer::Scalar);
    };
    let mut keys = Vec::new();
    while let Some(key) = reader.next_name(&object)? {
        keys.push(key.into_owned());
        reader.read_value()?;
    }
    let names: Vec<_> = keys.iter().map(String::as_str).collect();
    let near = nearest(missing, &names).map(str::to_owned);
    Ok(EndOfPointer::Object { keys: keys.len(), near })
}

fn end_in_list(reader: &mut JsonReader<'_>) -> Result<EndOfPointer, NotStrict> {
    let mut array = reader.open_array()?;
    let mut length = 0;
    while reader.next_element(&mut array)? {
        reader.read_value()?;
        length += 1;
    }
    Ok(EndOfPointer::List(length))
}

/// A name or index as a pointer writes it, with its slash.
fn pointer_token(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

impl fmt::Display for JsonPointer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for name in &self.0 {
            out.write_str(&pointer_token(name))?;
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
            EndOfPointer::Object { keys: 0, .. } => out.write_str("an empty object"),
            EndOfPointer::Object { near: Some(near), .. } => {
                write!(out, "an object; did you mean `{}`?", near.escape_debug())
            }
            EndOfPointer::Object { keys, near: None } => {
                let s = if *keys == 1 { "" } else { "s" };
                write!(
                    out,
                    "an object with {keys} other key{s}; keys may be values, so none is shown"
                )
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
