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

/// An attribute of a user schema.
pub(crate) struct SchemaAttribute {
    value_type: ValueType,
    /// The values that the attribute can have, as texts. Empty if the schema lists none.
    choices: BTreeSet<String>,
    /// The choices by their texts in lower case.
    choices_by_lower_case: BTreeMap<String, String>,
    /// How many characters a string can have.
    pub(crate) lengths: RangeInclusive<usize>,
    /// The schema's words for the valid values: `type string, minLength 2`.
    pub(crate) valid_values: String,
    pub(super) is_required: bool,
    pub(super) has_default: bool,
    /// Whether Okta refuses every change of the attribute.
    pub(super) is_read_only: bool,
    /// Why no form can submit the attribute.
    pub(super) barrier: Option<Barrier>,
}

enum ValueType {
    Text,
    Integer,
    Number,
    Boolean,
    /// A list, with the schema of its elements.
    List(Box<SchemaAttribute>),
    /// The schema gives no type, or one that is not listed here.
    Unknown,
}

/// Why no form can submit an attribute. Printed, it completes "it is …".
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
    /// One value. Every value that a form submits has its type.
    OfType(Value<'static>),
    /// The schema does not determine the values.
    Unknown,
}

impl SchemaAttribute {
    /// Reads an attribute of a schema. One that is read from `null` takes every value: the schema lacks the base
    /// attribute, or the `items` of a list.
    pub(super) fn new(json: &Json) -> Self {
        let choices = choices(json);
        let mut choices_by_lower_case = BTreeMap::new();
        for choice in &choices {
            choices_by_lower_case.insert(choice.to_ascii_lowercase(), choice.clone());
        }
        let min = length(&json["minLength"]).unwrap_or(0);
        let max = length(&json["maxLength"]).unwrap_or(usize::MAX);
        Self {
            value_type: match json["type"].as_str() {
                Some("string") => ValueType::Text,
                Some("integer") => ValueType::Integer,
                Some("number") => ValueType::Number,
                Some("boolean") => ValueType::Boolean,
                Some("array") => ValueType::List(Box::new(Self::new(&json["items"]))),
                _ => ValueType::Unknown,
            },
            choices,
            choices_by_lower_case,
            lengths: min..=max,
            valid_values: describe_valid_values(json),
            is_required: json["required"] == true,
            has_default: !json["default"].is_null(),
            is_read_only: json["mutability"] == "READ_ONLY",
            barrier: barrier(json),
        }
    }

    /// Values to try a check on.
    pub(crate) fn samples(&self) -> Samples {
        match self.value_type {
            ValueType::List(_) => Samples::OfType(Value::List { empty: false }),
            _ if !self.choices.is_empty() => {
                let mut values = Vec::new();
                for choice in &self.choices {
                    values.push(Value::Text(choice.clone().into()));
                }
                Samples::All(values)
            }
            ValueType::Integer | ValueType::Number => Samples::OfType(Value::Number("1".into())),
            ValueType::Text | ValueType::Boolean | ValueType::Unknown => Samples::Unknown,
        }
    }

    /// Whether a form can submit the value that a rule writes as this text: an integer 5 is written `"5"`.
    pub(crate) fn submits(&self, text: &str) -> bool {
        match self.value_type {
            ValueType::Integer | ValueType::Number | ValueType::Boolean => {
                match serde_json::from_str(text) {
                    Ok(value) => self.takes(&value),
                    Err(_) => false,
                }
            }
            ValueType::Text | ValueType::List(_) | ValueType::Unknown => {
                self.takes(&Json::from(text))
            }
        }
    }

    /// Like [`Self::submits`], but ignores ASCII case.
    pub(crate) fn submits_in_any_case(&self, text: &str) -> bool {
        match self.choices_by_lower_case.get(&text.to_ascii_lowercase()) {
            Some(choice) => self.submits(choice),
            None => self.submits(text),
        }
    }

    /// Whether there is a text that Okta stores: the type is string or unknown.
    pub(super) fn takes_text(&self) -> bool {
        matches!(self.value_type, ValueType::Text | ValueType::Unknown)
    }

    /// Whether Okta stores this value.
    pub(super) fn takes(&self, value: &Json) -> bool {
        let is_of_type = match &self.value_type {
            ValueType::Text => match value {
                Json::String(text) => self.lengths.contains(&text.chars().count()),
                _ => false,
            },
            ValueType::Integer => value.is_i64(),
            ValueType::Number => value.is_number(),
            ValueType::Boolean => value.is_boolean(),
            ValueType::List(element) => match value {
                Json::Array(items) => items.iter().all(|item| element.takes(item)),
                _ => false,
            },
            ValueType::Unknown => true,
        };
        is_of_type && (self.choices.is_empty() || self.choices.contains(&text(value)))
    }
}

/// The values that an attribute can have, as texts, if the schema lists them.
fn choices(json: &Json) -> BTreeSet<String> {
    if json["type"] == "boolean" {
        return BTreeSet::from(["true".to_owned(), "false".to_owned()]);
    }
    match &json["enum"] {
        Json::Array(values) => values.iter().map(text).collect(),
        _ => items(&json["oneOf"]).iter().map(|choice| text(&choice["const"])).collect(),
    }
}

/// The length that `minLength` or `maxLength` gives.
fn length(bound: &Json) -> Option<usize> {
    usize::try_from(bound.as_u64()?).ok()
}

fn describe_valid_values(json: &Json) -> String {
    let choices_key = if json["enum"].is_array() { "enum" } else { "oneOf" };
    let mut constraints = Vec::new();
    for key in ["type", "items", choices_key, "minLength", "maxLength"] {
        if let Some(value) = json.get(key) {
            constraints.push(format!("{key} {value}"));
        }
    }
    let mut description = constraints.join(", ");
    // A schema may list thousands of values.
    if let Some((end, _)) = description.char_indices().nth(LONGEST_DESCRIPTION) {
        description.truncate(end);
        description.push('…');
    }
    description
}

fn barrier(json: &Json) -> Option<Barrier> {
    if json["sensitive"] == true {
        return Some(Barrier::Sensitive);
    }
    // With `OVERRIDE`, the attribute has a source of its own. Otherwise it has that of the profile.
    let master = &json["master"];
    if master["type"] == "OVERRIDE"
        && let Some(Json::String(source)) = master.pointer("/priority/0/type")
        && source != "OKTA"
    {
        return Some(Barrier::Application);
    }
    let mut permissions = items(&json["permissions"]).iter();
    let own_permission = permissions.find(|permission| permission["principal"] == "SELF")?;
    match own_permission["action"].as_str() {
        Some("HIDE") => Some(Barrier::Hidden),
        Some("READ_ONLY") => Some(Barrier::ReadOnlyForUser),
        _ => None,
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
