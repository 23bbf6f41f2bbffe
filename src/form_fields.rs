//! The fields of the form that the end user fills in, as far as a request and the rules show them.

use std::collections::BTreeSet;

use crate::{
    okta::{Flow, Request},
    rule::Section,
};

/// The fields of a registration form, unless the org changes it.
const DEFAULT_FIELDS: [&str; 3] = ["firstName", "lastName", "email"];

/// The fields of the form: the attributes of a request in their order, then further fields of the section, which
/// the end user may have left empty. Okta fills in `login` from `email`, so a `login` that equals `email` is
/// presumably not a field.
pub fn form_fields<'q>(request: &'q Request<'_>, section: Option<&'q Section>) -> Vec<&'q str> {
    let login = text_on_form(request, "login");
    let okta_fills_in_login = login.is_some() && login == text_on_form(request, "email");
    let mut fields = Vec::new();
    let mut seen = BTreeSet::new();
    for name in request.form.names_in_order() {
        if name == "login" && okta_fills_in_login {
            continue;
        }
        if seen.insert(name) {
            fields.push(name);
        }
    }
    for name in fields_of_section(request.flow, section) {
        if seen.insert(name) {
            fields.push(name);
        }
    }
    fields
}

fn text_on_form<'q>(request: &'q Request<'_>, name: &str) -> Option<&'q str> {
    request.form.get(name)?.value.text()
}

/// The fields of a form that this section judges: the [`DEFAULT_FIELDS`] of a registration, and the attributes that
/// the section copies or looks at. Okta fills in the `login` of a new user, so it is not a field.
pub(crate) fn fields_of_section(flow: Flow, section: Option<&Section>) -> Vec<&str> {
    let creates_user = flow.spec().creates_user;
    let mut names = Vec::new();
    if creates_user {
        names.extend(DEFAULT_FIELDS);
    }
    if let Some(section) = section {
        for name in &section.update {
            names.push(name.value.as_str());
        }
        for name in section.value_names() {
            if let Some(attribute) = name.form_attribute() {
                names.push(attribute);
            }
        }
    }
    let mut fields = Vec::new();
    for name in names {
        let okta_fills_in = creates_user && name == "login";
        if !okta_fills_in && !fields.contains(&name) {
            fields.push(name);
        }
    }
    fields
}
