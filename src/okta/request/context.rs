//! `data.context` of a request: the end user's existing profile and the address of the client.
//!
//! Few rules look at it. So the decoder does not keep it, and this module reads the body a second time for
//! those rules.

use crate::okta::{
    Attribute, Form,
    json::{Name, ObjectMembers, read_value},
};

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

impl<'a> ObjectMembers<'a> {
    /// The members of the object that is a member of this one.
    fn of_member(&self, name: &str) -> Self {
        match self.get(name) {
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
