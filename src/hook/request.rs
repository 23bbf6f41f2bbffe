//! Bytes → [`Request`]: strict about JSON, tolerant about Okta.
//!
//! Strict: RFC 8259 with every freedom used up. A name that occurs twice in one object, at any
//! level, a lone surrogate, a byte order mark, trailing data, nesting beyond [`DEPTH`] and a number
//! beyond an IEEE 754 double are all refused, in ignored members too, so that no other reader of
//! the same bytes can see another request than we do.
//!
//! Tolerant: unknown members are passed over, and of the known ones only those are looked at that
//! a decision needs. Okta's own examples disagree about the types of the others.

use std::{borrow::Cow, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{Attribute, Form, Request, RequestType, Value};

/// How deep arrays and objects may be nested.
pub const DEPTH: u8 = 127;

/// Okta's `eventType` of this hook.
const EVENT_TYPE: &str = "com.okta.user.pre-registration";

/// Why bytes are no request. Says nothing of their content.
#[derive(Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// Not JSON as we read it; where the reader stopped, counted from 1.
    Syntax {
        /// The line.
        line: usize,
        /// The column, in bytes; 0 for the end of the line before.
        column: usize,
    },
    /// JSON, but not what Okta sends to a registration inline hook.
    NoHookRequest(&'static str),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { line, column } => write!(
                out,
                "the body is not strict JSON (RFC 8259, no duplicate names) at line {line}, column {column}"
            ),
            Self::NoHookRequest(why) => {
                write!(
                    out,
                    "the body is no registration inline hook request: {why}"
                )
            }
        }
    }
}

impl std::error::Error for DecodeError {}

/// Reads one request.
///
/// # Errors
///
/// [`DecodeError::Syntax`] where the bytes are not strict JSON, and only then
/// [`DecodeError::NoHookRequest`].
pub fn decode(body: &[u8]) -> Result<Request<'_>, DecodeError> {
    let mut envelope = Envelope::default();
    let mut json = serde_json::Deserializer::from_slice(body);
    Object {
        members: &mut envelope,
        depth: 1,
    }
    .deserialize(&mut json)
    .and_then(|()| json.end())
    .map_err(|error| DecodeError::Syntax {
        line: error.line(),
        column: error.column(),
    })?;
    envelope.into_request()
}

/// The members of the top level that a decision needs.
#[derive(Default)]
struct Envelope<'a> {
    is_object: bool,
    event_type: Member<'a>,
    request_type: Member<'a>,
    event_id: Member<'a>,
    data: Option<Data<'a>>,
}

/// A member that should be a string.
#[derive(Default)]
enum Member<'a> {
    #[default]
    Absent,
    Text(Cow<'a, str>),
    Other,
}

#[derive(Default)]
struct Data<'a> {
    is_object: bool,
    user_profile: Option<Profile<'a>>,
    user_profile_update: Option<Profile<'a>>,
}

#[derive(Default)]
struct Profile<'a> {
    is_object: bool,
    attributes: Vec<Attribute<'a>>,
}

impl<'a> Envelope<'a> {
    fn into_request(self) -> Result<Request<'a>, DecodeError> {
        let no = |why| Err(DecodeError::NoHookRequest(why));
        if !self.is_object {
            return no("it is no object");
        }
        if !matches!(&self.event_type, Member::Text(name) if name == EVENT_TYPE) {
            return no("`eventType` is not that of a registration inline hook");
        }
        let Some(data) = self.data.filter(|data| data.is_object) else {
            return no("`data` is no object");
        };
        let request_type = match &self.request_type {
            Member::Text(name) if name == RequestType::SelfServiceRegistration.as_str() => {
                RequestType::SelfServiceRegistration
            }
            Member::Text(name) if name == RequestType::ProgressiveProfile.as_str() => {
                RequestType::ProgressiveProfile
            }
            Member::Absent if data.user_profile.is_some() => RequestType::Classic,
            Member::Absent => return no("it has neither `requestType` nor `data.userProfile`"),
            _ => return no("`requestType` is unknown"),
        };
        for form in [&data.user_profile, &data.user_profile_update] {
            if form.as_ref().is_some_and(|form| !form.is_object) {
                return no("a form is no object");
            }
        }
        let form = if request_type.is_registration() {
            data.user_profile
        } else {
            data.user_profile_update
        };
        Ok(Request {
            request_type,
            event_id: match self.event_id {
                Member::Text(id) => Some(id),
                _ => None,
            },
            form: Form::new(form.map(|form| form.attributes).unwrap_or_default()),
        })
    }
}

