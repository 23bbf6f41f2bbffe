//! Notes on lookups.

use std::collections::BTreeSet;

use super::note::PlacedMessage;
use crate::{
    org::Org,
    rule::{Part, Requirement, Rule, Section, node::Spanned, value_name::ValueName},
};

/// The notes on lookups: those of the loader, and those on unused lookups, on rules that do not count
/// while a source fails, and on rules that pass if a lookup finds nothing.
pub(super) fn lookup_notes(section: &Section) -> Vec<PlacedMessage> {
    let mut notes = Vec::new();
    for lookup in &section.lookups {
        let Spanned { value: name, span } = &lookup.name;
        for note in &lookup.notes {
            notes.push(PlacedMessage::at(span, format!("lookup `{name}`: {note}")));
        }
        let mut is_used = section.set.iter().any(|set| set.lookups.contains(name));
        for rule in section.rules.iter().filter(|rule| rule.lookups.contains(name)) {
            is_used = true;
            if lookup.is_skipped_on_failure() && !rule.shadow {
                let id = &rule.id;
                let message = format!(
                    "`{id}` does not count while the source of the lookup `{name}` fails (`on_failure = \"skip\"`)"
                );
                notes.push(PlacedMessage::at(&rule.origin.id_span, message));
            }
        }
        if !is_used {
            let message = format!("no rule and no attribute to set uses the lookup `{name}`");
            notes.push(PlacedMessage::at(span, message));
        }
    }
    notes.extend(optional_column_notes(section));
    notes
}

/// The notes on rules that pass if a lookup finds nothing, since the columns of the lookup are `optional` in them.
fn optional_column_notes(section: &Section) -> Vec<PlacedMessage> {
    let mut notes = Vec::new();
    for rule in section.rules.iter() {
        for part in rule.requirement.parts().filter(|part| part.optional) {
            for name in part.attributes.iter() {
                if let ValueName::Lookup { lookup, .. } = &name.value
                    && !denies_if_not_found(section, lookup)
                {
                    let id = &rule.id;
                    let message = format!(
                        "`{id}`: `{}` is optional, so the rule also passes if `{lookup}` finds nothing; if it must find something, add a rule with `lookup = \"{lookup}\"`",
                        name.value
                    );
                    notes.push(PlacedMessage::at(&name.span, message));
                }
            }
        }
    }
    notes
}

/// Whether the section denies each request for which a lookup finds nothing.
fn denies_if_not_found(section: &Section, lookup: &str) -> bool {
    for rule in section.rules.iter() {
        let always_decides = !rule.shadow && rule.when.is_empty();
        if always_decides && rule_fails_if_not_found(rule, lookup) {
            return true;
        }
    }
    false
}

/// Whether a rule fails whenever a lookup finds nothing.
fn rule_fails_if_not_found(rule: &Rule, lookup: &str) -> bool {
    match &rule.requirement {
        Requirement::Lookup(required) => required.must_find && required.lookup == lookup,
        Requirement::All(parts) => {
            parts.iter().any(|part| !part.optional && names_lookup(part, lookup))
        }
        // Another part may hold.
        Requirement::Any(_) => false,
    }
}

fn names_lookup(part: &Part, lookup: &str) -> bool {
    part.value_names().iter().any(|name| name.lookup() == Some(lookup))
}

/// The notes on attributes that probably do not exist: only the question of a lookup names them.
pub(super) fn question_notes(
    section: &Section,
    names_in_file: &BTreeSet<&str>,
    org: &Org,
) -> Vec<PlacedMessage> {
    let mut notes = Vec::new();
    for lookup in &section.lookups {
        let names: BTreeSet<_> = lookup.placeholders().into_iter().collect();
        for attribute in names.into_iter().filter_map(ValueName::form_attribute) {
            let is_known = org.surely_exists(attribute) || names_in_file.contains(attribute);
            // A likely typo has a note of its own.
            if !is_known && org.likely_typo(attribute).is_none() {
                let Spanned { value: lookup, span } = &lookup.name;
                let message = format!(
                    "`{{{attribute}}}` in the question of the lookup `{lookup}`: `{attribute}` is not a base attribute, and the file names it nowhere else; without it, `{lookup}` is not asked"
                );
                notes.push(PlacedMessage::at(span, message));
            }
        }
    }
    notes
}
