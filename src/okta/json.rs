//! A strict reader of JSON (RFC 8259). Wherever the RFC leaves a choice, it refuses: a name that occurs
//! twice in one object, a lone surrogate, nesting beyond [`DEPTH`], a number beyond the range of a double.
//!
//! It reads each byte once, from left to right, and copies a text only if it has an escape. Requests and the
//! answers of lookups are read with it.

use std::borrow::Cow;

use super::{Attribute, Value};

mod missing;
mod not_strict;
mod number;
mod pointer;
mod syntax;
mod text;

pub(crate) use missing::MissingValue;
use not_strict::JsonFault;
pub(crate) use not_strict::NotStrict;
pub(super) use not_strict::line_and_column;
pub(crate) use pointer::{JsonDocument, JsonPointer};

/// How deep arrays and objects may be nested.
pub const DEPTH: u8 = 127;

/// Up to this number of names, comparing all pairs is faster than sorting.
const FEW_NAMES: usize = 16;

/// Reads a JSON text from left to right.
#[derive(Clone)]
pub(crate) struct JsonReader<'a> {
    text: &'a str,
    /// The offset of the next byte.
    at: usize,
    /// How many arrays and objects are open.
    depth: u8,
    /// The names of all members of the open objects.
    names: Vec<MemberName<'a>>,
}

/// The name of a member, and its offset in the text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct MemberName<'a> {
    name: Cow<'a, str>,
    at: usize,
}

/// An object whose members are being read.
pub(super) struct OpenObject {
    /// The index in [`JsonReader::names`] at which its names start.
    names_start: usize,
}

/// An array whose elements are being read.
struct OpenArray {
    is_empty: bool,
}

/// Reads a text that is an object, and returns its members in their order. Returns `None` if it is another
/// value.
pub(crate) fn read_members(text: &str) -> Result<Option<Vec<Attribute<'_>>>, NotStrict> {
    let mut reader = JsonReader::new(text);
    let members = reader.read_members()?;
    reader.read_end()?;
    Ok(members)
}

