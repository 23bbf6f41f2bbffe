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
        node::{Node, Spanned, push_list_problem},
        set::apply_steps,
        value_name::{EmailPart, ValueName},
    },
};

/// Reports the entries of a check's list that one of these values never equals. The check has no other problem.
pub(super) fn report_unmatched_entries(
    list: &Node,
    names: &NonEmpty<Spanned<ValueName>>,
    comparison: &Comparison,
    fields: &Fields<'_>,
) {
    let mut problems = SpanProblems::default();
    // The list is that of a check without a problem.
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
    let (form, changed) = match name {
        ValueName::Email { part: EmailPart::Domain, .. } => {
            ("in lower case", text.to_ascii_lowercase())
        }
        ValueName::Form(attribute) => {
            let steps = fields.normalized.get(attribute)?;
            ("normalized before it is compared", apply_steps(steps, text))
        }
        // Steps for a whole address, such as `e164`, do not change its parts.
        ValueName::Email { part: EmailPart::Local, attribute } => {
            let steps = fields.normalized.get(attribute)?;
            let address = apply_steps(steps, &format!("{text}@example.com"));
            let local = address.split('@').next()?;
            ("normalized before it is compared", local.to_owned())
        }
        ValueName::Profile(_) | ValueName::Request(_) | ValueName::Lookup { .. } => return None,
    };
    if comparison.comparable_form(text) != comparison.comparable_form(&changed) {
        return Some(format!("`{name}` is {form}; write `{changed}`"));
    }
    let is_domain = matches!(name, ValueName::Email { part: EmailPart::Domain, .. });
    if is_domain && comparison.conversions.is_empty() && !email::is_domain(text) {
        return Some(format!(
            "`{name}` is never `{text}`; write a domain such as `okta.com`, or use `domains` or `not_domains`, which take `*.okta.com`"
        ));
    }
    None
}
