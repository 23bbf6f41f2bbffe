//! Bytes → [`Request`]: strict about JSON, tolerant about Okta.
//!
//! Strict: RFC 8259 with every freedom used up. A name that occurs twice in one object, at any
//! level, a lone surrogate, a byte order mark, trailing data, nesting beyond [`DEPTH`] and a number
//! beyond an IEEE 754 double are all refused, in ignored members too, so that no other reader of
//! the same bytes can see another request than we do.
//!
//! Tolerant: unknown members are passed over, and of the known ones only those are looked at that
//! a decision needs. Okta's own examples disagree about the types of the others.

use std::{borrow::Cow, mem};

use derive_more::{Display, Error};
use serde::de::{DeserializeSeed as _, Error as _, MapAccess};
use serde_json::value::RawValue;

use super::{Attribute, Flow, Form, Request, Value, language::LanguageTag};

mod strict;

pub use strict::DEPTH;
use strict::Strict;

/// Okta's `eventType` of this hook.
const EVENT_TYPE: &str = "com.okta.user.pre-registration";

/// Why bytes are no request. Says nothing of their content.
#[derive(Clone, Copy, Debug, Display, Error, PartialEq, Eq)]
pub enum DecodeError {
    /// Not JSON as we read it; where the reader stopped, counted from 1.
    #[display(
        "the body is not strict JSON (RFC 8259, no duplicate names) at line {line}, column {column}"
    )]
    Syntax {
        /// The line.
        line: usize,
        /// The column, in bytes; 0 for the end of the line before.
        column: usize,
    },
    /// JSON, but not what Okta sends to a registration inline hook.
    #[display("the body is no registration inline hook request: {_0}")]
    NoHookRequest(#[error(not(source))] &'static str),
}

/// Reads one request.
///
/// # Errors
///
/// [`DecodeError::Syntax`] where the bytes are not strict JSON, and only then
/// [`DecodeError::NoHookRequest`].
pub fn decode(body: &[u8]) -> Result<Request<'_>, DecodeError> {
    // At once for all of it, which costs less than string by string.
    let text = str::from_utf8(body).map_err(|error| not_utf8(body, error.valid_up_to()))?;
    let mut wanted = Wanted::default();
    let mut json = serde_json::Deserializer::from_str(text);
    let strict = Strict { wanted: &mut wanted, place: Place::Top, depth: 1 };
    let top = strict
        .deserialize(&mut json)
        .and_then(|top| json.end().map(|()| top))
        .map_err(|error| DecodeError::Syntax { line: error.line(), column: error.column() })?;
    wanted.into_request(&top)
}

/// Where the bytes cease to be UTF-8.
fn not_utf8(body: &[u8], at: usize) -> DecodeError {
    let before = body.get(..at).unwrap_or_default();
    let lines = before.split(|byte| *byte == b'\n');
    let column = lines.clone().next_back().map_or(0, <[u8]>::len) + 1;
    DecodeError::Syntax { line: lines.count(), column }
}

/// The objects of a request that we look into.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Top,
    Data,
    Context,
    User,
    Profile,
    Form,
    Elsewhere,
}

/// What a decision needs of a request.
#[derive(Default)]
struct Wanted<'a> {
    event_type: Option<Value<'a>>,
    request_type: Option<Value<'a>>,
    event_id: Option<Value<'a>>,
    event_time: Option<Value<'a>>,
    data: Option<Value<'a>>,
    /// The language of the end user, by `data.context.user.profile`.
    preferred_language: Option<Value<'a>>,
    locale: Option<Value<'a>>,
    /// The forms, and what kinds of value they are.
    user_profile: Option<(Value<'a>, Vec<Attribute<'a>>)>,
    user_profile_update: Option<(Value<'a>, Vec<Attribute<'a>>)>,
    /// Of the form that is being read.
    attributes: Vec<Attribute<'a>>,
}

