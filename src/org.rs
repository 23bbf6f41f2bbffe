//! An org's own user schema and enrollment form, as Okta's API gives them, and what they rule out.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    slice,
    sync::atomic::{AtomicUsize, Ordering},
};

use serde_json::Value as Json;
use strsim::osa_distance;

use crate::{
    file::{self, Kind},
    nearest::did_you_mean,
    okta::Value,
    problem::{MOST_KEPT, Problem, Problems},
    rule::check::kinds::Admits,
};

mod values;

pub(crate) use values::Submitted;
use values::{choices, describe, items, lengths, takes, text};

/// The attributes that every org has; none can be removed.
const BASE: &str = "login email secondEmail firstName lastName middleName honorificPrefix \
    honorificSuffix title displayName nickName profileUrl primaryPhone mobilePhone streetAddress \
    city state zipCode countryCode postalAddress preferredLanguage locale timezone userType \
    employeeNumber costCenter organization division department managerId manager";

/// States of an attribute that matter twice.
const SENSITIVE: &str = "sensitive";
const APPLICATION: &str = "sourced from an application";

/// What the schema says of an attribute where there is no schema.
static NOTHING: Json = Json::Null;

/// What is known of an org. Without files that is its base attributes.
#[derive(Default)]
pub struct Org {
    /// Of the schema, where there is one.
    attributes: Option<BTreeMap<String, Json>>,
    /// The names on the form.
    form: Option<BTreeSet<String>>,
    /// The names that the schema requires.
    pub required: BTreeSet<String>,
    /// What is wrong with the form itself.
    pub problems: Problems,
    /// How many unknown names were compared with the known ones.
    suggestions: AtomicUsize,
}

impl Org {
    /// Reads Okta's answers; an error names the file that is none.
    pub fn read(schema: Option<&Path>, policy: Option<&Path>) -> Result<Self, Problem> {
        let mut org = Self::default();
        if let Some(path) = schema {
            read(path, "meta/schemas/user/default", |answer| org.learn_schema(answer))?;
        }
        if let Some(path) = policy {
            read(path, "policies/POLICY-ID/rules", |answer| org.learn_form(answer))?;
        }
        Ok(org)
    }

    fn learn_schema(&mut self, answer: &Json) -> Option<()> {
        let parts = answer["definitions"].as_object()?;
        parts.get("base")?["properties"].as_object()?;
        let attributes = self.attributes.get_or_insert_default();
        attributes.extend(BASE.split(' ').map(|name| (name.to_owned(), Json::Null)));
        for part in parts.values() {
            attributes.extend(part["properties"].as_object().cloned().unwrap_or_default());
            self.required.extend(items(&part["required"]).map(text));
        }
        // Okta tells it at either place.
        let required = attributes.iter().filter(|(_, of)| of["required"] == true);
        self.required.extend(required.map(|(name, _)| name.clone()));
        Some(())
    }

    fn learn_form(&mut self, answer: &Json) -> Option<()> {
        for rule in answer.as_array().map_or(slice::from_ref(answer), Vec::as_slice) {
            let form = rule.pointer("/actions/profileEnrollment/profileAttributes")?.as_array()?;
            self.form.get_or_insert_default().extend(form.iter().map(|of| text(&of["name"])));
            if form.len() > 10 {
                let message = format!("{} attributes on a form; Okta takes up to 10", form.len());
                self.problems.push(Problem::named("--policy", message));
            }
        }
        self.form.is_some().then_some(())
    }

    /// Why not to judge an attribute: nobody has it or, unless it is `optional`, it never comes.
    pub fn judged(&self, name: &str, registration: bool, optional: bool) -> Option<String> {
        let on_form = self.form.as_ref().map(|form| form.contains(name));
        let why = match (self.attribute(name), on_form) {
            (None, None) => return Some(self.unknown(name, "; add --policy if the form has it")),
            (None, Some(false)) => return Some(self.unknown(name, ", nor has the form")),
            // Okta fills in the login from `email`.
            _ if optional || (registration && name == "login") => return None,
            (Some(attribute), _) if let Some(state) = barred(attribute) => format!(
                "it is {state}, which no form takes; in the Profile Editor make it Read-Write, not sensitive and sourced from Okta"
            ),
            // A progressive profile may come from another form.
            (_, Some(false)) if registration => "it is not on the form; add it there".to_owned(),
            _ => return None,
        };
        Some(format!("`{name}` is never submitted: {why}"))
    }

    /// Why Okta does not write an attribute, or not this value, in JSON.
    pub fn written(&self, name: &str, registration: bool, value: Option<&str>) -> Option<String> {
        let Some(attribute) = self.attribute(name) else {
            return Some(self.unknown(name, ", so Okta does not store it"));
        };
        let value = value.and_then(|json| serde_json::from_str(json).ok());
        let what = match barred(attribute) {
            Some(APPLICATION) => APPLICATION.to_owned(),
            Some(SENSITIVE) if !registration => SENSITIVE.to_owned(),
            _ if attribute["mutability"] == "READ_ONLY" => "read-only".to_owned(),
            _ if value.is_some_and(|value| !takes(attribute, &value)) => describe(attribute),
            _ => return None,
        };
        Some(format!("Okta does not write this: `{name}` is {what} in the user schema"))
    }

