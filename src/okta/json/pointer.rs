//! Values in a JSON document, by JSON pointers (RFC 6901).

use super::{JsonReader, NotStrict};
use crate::okta::Value;

/// The place of a value in a document: the names of members and the indexes of elements that lead to it.
#[derive(Clone, Debug)]
pub(crate) struct JsonPointer(pub(super) Vec<String>);

/// A document that is strict JSON.
pub(crate) struct JsonDocument<'a>(pub(super) &'a str);

impl JsonPointer {
    /// The pointer to the first element of the list to which this pointer leads.
    pub(crate) fn first_element(&self) -> Self {
        let mut names = self.0.clone();
        names.push("0".to_owned());
        Self(names)
    }

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
            names.push(unescape(token)?);
        }
        Ok(Self(names))
    }
}

/// Replaces the escapes of a token: `~0` stands for `~`, and `~1` for `/`.
fn unescape(token: &str) -> Result<String, &'static str> {
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
    Ok(name)
}

impl<'a> JsonDocument<'a> {
    /// Reads a document. Returns `None` if it is not strict JSON, by the same rules as a request.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let text = str::from_utf8(bytes).ok()?;
        let mut reader = JsonReader::new(text);
        reader.read_value().ok()?;
        reader.read_end().ok()?;
        Some(Self(text))
    }

    /// The value to which a pointer leads. Returns `None` if the document has no such value.
    pub(crate) fn find(&self, pointer: &JsonPointer) -> Option<Value<'a>> {
        let mut reader = JsonReader::new(self.0);
        for name in &pointer.0 {
            match reader.enter(name) {
                Ok(true) => {}
                Ok(false) | Err(NotStrict { .. }) => return None,
            }
        }
        reader.read_value().ok()
    }
}

impl JsonReader<'_> {
    /// Goes to the value of the member or element of this name, to be read next. Returns false if there is none.
    pub(in crate::okta) fn enter(&mut self, name: &str) -> Result<bool, NotStrict> {
        match self.peek_after_space() {
            Some(b'{') => self.enter_object(name),
            Some(b'[') => self.enter_array(name),
            _ => Ok(false),
        }
    }

    fn enter_object(&mut self, name: &str) -> Result<bool, NotStrict> {
        let Some(object) = self.open_object()? else {
            return Ok(false);
        };
        while let Some(member) = self.next_name(&object)? {
            if member == name {
                return Ok(true);
            }
            self.read_value()?;
        }
        Ok(false)
    }

    fn enter_array(&mut self, name: &str) -> Result<bool, NotStrict> {
        let Some(index) = parse_index(name) else {
            return Ok(false);
        };
        let mut array = self.open_array()?;
        for _ in 0..index {
            if !self.next_element(&mut array)? {
                return Ok(false);
            }
            self.read_value()?;
        }
        self.next_element(&mut array)
    }
}

/// Parses the index of an element, which has neither a sign nor a leading zero.
fn parse_index(name: &str) -> Option<usize> {
    if name == "0" || name.starts_with(|digit| matches!(digit, '1'..='9')) {
        return name.parse().ok();
    }
    None
}