impl<'a> Wanted<'a> {
    /// Reads the value of a member, and keeps what is needed of it.
    fn take<A: MapAccess<'a>>(
        &mut self,
        place: Place,
        name: &Cow<'a, str>,
        map: &mut A,
        depth: u8,
    ) -> Result<(), A::Error> {
        if place == Place::Form {
            let attribute = self.attribute(name.clone(), map.next_value()?, depth);
            // Without the error's place, which is one in the attribute.
            self.attributes.push(attribute.map_err(|_| A::Error::custom("attribute"))?);
            return Ok(());
        }
        let inner = match (place, &**name) {
            (Place::Top, "data") => Place::Data,
            (Place::Data, "context") => Place::Context,
            (Place::Context, "user") => Place::User,
            (Place::User, "profile") => Place::Profile,
            (Place::Data, "userProfile" | "userProfileUpdate") => Place::Form,
            _ => Place::Elsewhere,
        };
        let value = map.next_value_seed(Strict { wanted: &mut *self, place: inner, depth })?;
        let kept = match (place, &**name) {
            (Place::Top, "eventType") => &mut self.event_type,
            (Place::Top, "requestType") => &mut self.request_type,
            (Place::Top, "eventId") => &mut self.event_id,
            (Place::Top, "eventTime") => &mut self.event_time,
            (Place::Top, "data") => &mut self.data,
            (Place::Profile, "preferredLanguage") => &mut self.preferred_language,
            (Place::Profile, "locale") => &mut self.locale,
            (Place::Data, "userProfile") => {
                self.user_profile = Some((value, mem::take(&mut self.attributes)));
                return Ok(());
            }
            (Place::Data, "userProfileUpdate") => {
                self.user_profile_update = Some((value, mem::take(&mut self.attributes)));
                return Ok(());
            }
            _ => return Ok(()),
        };
        *kept = Some(value);
        Ok(())
    }

    /// Reads a value for the second time: the first was for its extent, since an update copies it as
    /// submitted, and this is for what it is.
    fn attribute(
        &mut self,
        name: Cow<'a, str>,
        submitted: &'a RawValue,
        depth: u8,
    ) -> serde_json::Result<Attribute<'a>> {
        let submitted = submitted.get();
        let mut json = serde_json::Deserializer::from_str(submitted);
        let strict = Strict { wanted: self, place: Place::Elsewhere, depth };
        let value = match strict.deserialize(&mut json)? {
            // A number keeps the digits it was written with.
            Value::Number(_) => Value::Number(Cow::Borrowed(submitted)),
            value => value,
        };
        Ok(Attribute { name, submitted: Cow::Borrowed(submitted), value })
    }

    fn into_request(self, top: &Value<'_>) -> Result<Request<'a>, DecodeError> {
        let no = |why| Err(DecodeError::NoHookRequest(why));
        if !matches!(top, Value::Object) {
            return no("it is no object");
        }
        if !matches!(&self.event_type, Some(Value::Text(name)) if name == EVENT_TYPE) {
            return no("`eventType` is not that of a registration inline hook");
        }
        if !matches!(self.data, Some(Value::Object)) {
            return no("`data` is no object");
        }
        let request_type = match &self.request_type {
            Some(Value::Text(name)) if name == Flow::SelfServiceRegistration.as_str() => {
                Flow::SelfServiceRegistration
            }
            Some(Value::Text(name)) if name == Flow::ProgressiveProfile.as_str() => {
                Flow::ProgressiveProfile
            }
            None if self.user_profile.is_some() => Flow::Classic,
            None => return no("it has neither `requestType` nor `data.userProfile`"),
            Some(_) => return no("`requestType` is unknown"),
        };
        let forms = [&self.user_profile, &self.user_profile_update];
        if !forms.into_iter().flatten().all(|(kind, _)| matches!(kind, Value::Object)) {
            return no("a form is no object");
        }
        let registration = request_type.is_registration();
        let form = if registration { self.user_profile } else { self.user_profile_update };
        let text = |value| match value {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        };
        let language = |value| LanguageTag::first_of(&text(value)?);
        Ok(Request {
            request_type,
            event_id: text(self.event_id),
            event_time: text(self.event_time),
            language: language(self.preferred_language).or_else(|| language(self.locale)),
            form: form.map(|(_, attributes)| Form::new(attributes)).unwrap_or_default(),
        })
    }
}
