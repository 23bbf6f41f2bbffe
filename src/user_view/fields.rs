//! The causes of an error, sorted by the field that they concern.

use super::message;
use crate::okta::{ATTRIBUTE_LOCATION, Flow, FormMember, reply::ReceivedCause};

/// The location of an attribute in a progressive profile's own form.
const UPDATE_LOCATION: &str = "data.userProfileUpdate";

/// The texts at one field, in the order of the causes.
pub(super) struct FieldTexts<'a> {
    pub(super) field: &'a str,
    pub(super) texts: Vec<&'a str>,
}

/// The causes, sorted by the field that they concern.
pub(super) struct SortedCauses<'a> {
    /// The texts whose location is an attribute on the form, in the order of the form.
    pub(super) at_fields: Vec<FieldTexts<'a>>,
    /// The same, with those of a progressive profile whose location is in `data.userProfileUpdate`. Okta
    /// does not document whether they count. `None` if there are none.
    pub(super) at_update_fields: Option<Vec<FieldTexts<'a>>>,
    /// The texts of all other causes.
    pub(super) elsewhere: Vec<&'a str>,
}

impl<'a> SortedCauses<'a> {
    pub(super) fn new(causes: &[ReceivedCause<'a>], flow: Flow, fields: &[&'a str]) -> Self {
        let has_update_form = flow.spec().form == FormMember::UserProfileUpdate;
        let (mut certain, mut possible, mut elsewhere) = (Vec::new(), Vec::new(), Vec::new());
        for cause in causes {
            let location = cause.location.unwrap_or_default();
            let is_field = |field: Option<&str>| field.is_some_and(|name| fields.contains(&name));
            let field = attribute_below(ATTRIBUTE_LOCATION, location);
            let update_field = attribute_below(UPDATE_LOCATION, location);
            if is_field(field) {
                certain.push((field, message(cause)));
                possible.push((field, message(cause)));
            } else if has_update_form && is_field(update_field) {
                possible.push((update_field, message(cause)));
            } else {
                elsewhere.push(message(cause));
            }
        }
        let has_update_fields = possible.len() > certain.len();
        Self {
            at_fields: by_field(&certain, fields),
            at_update_fields: has_update_fields.then(|| by_field(&possible, fields)),
            elsewhere,
        }
    }
}

/// The attribute whose location this is: `email` of `data.userProfile.email`.
fn attribute_below<'l>(parent: &str, location: &'l str) -> Option<&'l str> {
    location.strip_prefix(parent)?.strip_prefix('.')
}

/// The texts of each field that has some, in the order of the form.
fn by_field<'a>(texts: &[(Option<&str>, &'a str)], fields: &[&'a str]) -> Vec<FieldTexts<'a>> {
    let mut found = Vec::new();
    for field in fields {
        let mut here = Vec::new();
        for (name, text) in texts {
            if *name == Some(*field) {
                here.push(*text);
            }
        }
        if !here.is_empty() {
            found.push(FieldTexts { field, texts: here });
        }
    }
    found
}
