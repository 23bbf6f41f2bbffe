//! Notes on `.local` and `.domain` of attributes that are probably not email addresses.

use std::collections::BTreeSet;

use crate::{
    okta::is_base_attribute,
    org::Org,
    rule::{Part, Section, value_name::ValueName},
};

/// The base attributes whose values are email addresses.
const EMAILS: [&str; 3] = ["login", "email", "secondEmail"];

/// The notes on parts of attributes that are probably not email addresses: `user.domain`, `firstName.domain`.
pub(super) fn email_notes(section: &Section, org: &Org) -> Vec<String> {
    let mut notes = Vec::new();
    for name in names_of(section) {
        if let ValueName::Email { attribute, part } = name
            && !may_be_email(attribute, org)
        {
            notes.push(format!(
                "`{name}` is absent unless `{attribute}` is an email address, as `{}` are; did you mean `email.{}`?",
                EMAILS.join("`, `"),
                part.as_str()
            ));
        }
    }
    notes
}

/// Whether an attribute may well be an email address: by its name, or because it is a custom attribute of the
/// schema, which may hold anything.
fn may_be_email(attribute: &str, org: &Org) -> bool {
    let is_custom = org.attribute(attribute).is_some() && !is_base_attribute(attribute);
    is_custom || EMAILS.contains(&attribute) || attribute.to_lowercase().contains("mail")
}

/// The names that the section uses, except those in templates of `set`, which have notes of their own.
fn names_of(section: &Section) -> BTreeSet<&ValueName> {
    let mut names = BTreeSet::new();
    for rule in section.rules.iter() {
        names.extend(rule.value_names());
    }
    for set in &section.set {
        for branch in set.recipe.branches() {
            names.extend(branch.when.iter().flat_map(Part::value_names));
        }
        if let Some(from) = set.recipe.name_in_from() {
            names.insert(&from.value);
        }
    }
    for lookup in &section.lookups {
        names.extend(lookup.value_names());
    }
    names
}