/// What takes the members of an object as they are read.
trait Members<'de> {
    /// Told that there is an object; a value of another kind leaves it as it was.
    fn open(&mut self) {}

    /// Takes the value of this member off `map`.
    fn take<A: MapAccess<'de>>(
        &mut self,
        name: &Cow<'de, str>,
        map: &mut A,
        depth: u8,
    ) -> Result<(), A::Error>;
}

impl<'de> Members<'de> for Envelope<'de> {
    fn open(&mut self) {
        self.is_object = true;
    }

    fn take<A: MapAccess<'de>>(
        &mut self,
        name: &Cow<'de, str>,
        map: &mut A,
        depth: u8,
    ) -> Result<(), A::Error> {
        match &**name {
            "eventType" => self.event_type = map.next_value_seed(Strict { depth })?.into(),
            "requestType" => self.request_type = map.next_value_seed(Strict { depth })?.into(),
            "eventId" => self.event_id = map.next_value_seed(Strict { depth })?.into(),
            "data" => {
                let members = self.data.insert(Data::default());
                map.next_value_seed(Object { members, depth })?;
            }
            _ => {
                map.next_value_seed(Strict { depth })?;
            }
        }
        Ok(())
    }
}

impl<'de> From<Value<'de>> for Member<'de> {
    fn from(value: Value<'de>) -> Self {
        match value {
            Value::Text(text) => Self::Text(text),
            _ => Self::Other,
        }
    }
}

impl<'de> Members<'de> for Data<'de> {
    fn open(&mut self) {
        self.is_object = true;
    }

    fn take<A: MapAccess<'de>>(
        &mut self,
        name: &Cow<'de, str>,
        map: &mut A,
        depth: u8,
    ) -> Result<(), A::Error> {
        let form = match &**name {
            "userProfile" => &mut self.user_profile,
            "userProfileUpdate" => &mut self.user_profile_update,
            _ => return map.next_value_seed(Strict { depth }).map(|_| ()),
        };
        let members = form.insert(Profile::default());
        map.next_value_seed(Object { members, depth })
    }
}

impl<'de> Members<'de> for Profile<'de> {
    fn open(&mut self) {
        self.is_object = true;
    }

    /// Reads the value twice: once for its extent, since an update copies it as submitted, and
    /// once for what it is.
    fn take<A: MapAccess<'de>>(
        &mut self,
        name: &Cow<'de, str>,
        map: &mut A,
        depth: u8,
    ) -> Result<(), A::Error> {
        let submitted = map.next_value::<&RawValue>()?.get();
        let mut json = serde_json::Deserializer::from_str(submitted);
        let value = match (Strict { depth }).deserialize(&mut json) {
            // A number keeps the digits it was written with.
            Ok(Value::Number(_)) => Value::Number(Cow::Borrowed(submitted)),
            Ok(value) => value,
            Err(_) => return Err(A::Error::custom("attribute")),
        };
        self.attributes.push(Attribute {
            name: name.clone(),
            submitted: Cow::Borrowed(submitted),
            value,
        });
        Ok(())
    }
}

/// Reads a value of any kind; hands the members of an object on, and refuses one with two of the
/// same name.
struct Object<'m, M> {
    members: &'m mut M,
    depth: u8,
}

impl<'de, M: Members<'de>> DeserializeSeed<'de> for Object<'_, M> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de, M: Members<'de>> Visitor<'de> for Object<'_, M> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let inner = deeper(self.depth)?;
        self.members.open();
        let mut names = Vec::new();
        while let Some(name) = map.next_key_seed(Name)? {
            self.members.take(&name, &mut map, inner)?;
            names.push(name);
        }
        names.sort_unstable();
        if names.is_sorted_by(|a, b| a < b) {
            Ok(())
        } else {
            Err(A::Error::custom("duplicate name"))
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        Strict { depth: self.depth }.visit_seq(seq).map(|_| ())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

/// Nothing: an object whose members are only checked.
struct Nothing;

impl<'de> Members<'de> for Nothing {
    fn take<A: MapAccess<'de>>(
        &mut self,
        _: &Cow<'de, str>,
        map: &mut A,
        depth: u8,
    ) -> Result<(), A::Error> {
        map.next_value_seed(Strict { depth }).map(|_| ())
    }
}

/// Reads a value of any kind strictly. A number comes back without its digits.
struct Strict {
    /// At which level an array or object here would stand; the top level is 1.
    depth: u8,
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value<'de>, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value<'de>, A::Error> {
        Object {
            members: &mut Nothing,
            depth: self.depth,
        }
        .visit_map(map)?;
        Ok(Value::Object)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value<'de>, A::Error> {
        let depth = deeper(self.depth)?;
        let mut empty = true;
        while seq.next_element_seed(Strict { depth })?.is_some() {
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
    if depth > DEPTH {
        return Err(E::custom("nesting"));
    }
    Ok(depth.saturating_add(1))
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
