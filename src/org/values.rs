//! What a user schema says of an attribute's values.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

use serde_json::Value as Json;

/// The longest description of an attribute's values, in characters.
const LONGEST_DESCRIPTION: usize = 300;

/// The values that forms submit for an attribute.
pub(crate) struct Submitted<'o> {
    attribute: &'o Json,
    choices: BTreeSet<String>,
    by_lower_case: BTreeMap<String, String>,
}

impl<'o> Submitted<'o> {
    pub(super) fn new(attribute: &'o Json) -> Self {
        let choices: BTreeSet<String> = choices(attribute).into_iter().collect();
        let mut by_lower_case = BTreeMap::new();
        for choice in &choices {
            by_lower_case.insert(choice.to_ascii_lowercase(), choice.clone());
        }
        Self { attribute, choices, by_lower_case }
    }

    /// Whether a form submits this text, or as a number or boolean what it says.
    pub(crate) fn contains(&self, text: &str, any_case: bool) -> bool {
        let same = self.by_lower_case.get(&text.to_ascii_lowercase()).filter(|_| any_case);
        let text = same.map_or(text, String::as_str);
        let value = match self.attribute["type"].as_str() {
            Some("integer" | "number" | "boolean") => serde_json::from_str(text).ok(),
            _ => Some(Json::from(text)),
        };
        value.is_some_and(|value| {
            let is_listed = self.choices.is_empty() || self.choices.contains(&self::text(&value));
            is_listed && is_typed(self.attribute, &value)
        })
    }
}

/// The values that an attribute can have, as texts, if they are listed.
pub(super) fn choices(attribute: &Json) -> Vec<String> {
    match attribute["enum"].as_array() {
        _ if attribute["type"] == "boolean" => ["true", "false"].map(str::to_owned).into(),
        Some(values) => values.iter().map(text).collect(),
        None => items(&attribute["oneOf"]).map(|choice| text(&choice["const"])).collect(),
    }
}

/// How many characters a string can have.
pub(super) fn lengths(attribute: &Json) -> RangeInclusive<usize> {
    let bound = |key: &str| attribute[key].as_u64().and_then(|bound| bound.try_into().ok());
    bound("minLength").unwrap_or(0)..=bound("maxLength").unwrap_or(usize::MAX)
}

pub(super) fn takes(attribute: &Json, value: &Json) -> bool {
    let choices = choices(attribute);
    is_typed(attribute, value) && (choices.is_empty() || choices.contains(&text(value)))
}

/// Whether a value is of an attribute's type and length.
fn is_typed(attribute: &Json, value: &Json) -> bool {
    match attribute["type"].as_str() {
        Some("string") => {
            value.is_string() && lengths(attribute).contains(&text(value).chars().count())
        }
        Some("integer") => value.is_i64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("array") => {
            value.is_array() && items(value).all(|value| takes(&attribute["items"], value))
        }
        _ => true,
    }
}

/// What the schema says of an attribute's values, in its own terms.
pub(super) fn describe(attribute: &Json) -> String {
    let listed = if attribute["enum"].is_array() { "enum" } else { "oneOf" };
    let keys = ["type", "items", listed, "minLength", "maxLength"];
    let facts = keys.iter().filter_map(|key| Some(format!("{key} {}", attribute.get(key)?)));
    let mut facts = facts.collect::<Vec<_>>().join(", ");
    // An attribute may have thousands of values.
    if let Some((end, _)) = facts.char_indices().nth(LONGEST_DESCRIPTION) {
        facts.truncate(end);
        facts.push('…');
    }
    facts
}

pub(super) fn items(list: &Json) -> impl Iterator<Item = &Json> {
    list.as_array().into_iter().flatten()
}

pub(super) fn text(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
