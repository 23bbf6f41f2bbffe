//! The steps of `normalize`.

mod e164;

use std::collections::BTreeMap;

use e164::e164;

use crate::rule::node::{Content, Entry, Node, Table};

/// A step of a normalization.
pub(crate) type Step = fn(&str) -> String;

/// The steps by their names in rules files.
pub(crate) const STEPS: [(&str, Step); 4] = [
    ("trim", |text| text.trim().to_owned()),
    ("lowercase", str::to_lowercase),
    ("uppercase", str::to_uppercase),
    ("e164", e164),
];

/// Changes a text by each step in turn.
pub(crate) fn apply_steps(steps: &[Step], text: &str) -> String {
    let mut text = text.to_owned();
    for step in steps {
        text = step(&text);
    }
    text
}

/// The attributes that a section normalizes, with their steps. Skips invalid values, which the loader reports.
pub(crate) fn steps_of_normalize(section: &Table) -> BTreeMap<String, Vec<Step>> {
    let mut normalized = BTreeMap::new();
    let Some(set) = section.get("set") else {
        return normalized;
    };
    let Content::Table(set) = &set.value.content else {
        return normalized;
    };
    for Entry { key, value, .. } in &set.0 {
        if let Content::Table(recipe) = &value.content
            && let Some(entry) = recipe.get("normalize")
            && let Content::List(items) = &entry.value.content
        {
            normalized.insert(key.clone(), valid_steps(items));
        }
    }
    normalized
}

/// The valid steps of a list. Reads no more steps than the loader accepts in one list.
fn valid_steps(items: &[Node]) -> Vec<Step> {
    let mut steps = Vec::new();
    for item in items.iter().take(STEPS.len()) {
        if let Ok(step) = item.choice("step", &STEPS) {
            steps.push(step);
        }
    }
    steps
}
