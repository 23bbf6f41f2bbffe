//! Notes on lookups.

use crate::rule::Section;

/// The notes on lookups: those of the loader, and those on unused lookups and on rules that do not count
/// while a source fails.
pub(super) fn lookup_notes(section: &Section) -> Vec<String> {
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
    }
    notes
}
