//! Notes on the places of messages.

use crate::{
    okta::{ATTRIBUTE_LOCATION, Flow},
    org::Org,
    rule::{Rule, location::field_at},
};

/// The note on a message at `login`, which the form may lack. There is none if the form is known: the org
/// lint then checks each location.
pub(super) fn login_note(rule: &Rule, flow: Flow, org: &Org) -> Option<String> {
    let is_at_login = field_at(&rule.location) == Some("login");
    if is_at_login && flow.spec().creates_user && !org.has_form() {
        let id = &rule.id;
        return Some(format!(
            "`{id}`: the message is at `login`, which not every form has; check with --policy, or give `location = \"{ATTRIBUTE_LOCATION}.email\"`"
        ));
    }
    None
}

/// The note on a `location` that is probably misspelt. If the field is an attribute that
/// the rule names, that name already has a note.
pub(super) fn misspelt_location_note(rule: &Rule, org: &Org) -> Option<String> {
    let field = field_at(&rule.location)?;
    if rule.form_attributes().contains(field) {
        return None;
    }
    let typo = org.likely_typo(field)?;
    let id = &rule.id;
    Some(format!("`{id}`: the message is at `{field}`, where no form shows it: {typo}"))
}
