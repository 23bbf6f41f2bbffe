//! Collects the members that a decision needs, and builds a [`Request`] of them.

use std::{borrow::Cow, mem};

use serde::de::{DeserializeSeed as _, Error as _, MapAccess};
use serde_json::value::RawValue;

use crate::okta::{
    Attribute, Flow, Form, FormMember, Request, Value,
    json::{Discard, ReadMember, Strict},
    language::LanguageTag,
};

/// Okta's `eventType` of this hook.
const EVENT_TYPE: &str = "com.okta.user.pre-registration";

/// An object of a request that has members a decision needs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum RequestObject {
    Top,
    Data,
    Context,
    User,
    Profile,
    Form,
}

/// The members that a decision needs, as far as the request has been read.
#[derive(Default)]
pub(super) struct RequestBuilder<'a> {
    event_type: Option<Value<'a>>,
    request_type: Option<Value<'a>>,
    event_id: Option<Value<'a>>,
    event_time: Option<Value<'a>>,
    data: Option<Value<'a>>,
    /// `preferredLanguage` of the profile of an end user who already has one.
    preferred_language: Option<Value<'a>>,
    /// `locale` of that profile.
    locale: Option<Value<'a>>,
    user_profile: Option<SubmittedForm<'a>>,
    user_profile_update: Option<SubmittedForm<'a>>,
    /// The attributes of the form that is being read.
    attributes: Vec<Attribute<'a>>,
}

/// The value of a member that should be a form.
struct SubmittedForm<'a> {
    is_object: bool,
    attributes: Vec<Attribute<'a>>,
}

/// Reads the members of an object into a builder.
pub(super) struct Members<'b, 'a> {
    pub(super) builder: &'b mut RequestBuilder<'a>,
    pub(super) object: RequestObject,
}

impl<'a> ReadMember<'a> for Members<'_, 'a> {
    fn read_member<A: MapAccess<'a>>(
        &mut self,
        name: &Cow<'a, str>,
        map: &mut A,
        depth: u8,
    ) -> Result<(), A::Error> {
        if self.object == RequestObject::Form {
            let attribute = read_attribute(name.clone(), map.next_value()?, depth);
            // The error's place is left out: it counts from the start of the attribute.
            let attribute = attribute.map_err(|_| A::Error::custom("attribute"))?;
            self.builder.attributes.push(attribute);
            return Ok(());
        }
        let inner = match (self.object, &**name) {
            (RequestObject::Top, "data") => Some(RequestObject::Data),
            (RequestObject::Data, "context") => Some(RequestObject::Context),
            (RequestObject::Context, "user") => Some(RequestObject::User),
            (RequestObject::User, "profile") => Some(RequestObject::Profile),
            (RequestObject::Data, "userProfile" | "userProfileUpdate") => Some(RequestObject::Form),
            _ => None,
        };
        let value = match inner {
            Some(object) => {
                let members = Members { builder: &mut *self.builder, object };
                map.next_value_seed(Strict { members, depth })?
            }
            None => map.next_value_seed(Strict { members: Discard, depth })?,
        };
        self.builder.keep(self.object, name, value);
        Ok(())
    }
}

/// Reads an attribute of the form from its raw JSON, which an update copies.
fn read_attribute<'a>(
    name: Cow<'a, str>,
    raw: &'a RawValue,
    depth: u8,
) -> serde_json::Result<Attribute<'a>> {
    let text = raw.get();
    let mut json = serde_json::Deserializer::from_str(text);
    let value = match (Strict { members: Discard, depth }).deserialize(&mut json)? {
        Value::Number(_) => Value::Number(Cow::Borrowed(text)),
        value => value,
    };
    Ok(Attribute { name, raw, value })
}

impl<'a> RequestBuilder<'a> {
    /// Keeps the value of a member that a decision needs.
    fn keep(&mut self, object: RequestObject, name: &str, value: Value<'a>) {
        match (object, name) {
            (RequestObject::Top, "eventType") => self.event_type = Some(value),
            (RequestObject::Top, "requestType") => self.request_type = Some(value),
            (RequestObject::Top, "eventId") => self.event_id = Some(value),
            (RequestObject::Top, "eventTime") => self.event_time = Some(value),
            (RequestObject::Top, "data") => self.data = Some(value),
            (RequestObject::Profile, "preferredLanguage") => self.preferred_language = Some(value),
            (RequestObject::Profile, "locale") => self.locale = Some(value),
            (RequestObject::Data, "userProfile") => {
                self.user_profile = Some(self.take_form(&value))
            }
            (RequestObject::Data, "userProfileUpdate") => {
                self.user_profile_update = Some(self.take_form(&value));
            }
            _ => {}
        }
    }

    /// Takes the attributes that have just been read for the form with this value.
    fn take_form(&mut self, value: &Value<'a>) -> SubmittedForm<'a> {
        let is_object = matches!(value, Value::Object);
        SubmittedForm { is_object, attributes: mem::take(&mut self.attributes) }
    }

    /// Builds the request of this body, whose top-level value is `top`. Fails with the reason why this is
    /// not a request.
    pub(super) fn build(self, body: &'a str, top: &Value<'_>) -> Result<Request<'a>, &'static str> {
        if !matches!(top, Value::Object) {
            return Err("it is not an object");
        }
        if !matches!(&self.event_type, Some(Value::Text(name)) if name == EVENT_TYPE) {
            return Err("`eventType` is not that of a registration inline hook");
        }
        if !matches!(self.data, Some(Value::Object)) {
            return Err("`data` is not an object");
        }
        let flow = self.flow()?;
        for form in [&self.user_profile, &self.user_profile_update] {
            if matches!(form, Some(form) if !form.is_object) {
                return Err("a form is not an object");
            }
        }
        let form = match flow.spec().form {
            FormMember::UserProfile => self.user_profile,
            FormMember::UserProfileUpdate => self.user_profile_update,
        };
        let language = match language_of(self.preferred_language) {
            Some(language) => Some(language),
            None => language_of(self.locale),
        };
        Ok(Request {
            flow,
            event_id: text_of(self.event_id),
            event_time: text_of(self.event_time),
            profile_language: language,
            form: match form {
                Some(form) => Form::new(form.attributes),
                None => Form::default(),
            },
            body,
        })
    }

    fn flow(&self) -> Result<Flow, &'static str> {
        match &self.request_type {
            Some(Value::Text(name)) => {
                Flow::of_request_type(name).ok_or("`requestType` is unknown")
            }
            Some(_) => Err("`requestType` is unknown"),
            None if self.user_profile.is_some() => Ok(Flow::Classic),
            None => Err("it has neither `requestType` nor `data.userProfile`"),
        }
    }
}

fn text_of(value: Option<Value<'_>>) -> Option<Cow<'_, str>> {
    match value {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}

fn language_of(value: Option<Value<'_>>) -> Option<LanguageTag> {
    LanguageTag::first_of(&text_of(value)?)
}
