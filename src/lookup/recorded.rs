//! Recorded results of lookups, as a file in JSON:
//! `{"member": {"lastName": "Jones"}, "invitation": "not_found", "account": "failed"}`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::{
    nearest::{nearest, unknown},
    okta::{Attribute, Value, json::read_members},
    rule::{
        Hook,
        lookup::{Columns, Lookup, LookupFailure, LookupResult, LookupResults},
    },
};

const NOT_FOUND: &str = "not_found";
const FAILED: &str = "failed";

/// Reads the recorded results for a hook. An error says what is wrong, and where.
pub(crate) fn read_recorded(json: &[u8], hook: &Hook) -> Result<LookupResults, String> {
    let text = str::from_utf8(json).map_err(|_| "the text is not UTF-8")?;
    let members = members_of(text)?.ok_or("expected an object of lookups")?;
    let mut results = LookupResults::new();
    for recorded in members {
        let name = &*recorded.name;
        let lookups: Vec<&Lookup> = hook.lookups_named(name).collect();
        if lookups.is_empty() {
            return Err(unknown("lookup", name, hook.lookup_names()));
        }
        let result = match read_result(&recorded, &lookups) {
            Ok(result) => result,
            Err(why) => return Err(format!("`{name}`: {why}")),
        };
        results.insert(name.to_owned(), result);
    }
    Ok(results)
}

/// A result as it stands in the file.
#[derive(Serialize)]
#[serde(untagged)]
enum ResultJson<'r> {
    /// [`NOT_FOUND`] or [`FAILED`].
    Word(&'static str),
    Columns(BTreeMap<&'r str, Box<RawValue>>),
}

/// Writes results in the format of [`read_recorded`].
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

/// The results in the format of [`read_recorded`], as a part of other JSON.
pub(crate) fn recorded_json(results: &LookupResults) -> Box<RawValue> {
    RawValue::from_string(write_recorded(results).trim().to_owned()).unwrap_or_default()
}

/// Reads the result of a lookup. Several sections may have lookups of one name, so there may be several `lookups`.
fn read_result(result: &Attribute<'_>, lookups: &[&Lookup]) -> Result<LookupResult, String> {
    if let Some(members) = members_of(result.json)? {
        return read_columns(members, lookups).map(LookupResult::Found);
    }
    match &result.value {
        Value::Text(text) if text == NOT_FOUND => Ok(LookupResult::NotFound),
        Value::Text(text) if text == FAILED => Ok(LookupResult::Failed(LookupFailure::Recorded)),
        other => {
            let mut message =
                format!("expected an object of columns, \"{NOT_FOUND}\" or \"{FAILED}\"");
            if let Value::Text(text) = other
                && let Some(meant) = nearest(text, &[NOT_FOUND, FAILED])
            {
                message += &format!("; did you mean \"{meant}\"?");
            }
            Err(message)
        }
    }
}

/// Reads the columns of a result. Refuses columns that none of these lookups has.
fn read_columns(members: Vec<Attribute<'_>>, lookups: &[&Lookup]) -> Result<Columns, String> {
    let mut known = BTreeSet::new();
    for lookup in lookups {
        known.extend(lookup.columns.iter().map(String::as_str));
    }
    let mut columns = Columns::new();
    for Attribute { name: column, value, .. } in members {
        if !known.contains(&*column) {
            return Err(unknown("column", &column, known));
        }
        let value = match value {
            // Sources leave out columns without a value, too.
            Value::Null => continue,
            Value::Text(text) if text.is_empty() => continue,
            Value::Text(text) => Value::Text(text.into_owned().into()),
            Value::Number(number) => Value::Number(number.into_owned().into()),
            Value::Boolean(boolean) => Value::Boolean(boolean),
            Value::List { .. } | Value::Object => {
                return Err(format!("`{column}`: expected a text, a number or a boolean"));
            }
        };
        columns.insert(column.into_owned(), value);
    }
    Ok(columns)
}

/// Reads the members of an object as strictly as those of a request. Returns `None` for other JSON.
fn members_of(json: &str) -> Result<Option<Vec<Attribute<'_>>>, String> {
    read_members(json).map_err(|error| {
        let (line, column) = error.line_and_column(json);
        format!("the text {} at line {line}, column {column}", error.problem(json))
    })
}

fn to_json(value: &Value<'_>) -> Box<RawValue> {
    let json = match value {
        // Keeps every digit, while a number type would round a long number.
        Value::Number(number) => RawValue::from_string(number.to_string()),
        Value::Boolean(boolean) => to_raw_value(boolean),
        other => to_raw_value(&other.text()),
    };
    json.unwrap_or_default()
}