    /// The base attribute that a name nearly is, where no schema says what others there are.
    pub fn slip(&self, name: &str) -> Option<String> {
        let near = |base: &str| {
            // A distance is no less than the difference in length, which costs nothing to find.
            let alike = name.len().abs_diff(base.len()) < 2 && osa_distance(name, base) < 2;
            alike || name.eq_ignore_ascii_case(base)
        };
        let base = BASE.split(' ').find(|base| self.attributes.is_none() && near(base))?;
        (base != name).then(|| format!("`{name}` is no base attribute; did you mean `{base}`?"))
    }

    /// Whether a schema says what values attributes have.
    pub(crate) fn knows_values(&self) -> bool {
        self.attributes.is_some()
    }

    /// Values that a form submits for an attribute, of up to 4096 characters, as base attributes have;
    /// and whether they are all, as far as this kind of check can tell.
    pub(crate) fn values(&self, name: &str, admits: Admits) -> (Vec<Value<'static>>, bool) {
        let attribute = self.attribute(name).unwrap_or(&NOTHING);
        let (choices, lengths) = (choices(attribute), lengths(attribute));
        let text = |text: String| Value::Text(text.into());
        match attribute["type"].as_str() {
            Some("array") => (vec![Value::List { empty: false }], false),
            _ if !choices.is_empty() => (choices.into_iter().map(text).collect(), true),
            Some("integer" | "number") => (vec![Value::Number("1".into())], false),
            _ if *lengths.end() <= 4096 && admits == Admits::Lengths => {
                (lengths.map(|length| text("0".repeat(length))).collect(), true)
            }
            _ => (Vec::new(), false),
        }
    }

    /// What the schema says of an attribute's values.
    pub(crate) fn describe(&self, name: &str) -> String {
        let attribute = self.attribute(name).unwrap_or(&NOTHING);
        format!("`{name}` is {} in the user schema", describe(attribute))
    }

    /// What forms submit for an attribute.
    pub(crate) fn submitted(&self, name: &str) -> Submitted<'_> {
        let attribute = self.attribute(name).unwrap_or(&NOTHING);
        Submitted::new(attribute)
    }

    /// What the schema says of an attribute, if it has it. Without a schema, anything may be.
    fn attribute(&self, name: &str) -> Option<&Json> {
        self.attributes.as_ref().map_or(Some(&NOTHING), |attributes| attributes.get(name))
    }

    fn unknown(&self, name: &str, hint: &str) -> String {
        let why = format!("the user schema has no attribute `{name}`{hint}");
        // Each suggestion costs time in proportion to the schema; further problems are not shown.
        if self.suggestions.fetch_add(1, Ordering::Relaxed) >= MOST_KEPT {
            return why;
        }
        let attributes = self.attributes.iter().flat_map(BTreeMap::keys);
        let others = attributes.chain(self.form.iter().flatten()).filter(|other| *other != name);
        why + &did_you_mean(name, others.map(String::as_str))
    }
}

/// Reads a file that Okta gives at this address, and learns from it what it has to say.
fn read(
    path: &Path,
    address: &str,
    learn: impl FnOnce(&Json) -> Option<()>,
) -> Result<(), Problem> {
    let wrong = |why: String| {
        let hint = format!("expected what Okta answers to `GET /api/v1/{address}`");
        Problem::named(path.display().to_string(), format!("{why}; {hint}"))
    };
    let text = file::read_text(path, Kind::OrgAnswer)
        .map_err(|error| wrong(format!("cannot read the file: {error}")))?;
    // Nothing of the file is repeated, since it may be any.
    let answer = serde_json::from_str(&text).map_err(|error| {
        wrong(format!("no JSON at line {}, column {}", error.line(), error.column()))
    })?;
    learn(&answer).ok_or_else(|| wrong("this is something else".to_owned()))
}

/// Why Okta takes an attribute on no form.
fn barred(attribute: &Json) -> Option<&'static str> {
    let own = items(&attribute["permissions"]).find(|of| of["principal"] == "SELF");
    let master = |pointer| attribute["master"].pointer(pointer).and_then(Json::as_str);
    let source = master("/priority/0/type").filter(|source| *source != "OKTA");
    match own.and_then(|of| of["action"].as_str()) {
        _ if attribute["sensitive"] == true => Some(SENSITIVE),
        // By default a profile's source, if it has one, is that of all its attributes.
        _ if master("/type") == Some("OVERRIDE") && source.is_some() => Some(APPLICATION),
        Some("HIDE") => Some("hidden from the user"),
        Some("READ_ONLY") => Some("read-only for the user"),
        _ => None,
    }
}
