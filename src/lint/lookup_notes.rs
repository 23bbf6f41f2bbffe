//! Notes on lookups.

use crate::{
    okta::Flow,
    org::Org,
    rule::{Section, lookup::Lookup, value_name::ValueName},
};

/// The notes on lookups: what their tables have, those that are not used or never asked, and the rules that a
/// failed source switches off.
pub(super) fn lookup_notes(section: &Section, flow: Flow, org: &Org) -> Vec<String> {
    let mut notes = Vec::new();
    for lookup in &section.lookups {
        let name = &lookup.name.value;
        for note in &lookup.notes {
            notes.push(format!("lookup `{name}`: {note}"));
        }
        let mut is_used = section.set.iter().any(|set| set.lookups.contains(name));
        for rule in section.rules.iter().filter(|rule| rule.lookups.contains(name)) {
            is_used = true;
            if lookup.is_skipped_on_failure() && !rule.shadow {
                let id = &rule.id;
                notes.push(format!(
                    "`{id}` does not count while the source of the lookup `{name}` fails (`on_failure = \"skip\"`)"
                ));
            }
        }
        if !is_used {
            notes.push(format!("no rule and no attribute to set uses the lookup `{name}`"));
        }
        if let Some(why) = why_never_asked(lookup, flow, org) {
            notes.push(format!("the lookup `{name}` is never asked: {why}"));
        }
    }
    notes
}

/// Why no request can ask a lookup: a value in its question is never submitted.
fn why_never_asked(lookup: &Lookup, flow: Flow, org: &Org) -> Option<String> {
    let attributes = lookup.placeholders().into_iter().filter_map(ValueName::form_attribute);
    attributes.into_iter().find_map(|attribute| org.why_never_submitted(attribute, flow))
}
