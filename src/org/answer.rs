//! The answers of Okta's API that an [`Org`] is read from.

use std::{collections::BTreeSet, path::Path, slice};

use serde_json::Value as Json;

use super::{
    BASE, Org,
    attribute::{SchemaAttribute, items, text},
};
use crate::{
    file::{self, FileKind},
    problem::Problem,
};

/// The most attributes that Okta allows on a form.
const FORM_LIMIT: usize = 10;

/// A JSON value that is not the expected answer.
struct OtherAnswer;

/// Reads the user schema into the org.
pub(super) fn read_schema(path: &Path, org: &mut Org) -> Result<(), Problem> {
    const ADDRESS: &str = "meta/schemas/user/default";
    let answer = read_json(path, ADDRESS)?;
    add_schema(&answer, org).map_err(|OtherAnswer| other_answer(path, ADDRESS))
}

/// Reads the rules of an enrollment policy into the org. Each has a form.
pub(super) fn read_policy(path: &Path, org: &mut Org) -> Result<(), Problem> {
    const ADDRESS: &str = "policies/POLICY-ID/rules";
    let answer = read_json(path, ADDRESS)?;
    add_forms(&answer, org).map_err(|OtherAnswer| other_answer(path, ADDRESS))
}

fn add_schema(answer: &Json, org: &mut Org) -> Result<(), OtherAnswer> {
    let parts = answer["definitions"].as_object().ok_or(OtherAnswer)?;
    let base = parts.get("base").ok_or(OtherAnswer)?;
    base["properties"].as_object().ok_or(OtherAnswer)?;
    let attributes = org.attributes.get_or_insert_default();
    for name in BASE.split(' ') {
        attributes.insert(name.to_owned(), SchemaAttribute::unspecified());
    }
    for part in parts.values() {
        for name in items(&part["required"]) {
            org.required.insert(text(name));
        }
        let Some(properties) = part["properties"].as_object() else {
            continue;
        };
        for (name, property) in properties {
            attributes.insert(name.clone(), SchemaAttribute::new(property.clone()));
        }
    }
    // Okta says in either place that an attribute is required.
    for (name, attribute) in attributes {
        if attribute.is_required() {
            org.required.insert(name.clone());
        }
    }
    Ok(())
}

fn add_forms(answer: &Json, org: &mut Org) -> Result<(), OtherAnswer> {
    let rules = match answer.as_array() {
        Some(rules) => rules.as_slice(),
        None => slice::from_ref(answer),
    };
    let mut names = BTreeSet::new();
    for rule in rules {
        let form = rule.pointer("/actions/profileEnrollment/profileAttributes");
        let Some(Json::Array(form)) = form else {
            return Err(OtherAnswer);
        };
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
        return Err(OtherAnswer);
    }
    org.form = Some(names);
    Ok(())
}

fn read_json(path: &Path, address: &str) -> Result<Json, Problem> {
    let text = match file::read_text(path, FileKind::OrgAnswer) {
        Ok(text) => text,
        Err(error) => {
            return Err(problem(path, address, &format!("cannot read the file: {error}")));
        }
    };
    // The message repeats no content of the file, since it may be any file.
    serde_json::from_str(&text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        problem(path, address, &format!("not JSON at line {line}, column {column}"))
    })
}

fn other_answer(path: &Path, address: &str) -> Problem {
    problem(path, address, "this is another JSON value")
}

fn problem(path: &Path, address: &str, message: &str) -> Problem {
    let hint = format!("expected the answer of Okta to `GET /api/v1/{address}`");
    Problem::named(path.display().to_string(), format!("{message}; {hint}"))
}
