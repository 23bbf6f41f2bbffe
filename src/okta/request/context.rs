//! `data.context` of a request: the end user's existing profile and the address of the client.
//!
//! Few rules look at it. So the decoder does not keep it, and this module reads the body a second time for
//! those rules. It reads bytes instead of texts: serde_json then has separate functions for it, and the
//! functions of the decoder stay as fast.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, de::DeserializeSeed as _};
use serde_json::value::RawValue;

use super::strict::{Discard, Name, Strict};
use crate::okta::{Attribute, Form, Value};

/// The members of `data.context` that rules can use. Each is read like a form.
#[derive(Default)]
pub struct DataContext<'a> {
    /// `user.profile`, the profile that a progressive profile belongs to.
    pub profile: Form<'a>,
    /// `request`, with `ipAddress`.
    pub request: Form<'a>,
}

/// Reads the context of a body that was decoded before. A member of another type is read as an empty
/// one.
pub(super) fn read_context(body: &str) -> DataContext<'_> {
    let data = ObjectMembers::of(body).of_member("data");
    let context = data.of_member("context");
    DataContext {
        profile: context.of_member("user").of_member("profile").into_form(),
        request: context.of_member("request").into_form(),
    }
}

/// The members of an object with their JSON.
#[derive(Default, Deserialize)]
struct ObjectMembers<'a>(#[serde(borrow)] BTreeMap<Name<'a>, &'a RawValue>);

impl<'a> ObjectMembers<'a> {
    /// The members of a JSON object. Any other value has none.
    fn of(json: &'a str) -> Self {
        serde_json::from_slice(json.as_bytes()).unwrap_or_default()
    }

    /// The members of the object that is a member of this one.
    fn of_member(&self, name: &str) -> Self {
        match self.0.get(&Name(Cow::Borrowed(name))) {
            Some(json) => Self::of(json.get()),
            None => Self::default(),
        }
    }

    fn into_form(self) -> Form<'a> {
        let mut attributes = Vec::new();
        for (Name(name), json) in self.0 {
            if let Ok(value) = read_value(json) {
                attributes.push(Attribute { name, raw: json, value });
            }
        }
        Form::new(attributes)
    }
}

/// Reads a value. That succeeds, because the body has been decoded before.
fn read_value(json: &RawValue) -> serde_json::Result<Value<'_>> {
    let mut bytes = serde_json::Deserializer::from_slice(json.get().as_bytes());
    match (Strict { members: Discard, depth: 1 }).deserialize(&mut bytes)? {
        Value::Number(_) => Ok(Value::Number(Cow::Borrowed(json.get()))),
        value => Ok(value),
    }
}