impl<'a> JsonReader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, depth: 0, names: Vec::with_capacity(FEW_NAMES) }
    }

    /// Reads a value of any type. Checks the members of an object and the elements of an array, and keeps
    /// none of them.
    pub(super) fn read_value(&mut self) -> Result<Value<'a>, NotStrict> {
        match self.peek_after_space() {
            Some(b'"') => Ok(Value::Text(self.read_text()?)),
            Some(b'-' | b'0'..=b'9') => Ok(Value::Number(Cow::Borrowed(self.read_number()?))),
            Some(b'{') => self.read_object(),
            Some(b'[') => self.read_array(),
            Some(b't') => self.read_word("true", Value::Boolean(true)),
            Some(b'f') => self.read_word("false", Value::Boolean(false)),
            Some(b'n') => self.read_word("null", Value::Null),
            _ => Err(self.error()),
        }
    }

    /// Reads a value. Also returns its JSON, as it is written.
    pub(super) fn read_value_and_json(&mut self) -> Result<(Value<'a>, &'a str), NotStrict> {
        self.skip_space();
        let start = self.at;
        let value = self.read_value()?;
        Ok((value, self.text_since(start)))
    }

    /// Reads an object, and returns its members in their order. Reads any other value whole, and returns
    /// `None`.
    pub(super) fn read_members(&mut self) -> Result<Option<Vec<Attribute<'a>>>, NotStrict> {
        let Some(object) = self.open_object()? else {
            return Ok(None);
        };
        let mut members = Vec::new();
        while let Some(name) = self.next_name(&object)? {
            let (value, json) = self.read_value_and_json()?;
            members.push(Attribute { name, json, value });
        }
        Ok(Some(members))
    }

    /// Starts to read an object. Reads any other value whole, and returns `None`.
    pub(super) fn open_object(&mut self) -> Result<Option<OpenObject>, NotStrict> {
        if self.peek_after_space() != Some(b'{') {
            self.read_value()?;
            return Ok(None);
        }
        self.open()?;
        Ok(Some(OpenObject { names_start: self.names.len() }))
    }

    /// Reads the name of the next member and the colon after it. The value must be read next. After the
    /// last member, closes the object and returns `None`.
    pub(super) fn next_name(
        &mut self,
        object: &OpenObject,
    ) -> Result<Option<Cow<'a, str>>, NotStrict> {
        // A closed object has removed its names, so all names from `names_start` on are of this object.
        let is_first = self.names.len() == object.names_start;
        if self.peek_after_space() == Some(b'}') {
            self.close_object(object)?;
            return Ok(None);
        }
        if !is_first {
            self.read_byte(b',')?;
            self.skip_space();
        }
        let at = self.at;
        let name = self.read_text()?;
        self.skip_space();
        self.read_byte(b':')?;
        self.names.push(MemberName { name: name.clone(), at });
        Ok(Some(name))
    }

    /// Reads the end of the text.
    pub(super) fn read_end(&mut self) -> Result<(), NotStrict> {
        match self.peek_after_space() {
            None => Ok(()),
            Some(_) => Err(self.error()),
        }
    }

    fn read_object(&mut self) -> Result<Value<'a>, NotStrict> {
        if let Some(object) = self.open_object()? {
            while self.next_name(&object)?.is_some() {
                self.read_value()?;
            }
        }
        Ok(Value::Object)
    }

    fn close_object(&mut self, object: &OpenObject) -> Result<(), NotStrict> {
        let names = self.names.get_mut(object.names_start..).unwrap_or_default();
        if let Some(at) = second_of_equal_names(names) {
            return Err(NotStrict { fault: JsonFault::DuplicateName, at });
        }
        self.names.truncate(object.names_start);
        self.close();
        Ok(())
    }

    fn read_array(&mut self) -> Result<Value<'a>, NotStrict> {
        let mut array = self.open_array()?;
        while self.next_element(&mut array)? {
            self.read_value()?;
        }
        Ok(Value::List { empty: array.is_empty })
    }

    /// Starts to read an array. The next byte must be its `[`.
    fn open_array(&mut self) -> Result<OpenArray, NotStrict> {
        self.open()?;
        Ok(OpenArray { is_empty: true })
    }

    /// Returns whether there is another element. If so, it must be read next. After the last element, closes
    /// the array.
    fn next_element(&mut self, array: &mut OpenArray) -> Result<bool, NotStrict> {
        if self.peek_after_space() == Some(b']') {
            self.close();
            return Ok(false);
        }
        if !array.is_empty {
            self.read_byte(b',')?;
        }
        array.is_empty = false;
        Ok(true)
    }

    /// Reads the bracket that opens an array or object.
    fn open(&mut self) -> Result<(), NotStrict> {
        if self.depth == DEPTH {
            return Err(NotStrict { fault: JsonFault::Nesting, at: self.at });
        }
        self.depth += 1;
        self.at += 1;
        Ok(())
    }

    /// Reads the bracket that closes an array or object.
    fn close(&mut self) {
        self.depth -= 1;
        self.at += 1;
    }

    fn read_word(&mut self, word: &str, value: Value<'a>) -> Result<Value<'a>, NotStrict> {
        if !self.rest().starts_with(word.as_bytes()) {
            return Err(self.error());
        }
        self.at += word.len();
        Ok(value)
    }

    /// Reads this byte.
    fn read_byte(&mut self, byte: u8) -> Result<(), NotStrict> {
        if self.peek() != Some(byte) {
            return Err(self.error());
        }
        self.at += 1;
        Ok(())
    }

    /// Skips white space. Indentation is skipped by up to eight spaces at a time.
    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
            if let Some(word) = self.rest().first_chunk::<8>() {
                self.at += leading_spaces(u64::from_le_bytes(*word));
            }
        }
    }

    fn peek_after_space(&mut self) -> Option<u8> {
        self.skip_space();
        self.peek()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// The text from an offset up to the next byte. Neither may be within a character.
    fn text_since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn error(&self) -> NotStrict {
        NotStrict { fault: JsonFault::Syntax, at: self.at }
    }
}

/// How many of eight bytes come before the first that is not a space. The first byte has the lowest bits.
fn leading_spaces(word: u64) -> usize {
    const SPACES: u64 = u64::from_le_bytes([b' '; 8]);
    // A space becomes zero.
    (word ^ SPACES).trailing_zeros() as usize / 8
}

/// The offset of the first name that repeats an earlier one. Returns `None` if all names differ. May sort them.
fn second_of_equal_names(names: &mut [MemberName<'_>]) -> Option<usize> {
    let mut second = None;
    if names.len() > FEW_NAMES {
        names.sort_unstable();
        // Equal names are now neighbours, in the order of their offsets.
        for (one, next) in names.iter().zip(names.iter().skip(1)) {
            if one.name == next.name && second.is_none_or(|at| next.at < at) {
                second = Some(next.at);
            }
        }
        return second;
    }
    // From the last name to the first, so that `second` is left at the first repetition.
    let mut unchecked = &*names;
    while let Some((last, earlier)) = unchecked.split_last() {
        if earlier.iter().any(|one| one.name == last.name) {
            second = Some(last.at);
        }
        unchecked = earlier;
    }
    second
}
