//! Notes on the attributes that a section sets.

use std::collections::BTreeSet;

use super::note::PlacedMessage;
use crate::{
    org::Org,
    rule::{
        Part, Section,
        node::Spanned,
        set::{Recipe, SetEntry, ValueMap},
    },
};

/// The notes on entries of `set`. `judged` has the attributes that rules look at.
pub(super) fn set_notes(
    section: &Section,
    judged: &BTreeSet<&str>,
    org: &Org,
) -> Vec<PlacedMessage> {
    let mut notes = Vec::new();
    for set in &section.set {
        let Spanned { value: name, span } = &set.attribute;
        if let Recipe::Mapped(mapped) = &set.recipe
            && let ValueMap::File { title_looks_like_entry: true, .. } = mapped.map
        {
            let message = format!(
                "`{name}`: the first line of the map's file must name the columns; here it looks like an entry, and is skipped; write `key,value` above it"
            );
            notes.push(PlacedMessage::at(span, message));
        }
        if org.is_on_form(name) == Some(true)
            && !judged.contains(name.as_str())
            && let Some(lookup) = avoidable_lookup(set, section)
        {
            let message = format!(
                "`{name}` is on the form; if the conditions of the lookup `{lookup}` do not hold, the submitted value stays; take `{name}` off the form, or judge it by a rule"
            );
            notes.push(PlacedMessage::at(span, message));
        }
    }
    notes
}

/// A lookup that an entry needs, and that the end user can avoid: its conditions look at the form.
fn avoidable_lookup<'s>(set: &SetEntry, section: &'s Section) -> Option<&'s str> {
    // `normalize` and `default` keep the form's own value on purpose: `normalize` changes only how it is written,
    // and `default` writes only where it is absent.
    if let Recipe::Normalize(_) | Recipe::Default(_) = set.recipe {
        return None;
    }
    for lookup in &section.lookups {
        let mut names = lookup.when.iter().flat_map(Part::value_names);
        let looks_at_form = names.any(|name| name.form_attribute().is_some());
        if looks_at_form && set.lookups.contains(&lookup.name.value) {
            return Some(&lookup.name);
        }
    }
    None
}
