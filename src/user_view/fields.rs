//! The causes of an error, sorted by the field that they concern.

use super::cause_text;
use crate::okta::{ATTRIBUTE_LOCATION, Flow, reply::ReceivedCause};

/// The texts at one field, in the order of the causes.
pub(super) struct FieldTexts<'a> {
    pub(super) field: &'a str,
    pub(super) texts: Vec<&'a str>,
}

/// The causes, sorted by the field that they concern.
pub(super) struct SortedCauses<'a> {
    /// The texts whose location is an attribute on the form, in the order of the form.
    pub(super) at_fields: Vec<FieldTexts<'a>>,
    /// Like `at_fields`, together with the texts whose location is an attribute in `data.userProfileUpdate`. Okta does
    /// not document whether it shows these at their fields. `None` if no cause has such a location.
    pub(super) at_fields_or_update: Option<Vec<FieldTexts<'a>>>,
    /// The texts of all other causes.
    pub(super) elsewhere: Vec<&'a str>,
}

/// A text, and the field that it concerns.
#[derive(Clone, Copy)]
struct TextAtField<'a> {
    field: &'a str,
    text: &'a str,
}

impl<'a> SortedCauses<'a> {
    pub(super) fn new(causes: &[ReceivedCause<'a>], flow: Flow, fields: &[&'a str]) -> Self {
        // In a profile update, this is `data.userProfileUpdate`. In a registration, it equals `ATTRIBUTE_LOCATION`, and
        // finds no further field.
        let form_location = flow.spec().form_location;
        let mut in_profile = Vec::new();
        let mut in_profile_or_update = Vec::new();
        let mut elsewhere = Vec::new();
        for cause in causes {
            let text = cause_text(cause);
            let location = cause.location.unwrap_or_default();
            if let Some(field) = field_below(ATTRIBUTE_LOCATION, location, fields) {
                in_profile.push(TextAtField { field, text });
                in_profile_or_update.push(TextAtField { field, text });
                continue;
            }
            match field_below(form_location, location, fields) {
                Some(field) => in_profile_or_update.push(TextAtField { field, text }),
                None => elsewhere.push(text),
            }
        }
        let has_location_in_update = in_profile_or_update.len() > in_profile.len();
        let at_fields_or_update = if has_location_in_update {
            Some(group_by_field(&in_profile_or_update, fields))
        } else {
            None
        };
        Self { at_fields: group_by_field(&in_profile, fields), at_fields_or_update, elsewhere }
    }
}

/// The field that a location names below its parent: `email` in `data.userProfile.email`. Returns `None` if the
/// form does not have it.
fn field_below<'a>(parent: &str, location: &'a str, fields: &[&str]) -> Option<&'a str> {
    let field = location.strip_prefix(parent)?.strip_prefix('.')?;
    if fields.contains(&field) { Some(field) } else { None }
}

/// Groups texts by their field, in the order of the form. Leaves out fields without a text.
fn group_by_field<'a>(
    texts_at_fields: &[TextAtField<'a>],
    fields: &[&'a str],
) -> Vec<FieldTexts<'a>> {
    let mut found = Vec::new();
    for field in fields {
        let mut texts = Vec::new();
        for text_at_field in texts_at_fields {
            if text_at_field.field == *field {
                texts.push(text_at_field.text);
            }
        }
        if !texts.is_empty() {
            found.push(FieldTexts { field, texts });
        }
    }
    found
}
