//! Entries of lists and keys of maps that no value equals, because the value is always in another form:
//! `email.domain` is a domain in lower case, and an attribute may be normalized. A list of such entries would
//! have no effect.

use super::fields::Fields;
use crate::{
    okta::NonEmpty,
    problem::SpanProblems,
    rule::{
        check::Comparison,
        email,
        list_entry::push_list_problem,
        node::{Node, Spanned},
        set::apply_steps,
        value_name::{EmailPart, ValueName},
    },
};

/// Reports the entries of a check's list that one of these values never equals. The check has been read from this
/// list without a problem, so every entry is valid otherwise.
pub(super) fn report_unmatched_entries(
    list: &Node,
    names: &NonEmpty<Spanned<ValueName>>,
    comparison: &Comparison,
    fields: &Fields<'_>,
) {
    let mut problems = SpanProblems::default();
    let Ok(entries) = list.entries("[…]") else {
        return;
    };
    for entry in entries {
        let Ok(text) = entry.text() else {
            continue;
        };
        for name in names.iter() {
            if let Some(message) = why_unmatched(text, name, comparison, fields) {
                push_list_problem(&mut problems, entry.problem(message));
                break;
            }
        }
    }
    fields.report_all(problems);
}

/// Why a value never equals this text. Returns `None` if it may.
pub(super) fn why_unmatched(
    text: &str,
    name: &ValueName,
    comparison: &Comparison,
    fields: &Fields<'_>,
) -> Option<String> {
    let (form, text_in_form) = match name {
        ValueName::Email { part: EmailPart::Domain, .. } => {
            ("in lower case", text.to_ascii_lowercase())
        }
        ValueName::Form(attribute) => {
            let steps = fields.normalized.get(attribute)?;
            ("normalized before it is compared", apply_steps(steps, text))
        }
        // The steps change the whole address before its local part is taken. So apply them to an address: `e164`
        // would change `00442071234567` alone, but not `00442071234567@example.com`.
        ValueName::Email { part: EmailPart::Local, attribute } => {
            let steps = fields.normalized.get(attribute)?;
            let address = apply_steps(steps, &format!("{text}@example.com"));
            let local = address.split('@').next()?;
            ("normalized before it is compared", local.to_owned())
        }
        ValueName::Profile(_) | ValueName::Request(_) | ValueName::Lookup { .. } => return None,
    };
    if comparison.comparable_form(text) != comparison.comparable_form(&text_in_form) {
        return Some(format!("`{name}` is {form}; write `{text_in_form}`"));
    }
    // With conversions, an entry that is not a domain may equal one: `alphanumeric` makes `oktacom` of `okta.com`.
    let names_domain = matches!(name, ValueName::Email { part: EmailPart::Domain, .. });
    if names_domain && comparison.conversions.is_empty() && !email::is_domain(text) {
        return Some(format!(
            "`{name}` is never `{text}`; write a domain such as `okta.com`, or use `domains` or `not_domains`, which take `*.okta.com`"
        ));
    }
    None
}
