//! An attribute of a user schema.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

use derive_more::Display;
use serde_json::Value as Json;

use crate::okta::Value;

/// The longest description of an attribute's values, in characters.
const LONGEST_DESCRIPTION: usize = 300;

/// An attribute of a user schema, as Okta describes it.
pub(crate) struct SchemaAttribute {
    json: Json,
}

/// Why Okta takes an attribute on no form. Printed, it follows "it is".
#[derive(Clone, Copy, Display, PartialEq, Eq)]
pub(super) enum Barrier {
    #[display("sensitive")]
    Sensitive,
    #[display("sourced from an application")]
    Application,
    #[display("hidden from the user")]
    Hidden,
    #[display("read-only for the user")]
    ReadOnlyForUser,
}

/// Values that forms submit for an attribute, to try a check on.
pub(crate) enum Samples {
    /// Every value that a form submits.
    All(Vec<Value<'static>>),
    /// One value. Every other is of the same type.
    OfType(Value<'static>),
    /// The schema does not say enough.
    Unknown,
}

impl SchemaAttribute {
    /// Reads Okta's description of an attribute.
    pub(super) fn new(json: Json) -> Self {
        Self { json }
    }

    /// A base attribute that the schema does not describe.
    pub(super) fn unspecified() -> Self {
        Self::new(Json::Null)
    }

    /// A member of the description, or null.
    fn member(&self, key: &str) -> &Json {
        self.json.get(key).unwrap_or(&Json::Null)
    }

    pub(super) fn is_required(&self) -> bool {
        *self.member("required") == true
    }

    /// Whether Okta refuses every change of the attribute.
    pub(super) fn is_read_only(&self) -> bool {
        *self.member("mutability") == "READ_ONLY"
    }

    /// Why Okta takes the attribute on no form.
    pub(super) fn barrier(&self) -> Option<Barrier> {
        if *self.member("sensitive") == true {
            return Some(Barrier::Sensitive);
        }
        // By default all attributes of a profile have the source of the profile.
        let master = self.member("master");
        if master["type"] == "OVERRIDE"
            && let Some(Json::String(source)) = master.pointer("/priority/0/type")
            && source != "OKTA"
        {
            return Some(Barrier::Application);
        }
        let own =
            items(self.member("permissions")).iter().find(|given| given["principal"] == "SELF")?;
        match own["action"].as_str() {
            Some("HIDE") => Some(Barrier::Hidden),
            Some("READ_ONLY") => Some(Barrier::ReadOnlyForUser),
            _ => None,
        }
    }

    /// Whether Okta stores this value.
    pub(super) fn takes(&self, value: &Json) -> bool {
        takes(&self.json, value)
    }

    /// The schema's description of the values, in its own terms.
    pub(crate) fn describe(&self) -> String {
        let listed = if self.member("enum").is_array() { "enum" } else { "oneOf" };
        let mut facts = Vec::new();
        for key in ["type", "items", listed, "minLength", "maxLength"] {
            if let Some(fact) = self.json.get(key) {
                facts.push(format!("{key} {fact}"));
            }
        }
        let mut facts = facts.join(", ");
        // An attribute may have thousands of values.
        if let Some((end, _)) = facts.char_indices().nth(LONGEST_DESCRIPTION) {
            facts.truncate(end);
            facts.push('…');
        }
        facts
    }

    /// Values to try a check on.
    pub(crate) fn samples(&self) -> Samples {
        let choices = choices(&self.json);
        match self.member("type").as_str() {
            Some("array") => Samples::OfType(Value::List { empty: false }),
            _ if !choices.is_empty() => {
                Samples::All(choices.into_iter().map(|text| Value::Text(text.into())).collect())
            }
            Some("integer" | "number") => Samples::OfType(Value::Number("1".into())),
            _ => Samples::Unknown,
        }
    }

    /// How many characters a string can have.
    pub(crate) fn lengths(&self) -> RangeInclusive<usize> {
        lengths(&self.json)
    }

    /// The texts that forms submit for the attribute.
    pub(crate) fn submitted(&self) -> Submitted<'_> {
        Submitted::new(&self.json)
    }
}

/// The texts that forms submit for an attribute.
pub(crate) struct Submitted<'o> {
    attribute: &'o Json,
    choices: BTreeSet<String>,
    by_lower_case: BTreeMap<String, String>,
}

impl<'o> Submitted<'o> {
    fn new(attribute: &'o Json) -> Self {
        let choices: BTreeSet<String> = choices(attribute).into_iter().collect();
        let mut by_lower_case = BTreeMap::new();
        for choice in &choices {
            by_lower_case.insert(choice.to_ascii_lowercase(), choice.clone());
        }
        Self { attribute, choices, by_lower_case }
    }

    /// Whether a form submits this text, or the number or boolean that it denotes.
    pub(crate) fn contain(&self, text: &str) -> bool {
        let value = match self.attribute["type"].as_str() {
            Some("integer" | "number" | "boolean") => match serde_json::from_str(text) {
                Ok(value) => value,
                Err(_) => return false,
            },
            _ => Json::from(text),
        };
        let is_listed = self.choices.is_empty() || self.choices.contains(&self::text(&value));
        is_listed && is_typed(self.attribute, &value)
    }

    /// Like [`Self::contain`], in any ASCII case.
    pub(crate) fn contain_in_any_case(&self, text: &str) -> bool {
        match self.by_lower_case.get(&text.to_ascii_lowercase()) {
            Some(choice) => self.contain(choice),
            None => self.contain(text),
        }
    }
}

/// The values that an attribute can have, as texts, if the schema lists them.
fn choices(attribute: &Json) -> Vec<String> {
    if attribute["type"] == "boolean" {
        return vec!["true".to_owned(), "false".to_owned()];
    }
    match attribute["enum"].as_array() {
        Some(values) => values.iter().map(text).collect(),
        None => items(&attribute["oneOf"]).iter().map(|choice| text(&choice["const"])).collect(),
    }
}

fn lengths(attribute: &Json) -> RangeInclusive<usize> {
    let min = length(&attribute["minLength"]).unwrap_or(0);
    let max = length(&attribute["maxLength"]).unwrap_or(usize::MAX);
    min..=max
}

fn length(bound: &Json) -> Option<usize> {
    usize::try_from(bound.as_u64()?).ok()
}

fn takes(attribute: &Json, value: &Json) -> bool {
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
            value.is_array() && items(value).iter().all(|value| takes(&attribute["items"], value))
        }
        _ => true,
    }
}

/// The items of a JSON array. Any other value has none.
pub(super) fn items(list: &Json) -> &[Json] {
    match list {
        Json::Array(items) => items,
        _ => &[],
    }
}

/// The text of a JSON string, or the JSON of any other value.
pub(super) fn text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        _ => value.to_string(),
    }
}
