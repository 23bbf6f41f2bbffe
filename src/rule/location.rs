//! The place on the form at which Okta shows a message: `data.userProfile.email`.

use super::attribute_name::is_name_letter;
use crate::okta::ATTRIBUTE_LOCATION;

/// The field of the form at this location: `email` for `data.userProfile.email`. Okta's guide uses the same
/// location for progressive profiles, although their requests have the form in `data.userProfileUpdate`.
pub(crate) fn field_at(location: &str) -> Option<&str> {
    let name = location.strip_prefix(ATTRIBUTE_LOCATION)?.strip_prefix('.')?;
    if !name.is_empty() && name.chars().all(is_name_letter) { Some(name) } else { None }
}

/// The problem that the form has no field at this location.
pub(crate) fn no_field_at(location: &str) -> String {
    let name = likely_field(location).unwrap_or("email");
    format!(
        "Okta shows a message only at a field of the form; did you mean `{ATTRIBUTE_LOCATION}.{name}`?"
    )
}

/// The name in a location that is probably meant as a field: the one after `userProfile`, or else the last one.
fn likely_field(location: &str) -> Option<&str> {
    let mut names = Vec::new();
    for name in location.split(|letter| !is_name_letter(letter)) {
        if !name.is_empty() && !name.eq_ignore_ascii_case("data") {
            names.push(name);
        }
    }
    match names.iter().position(|name| is_form_member(name)) {
        Some(form_member) => names.get(form_member + 1).copied(),
        None => names.last().copied(),
    }
}

/// Whether a name in a location is that of the member of `data` that holds the form.
fn is_form_member(name: &str) -> bool {
    name.eq_ignore_ascii_case("userProfile") || name.eq_ignore_ascii_case("userProfileUpdate")
}
