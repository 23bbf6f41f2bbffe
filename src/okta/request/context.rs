//! `data.context` of a request: the end user's existing profile and the address of the client.
//!
//! Few rules look at it, so the decoder does not keep it. For those rules, this module reads the body a
//! second time.

use super::builder::read_form;
use crate::okta::{Form, json::JsonReader};

/// The members of `data.context` that rules can use. Each is read like a form.
#[derive(Default)]
pub struct DataContext<'a> {
    /// `user.profile`, the profile that a progressive profile belongs to.
    pub profile: Form<'a>,
    /// `request`, with `ipAddress`.
    pub request: Form<'a>,
}

/// Reads the context of a body that was decoded before. A member that is not an object is read as an empty
/// form.
pub(super) fn read_context(body: &str) -> DataContext<'_> {
    DataContext {
        profile: read_form_at(body, &["data", "context", "user", "profile"]),
        request: read_form_at(body, &["data", "context", "request"]),
    }
}

fn read_form_at<'a>(body: &'a str, path: &[&str]) -> Form<'a> {
    let mut reader = JsonReader::new(body);
    for name in path {
        if reader.enter(name) != Ok(true) {
            return Form::default();
        }
    }
    match read_form(&mut reader) {
        Ok(Some(form)) => form,
        Ok(None) | Err(_) => Form::default(),
    }
}
