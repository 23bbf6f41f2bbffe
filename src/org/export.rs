//! Reads the exports of an [`Org`]: JSON files as Okta's API returns them.

use std::{collections::BTreeSet, path::Path, slice};

use serde_json::Value as Json;

use super::{
    Org,
    attribute::{SchemaAttribute, items, text},
    policy_hooks::PolicyHooks,
};
use crate::{
    file::{self, FileKind},
    okta::base_attributes,
    problem::Problem,
};

/// The most attributes that Okta allows on a form.
const FORM_LIMIT: usize = 10;

const OTHER_JSON: &str = "this is another JSON value";

/// Reads the user schema into the org.
pub(super) fn read_schema(path: &Path, org: &mut Org) -> Result<(), Problem> {
    let result = read_json(path).and_then(|export| add_schema(&export, org));
    result.map_err(|why| not_expected(path, "meta/schemas/user/default", &why))
}

/// Reads the rules of an enrollment policy into the org. Each rule has a form.
pub(super) fn read_policy(path: &Path, org: &mut Org) -> Result<(), Problem> {
    let result = read_json(path).and_then(|export| add_forms(&export, org));
    result.map_err(|why| not_expected(path, "policies/POLICY-ID/rules", &why))
}

fn add_schema(export: &Json, org: &mut Org) -> Result<(), String> {
    let Some(definitions) = export["definitions"].as_object() else {
        return Err(describe_other(export));
    };
    let base = export.pointer("/definitions/base/properties");
    if !base.is_some_and(Json::is_object) {
        return Err(OTHER_JSON.to_owned());
    }
    let attributes = org.attributes.get_or_insert_default();
    // A base attribute that the schema does not describe takes every value.
    for name in base_attributes() {
        attributes.insert(name.to_owned(), SchemaAttribute::new(&Json::Null));
    }
    for definition in definitions.values() {
        for name in items(&definition["required"]) {
            org.required.insert(text(name));
        }
        let Some(properties) = definition["properties"].as_object() else {
            continue;
        };
        for (name, property) in properties {
            attributes.insert(name.clone(), SchemaAttribute::new(property));
        }
    }
    for (name, attribute) in attributes {
        // An attribute may say itself that it is required.
        if attribute.is_required {
            org.required.insert(name.clone());
        }
        // Okta fills in the default, so no request needs a value.
        if attribute.has_default {
            org.required.remove(name);
        }
    }
    Ok(())
}

fn add_forms(export: &Json, org: &mut Org) -> Result<(), String> {
    // The export of a single rule is not in a list.
    let rules = match export.as_array() {
        Some(rules) => rules.as_slice(),
        None => slice::from_ref(export),
    };
    let mut names = BTreeSet::new();
    let mut hooks = PolicyHooks::default();
    for rule in rules {
        // Older answers have the enrollment in `requirement`.
        let enrollment = match rule.pointer("/actions/profileEnrollment") {
            Some(enrollment) => enrollment,
            None => &rule["requirement"],
        };
        let Json::Array(form) = &enrollment["profileAttributes"] else {
            return Err(describe_other(rule));
        };
        hooks.add(enrollment);
        for attribute in form {
            names.insert(text(&attribute["name"]));
        }
        if form.len() > FORM_LIMIT {
            let count = form.len();
            let message = format!("{count} attributes on a form; Okta takes up to {FORM_LIMIT}");
            org.problems.push(Problem::named("--policy", message));
        }
    }
    if rules.is_empty() {
        return Err(OTHER_JSON.to_owned());
    }
    org.form = Some(names);
    org.hooks = Some(hooks);
    Ok(())
}

/// The message that a JSON value is not the expected one, and what it is instead. Repeats none of its content except
/// the id of a policy.
fn describe_other(json: &Json) -> String {
    if json["errorCode"].is_string() {
        return "this is an error that Okta's API answered".to_owned();
    }
    if json["definitions"].is_object() {
        return "this is a user schema, for --schema".to_owned();
    }
    let rule = json.get(0).unwrap_or(json);
    if rule.pointer("/actions/profileEnrollment").is_some() {
        return "this is an enrollment policy, for --policy".to_owned();
    }
    if rule["type"] == "PROFILE_ENROLLMENT" && rule.get("actions").is_none() {
        let id = rule["id"].as_str().unwrap_or_default();
        // An id of Okta's looks like this. Any other text may be content of any file.
        if !id.is_empty() && id.len() <= 40 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return format!(
                "this is a list of policies; get the rules of one, POLICY-ID, such as `{id}`"
            );
        }
    }
    OTHER_JSON.to_owned()
}

fn read_json(path: &Path) -> Result<Json, String> {
    let text = match file::read_text(path, FileKind::OrgExport) {
        Ok(text) => text,
        Err(error) => return Err(format!("cannot read the file: {error}")),
    };
    // The message repeats no content of the file, since it may be any file.
    serde_json::from_str(&text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        format!("not JSON at line {line}, column {column}")
    })
}

/// The problem that a file is not the answer to a GET request of this path.
fn not_expected(file: &Path, api_path: &str, message: &str) -> Problem {
    let hint = format!("expected the answer of Okta to `GET /api/v1/{api_path}`");
    Problem::named(file.display().to_string(), format!("{message}; {hint}"))
}
