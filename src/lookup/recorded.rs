//! Recorded results of lookups, as a file in JSON:
//! `{"member": {"lastName": "Jones"}, "invitation": "not_found", "account": "failed"}`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    marker::PhantomData,
};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::value::{RawValue, to_raw_value};

use crate::{
    nearest::unknown,
    okta::Value,
    rule::{
        Hook,
        lookup::{Columns, Lookup, LookupFailure, LookupResult, LookupResults},
    },
};

const NOT_FOUND: &str = "not_found";
const FAILED: &str = "failed";

/// Reads the recorded results for a hook. An error says what is wrong, and where.
pub(crate) fn read_recorded(json: &[u8], hook: &Hook) -> Result<LookupResults, String> {
    let UniqueMembers(recorded) = serde_json::from_slice::<UniqueMembers<&RawValue>>(json)
        .map_err(|error| format!("expected an object of lookups: {error}"))?;
    let mut results = LookupResults::new();
    for (name, result) in recorded {
        let lookups: Vec<&Lookup> = hook.lookups_named(&name).collect();
        if lookups.is_empty() {
            return Err(unknown("lookup", &name, hook.lookup_names()));
        }
        let result = match read_result(result.get(), &lookups) {
            Ok(result) => result,
            Err(why) => return Err(format!("`{name}`: {why}")),
        };
        results.insert(name, result);
    }
    Ok(results)
}

/// A result in the file.
#[derive(Serialize)]
#[serde(untagged)]
enum ResultJson<'r> {
    Word(&'static str),
    Columns(BTreeMap<&'r str, Box<RawValue>>),
}

/// Writes results as they are read.
pub(crate) fn write_recorded(results: &LookupResults) -> String {
    let mut members = BTreeMap::new();
    for (name, result) in results {
        let json = match result {
            LookupResult::Found(columns) => {
                let mut values = BTreeMap::new();
                for (column, value) in columns {
                    values.insert(column.as_str(), to_json(value));
                }
                ResultJson::Columns(values)
            }
            LookupResult::NotFound => ResultJson::Word(NOT_FOUND),
            LookupResult::Failed(_) => ResultJson::Word(FAILED),
        };
        members.insert(name, json);
    }
    // Writing these to memory cannot fail.
    serde_json::to_string_pretty(&members).unwrap_or_default() + "\n"
}

/// Reads the result of the lookups of one name, one per section.
fn read_result(json: &str, lookups: &[&Lookup]) -> Result<LookupResult, String> {
    if json.starts_with('{') {
        return read_columns(json, lookups).map(LookupResult::Found);
    }
    match serde_json::from_str::<String>(json) {
        Ok(text) if text == NOT_FOUND => Ok(LookupResult::NotFound),
        Ok(text) if text == FAILED => Ok(LookupResult::Failed(LookupFailure::Recorded)),
        _ => Err(format!("expected an object of columns, \"{NOT_FOUND}\" or \"{FAILED}\"")),
    }
}

/// Reads the columns that a lookup has found. Refuses those that no lookup of the name has.
fn read_columns(json: &str, lookups: &[&Lookup]) -> Result<Columns, String> {
    let UniqueMembers(members) = serde_json::from_str::<UniqueMembers<&RawValue>>(json)
        .map_err(|error| error.to_string())?;
    let mut known = BTreeSet::new();
    for lookup in lookups {
        known.extend(lookup.columns.iter().map(String::as_str));
    }
    let mut columns = Columns::new();
    for (column, value) in members {
        if !known.contains(column.as_str()) {
            return Err(unknown("column", &column, known));
        }
        match read_scalar(value.get()) {
            Ok(Some(value)) => {
                columns.insert(column, value);
            }
            Ok(None) => {}
            Err(()) => return Err(format!("`{column}`: expected a text, a number or a boolean")),
        }
    }
    Ok(columns)
}

/// Reads a text, a number or a boolean. Returns `None` for `null` and for an empty text, as sources do.
fn read_scalar(json: &str) -> Result<Option<Value<'static>>, ()> {
    match json.bytes().next() {
        Some(b'"') => match serde_json::from_str::<String>(json) {
            Ok(text) if text.is_empty() => Ok(None),
            Ok(text) => Ok(Some(Value::Text(text.into()))),
            Err(_) => Err(()),
        },
        Some(b't') => Ok(Some(Value::Boolean(true))),
        Some(b'f') => Ok(Some(Value::Boolean(false))),
        Some(b'n') => Ok(None),
        Some(b'-' | b'0'..=b'9') => Ok(Some(Value::Number(json.to_owned().into()))),
        _ => Err(()),
    }
}

fn to_json(value: &Value<'_>) -> Box<RawValue> {
    let json = match value {
        // With its digits: a number type would round long ones.
        Value::Number(number) => RawValue::from_string(number.to_string()),
        Value::Boolean(boolean) => to_raw_value(boolean),
        other => to_raw_value(&other.text()),
    };
    json.unwrap_or_default()
}

/// The members of an object in their order. A name that occurs twice is an error.
struct UniqueMembers<T>(Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for UniqueMembers<T> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_map(UniqueMembersVisitor(PhantomData))
    }
}

struct UniqueMembersVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for UniqueMembersVisitor<T> {
    type Value = UniqueMembers<T>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<UniqueMembers<T>, A::Error> {
        let mut members: Vec<(String, T)> = Vec::new();
        while let Some((name, value)) = map.next_entry()? {
            if members.iter().any(|(other, _)| *other == name) {
                return Err(A::Error::custom(format!("`{name}` occurs twice")));
            }
            members.push((name, value));
        }
        Ok(UniqueMembers(members))
    }
}
