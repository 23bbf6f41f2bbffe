//! Bytes → [`Request`]: strict about JSON, tolerant about Okta.
//!
//! Strict: RFC 8259 with every freedom used up. A name that occurs twice in one object, at any
//! level, a lone surrogate, a byte order mark, trailing data, nesting beyond [`DEPTH`] and a number
//! beyond an IEEE 754 double are all refused, in ignored members too, so that no other reader of
//! the same bytes can see another request than we do.
//!
//! Tolerant: unknown members are passed over, and of the known ones only those are looked at that
//! a decision needs. Okta's own examples disagree about the types of the others.

use std::borrow::Cow;

use derive_more::{Display, Error};
use serde::de::{DeserializeSeed as _, Error as _, MapAccess};
use serde_json::value::RawValue;

use super::{Attribute, Form, Request, RequestType, Value};

mod strict;

pub use strict::DEPTH;
use strict::{Member, Members, Nothing, Strict};

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
    let mut envelope = Envelope::default();
    let mut json = serde_json::Deserializer::from_str(text);
    let read = Strict { members: &mut envelope, depth: 1 }.deserialize(&mut json);
    let top = read
        .and_then(|top| json.end().map(|()| top))
        .map_err(|error| DecodeError::Syntax { line: error.line(), column: error.column() })?;
    envelope.into_request(&top)
}

/// Where the bytes cease to be UTF-8.
fn not_utf8(body: &[u8], at: usize) -> DecodeError {
    let before = body.get(..at).unwrap_or_default();
    let lines = before.split(|byte| *byte == b'\n');
    let column = lines.clone().next_back().map_or(0, <[u8]>::len) + 1;
    DecodeError::Syntax { line: lines.count(), column }
}

/// The members of the top level that a decision needs.
#[derive(Default)]
struct Envelope<'a> {
    event_type: Option<Value<'a>>,
    request_type: Option<Value<'a>>,
    event_id: Option<Value<'a>>,
    event_time: Option<Value<'a>>,
    data_kind: Option<Value<'a>>,
    data: Data<'a>,
}

/// The forms in `data`, and what kinds of value they are.
#[derive(Default)]
struct Data<'a> {
    context: Context<'a>,
    user_profile: Option<(Value<'a>, Attributes<'a>)>,
    user_profile_update: Option<(Value<'a>, Attributes<'a>)>,
}

/// What `data.context.user.profile` says of the end user's language; at what depth we are in it.
#[derive(Default)]
struct Context<'a> {
    above: usize,
    preferred_language: Option<Value<'a>>,
    locale: Option<Value<'a>>,
}

/// The members of a form.
#[derive(Default)]
struct Attributes<'a>(Vec<Attribute<'a>>);

impl<'a> Envelope<'a> {
    fn into_request(self, top: &Value<'_>) -> Result<Request<'a>, DecodeError> {
        let no = |why| Err(DecodeError::NoHookRequest(why));
        if !matches!(top, Value::Object) {
            return no("it is no object");
        }
        if !matches!(&self.event_type, Some(Value::Text(name)) if name == EVENT_TYPE) {
            return no("`eventType` is not that of a registration inline hook");
        }
        if !matches!(self.data_kind, Some(Value::Object)) {
            return no("`data` is no object");
        }
        let Data { context, user_profile, user_profile_update } = self.data;
        let request_type = match &self.request_type {
            Some(Value::Text(name)) if name == RequestType::SelfServiceRegistration.as_str() => {
                RequestType::SelfServiceRegistration
            }
            Some(Value::Text(name)) if name == RequestType::ProgressiveProfile.as_str() => {
                RequestType::ProgressiveProfile
            }
            None if user_profile.is_some() => RequestType::Classic,
            None => return no("it has neither `requestType` nor `data.userProfile`"),
            Some(_) => return no("`requestType` is unknown"),
        };
        let forms = [&user_profile, &user_profile_update];
        if !forms.into_iter().flatten().all(|(kind, _)| matches!(kind, Value::Object)) {
            return no("a form is no object");
        }
        let form = if request_type.is_registration() { user_profile } else { user_profile_update };
        let text = |value| match value {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        };
        let attributes = form.map(|(_, attributes)| attributes.0).unwrap_or_default();
        Ok(Request {
            request_type,
            event_id: text(self.event_id),
            event_time: text(self.event_time),
            language: text(context.preferred_language).or_else(|| text(context.locale)),
            form: Form::new(attributes),
        })
    }
}

impl<'de> Members<'de> for Envelope<'de> {
    fn take<A: MapAccess<'de>>(&mut self, member: Member<'_, 'de, A>) -> Result<(), A::Error> {
        let place = match &**member.name {
            "data" => {
                self.data_kind = Some(member.read(&mut self.data)?);
                return Ok(());
            }
            "eventType" => &mut self.event_type,
            "requestType" => &mut self.request_type,
            "eventId" => &mut self.event_id,
            "eventTime" => &mut self.event_time,
            _ => return Nothing.take(member),
        };
        *place = Some(member.read(&mut Nothing)?);
        Ok(())
    }
}

impl<'de> Members<'de> for Data<'de> {
    fn take<A: MapAccess<'de>>(&mut self, member: Member<'_, 'de, A>) -> Result<(), A::Error> {
        let form = match &**member.name {
            "userProfile" => &mut self.user_profile,
            "userProfileUpdate" => &mut self.user_profile_update,
            "context" => return member.read(&mut self.context).map(drop),
            _ => return Nothing.take(member),
        };
        let mut attributes = Attributes::default();
        *form = Some((member.read(&mut attributes)?, attributes));
        Ok(())
    }
}

impl<'de> Members<'de> for Context<'de> {
    fn take<A: MapAccess<'de>>(&mut self, member: Member<'_, 'de, A>) -> Result<(), A::Error> {
        let place = match (self.above, &**member.name) {
            (0, "user") | (1, "profile") => {
                self.above += 1;
                let read = member.read(self);
                self.above -= 1;
                return read.map(drop);
            }
            (2, "preferredLanguage") => &mut self.preferred_language,
            (2, "locale") => &mut self.locale,
            _ => return Nothing.take(member),
        };
        *place = Some(member.read(&mut Nothing)?);
        Ok(())
    }
}

impl<'de> Members<'de> for Attributes<'de> {
    /// Reads the value twice: once for its extent, since an update copies it as submitted, and
    /// once for what it is.
    fn take<A: MapAccess<'de>>(&mut self, member: Member<'_, 'de, A>) -> Result<(), A::Error> {
        let Member { name, map, depth } = member;
        let submitted = map.next_value::<&RawValue>()?.get();
        let mut json = serde_json::Deserializer::from_str(submitted);
        let value = match (Strict { members: &mut Nothing, depth }).deserialize(&mut json) {
            // A number keeps the digits it was written with.
            Ok(Value::Number(_)) => Value::Number(Cow::Borrowed(submitted)),
            Ok(value) => value,
            Err(_) => return Err(A::Error::custom("attribute")),
        };
        self.0.push(Attribute { name: name.clone(), submitted: Cow::Borrowed(submitted), value });
        Ok(())
    }
}
