//! Reads an example of a rule.

use std::{borrow::Cow, collections::BTreeSet};

use crate::{
    nearest::did_you_mean,
    okta::{Attribute, Form, Value},
    problem::SpanProblem,
    rule::{
        Rule, RuleExample,
        lookup::{Columns, Lookup, LookupFailure, LookupResult},
        node::{Content, Entry, Node, Table},
        value_name::ValueName,
    },
};

/// The key of an example that gives the existing profile.
const PROFILE: &str = "profile";
/// The key of an example that gives values of the request itself, such as its time.
const REQUEST: &str = "request";

/// The values that a rule looks at, grouped by the table in which an example gives them.
#[derive(Default)]
pub(super) struct KnownValues<'r> {
    /// Attributes of the form.
    form: BTreeSet<&'r str>,
    /// Attributes of the existing profile.
    profile: BTreeSet<&'r str>,
    /// Values of the request itself, such as `ip`.
    request: BTreeSet<&'r str>,
    /// The lookups that the rule needs.
    lookups: Vec<&'r Lookup>,
    /// The keys that an example may have: attributes of the form, [`PROFILE`], [`REQUEST`] and lookups.
    pub(super) keys: BTreeSet<&'r str>,
}

impl<'r> KnownValues<'r> {
    pub(super) fn of(rule: &'r Rule, lookups: &'r [Lookup]) -> Self {
        let mut known = Self::default();
        for name in rule.value_names() {
            known.add(name);
        }
        for lookup in lookups {
            if rule.lookups.contains(&lookup.name) {
                known.lookups.push(lookup);
                for name in lookup.value_names() {
                    known.add(name);
                }
            }
        }
        known.keys = known.form.clone();
        if !known.profile.is_empty() {
            known.keys.insert(PROFILE);
        }
        if !known.request.is_empty() {
            known.keys.insert(REQUEST);
        }
        known.keys.extend(known.lookups.iter().map(|lookup| lookup.name.as_str()));
        known
    }

    fn add(&mut self, name: &'r ValueName) {
        match name {
            ValueName::Form(attribute) | ValueName::Email { attribute, .. } => {
                self.form.insert(attribute);
            }
            ValueName::Profile(attribute) => {
                self.profile.insert(attribute);
            }
            ValueName::Request(value) => {
                self.request.insert(value.as_str());
            }
            ValueName::Lookup { .. } => {}
        }
    }

    fn lookup(&self, name: &str) -> Option<&'r Lookup> {
        self.lookups.iter().copied().find(|lookup| lookup.name.value == name)
    }
}

/// Reads an example. A table gives each attribute a value of its own. Any other node is one value, for
/// every attribute of the rule.
pub(super) fn read_example<'n>(
    known: &KnownValues<'n>,
    node: &'n Node,
) -> Result<RuleExample<'n>, SpanProblem> {
    match &node.content {
        Content::Table(table) => read_whole_form(known, table),
        _ => read_single_value(known, node),
    }
}

fn read_single_value<'n>(
    known: &KnownValues<'n>,
    node: &'n Node,
) -> Result<RuleExample<'n>, SpanProblem> {
    let mut attributes = Vec::new();
    for name in &known.form {
        attributes.push(attribute(name, read_form_value(node)?));
    }
    Ok(RuleExample { form: Form::new(attributes), ..RuleExample::default() })
}

fn read_whole_form<'n>(
    known: &KnownValues<'n>,
    table: &'n Table,
) -> Result<RuleExample<'n>, SpanProblem> {
    let mut attributes = Vec::new();
    let mut example = RuleExample::default();
    for entry in &table.0 {
        require_known(entry, "", &known.keys)?;
        match entry.key.as_str() {
            // In a rule that looks at no profile, `profile` is an attribute of the form.
            PROFILE if !known.profile.is_empty() => {
                example.data_context.profile = read_profile(&entry.value, known)?;
            }
            REQUEST if !known.request.is_empty() => {
                read_request(&entry.value, known, &mut example)?;
            }
            name => match known.lookup(name) {
                Some(lookup) => {
                    let result = read_result(&entry.value, lookup)?;
                    example.lookups.insert(name.to_owned(), result);
                }
                None => attributes.push(attribute(name, read_form_value(&entry.value)?)),
            },
        }
    }
    example.form = Form::new(attributes);
    Ok(example)
}

/// Succeeds if the key of an entry is known. `owner` is the path of the entry's table in the example, such as
/// `profile.`, or empty for the example itself.
fn require_known(entry: &Entry, owner: &str, known: &BTreeSet<&str>) -> Result<(), SpanProblem> {
    let key = entry.key.as_str();
    if known.contains(key) {
        return Ok(());
    }
    let hint = did_you_mean(key, known.iter().copied());
    Err(entry.problem(format!("the rule does not look at `{owner}{key}`{hint}")))
}

/// Reads the profile in an example.
fn read_profile<'n>(node: &'n Node, known: &KnownValues<'_>) -> Result<Form<'n>, SpanProblem> {
    let mut attributes = Vec::new();
    for entry in &node.table(r#"{ userType = "employee" }"#)?.0 {
        require_known(entry, "profile.", &known.profile)?;
        attributes.push(attribute(&entry.key, read_form_value(&entry.value)?));
    }
    Ok(Form::new(attributes))
}

/// Reads `{ ip = "…", time = "…", date = "…" }` in an example.
fn read_request<'n>(
    node: &'n Node,
    known: &KnownValues<'_>,
    example: &mut RuleExample<'n>,
) -> Result<(), SpanProblem> {
    for entry in &node.table(r#"{ ip = "192.0.2.7" }"#)?.0 {
        require_known(entry, "request.", &known.request)?;
        let text = entry.value.text()?;
        match entry.key.as_str() {
            "date" => example.event_time = Some(format!("{text}T00:00:00Z").into()),
            "time" => example.event_time = Some(text.into()),
            // The only other key that `require_known` admits is `ip`.
            _ => {
                let address = attribute("ipAddress", read_form_value(&entry.value)?);
                example.data_context.request = Form::new(vec![address]);
            }
        }
    }
    Ok(())
}

/// Reads the result of a lookup in an example: its columns, `"not_found"` or `"failed"`.
fn read_result(node: &Node, lookup: &Lookup) -> Result<LookupResult, SpanProblem> {
    let table = match &node.content {
        Content::Text(text) if text == "not_found" => return Ok(LookupResult::NotFound),
        Content::Text(text) if text == "failed" => {
            // As in a recorded result, the source has failed, and no cause is known.
            return Ok(LookupResult::Failed(LookupFailure::Recorded));
        }
        Content::Table(table) => table,
        _ => return Err(node.expected("`{ column = value, … }`, `\"not_found\"` or `\"failed\"`")),
    };
    let known: BTreeSet<&str> = lookup.columns.iter().map(String::as_str).collect();
    let owner = format!("{}.", lookup.name.value);
    let mut columns = Columns::new();
    for entry in &table.0 {
        if !known.contains(entry.key.as_str()) {
            let hint = did_you_mean(&entry.key, known.iter().copied());
            let message = format!("the lookup returns no `{owner}{}`{hint}", entry.key);
            return Err(entry.problem(message));
        }
        let value = match &entry.value.content {
            // As in a real result, a column with an empty text is absent.
            Content::Text(text) if text.is_empty() => continue,
            Content::Text(text) => Value::Text(text.clone().into()),
            Content::Integer(integer) => Value::Number(integer.to_string().into()),
            Content::Float(float) => Value::Number(float.clone().into()),
            Content::Boolean(boolean) => Value::Boolean(*boolean),
            _ => return Err(entry.value.expected("a string, a number or a boolean")),
        };
        columns.insert(entry.key.clone(), value);
    }
    Ok(LookupResult::Found(columns))
}

/// An attribute of an example. Its raw JSON is a placeholder: only an answer copies it, and no example is answered.
fn attribute<'a>(name: &'a str, value: Value<'a>) -> Attribute<'a> {
    Attribute { name: Cow::Borrowed(name), json: "null", value }
}

/// Reads the value of an attribute.
fn read_form_value(node: &Node) -> Result<Value<'_>, SpanProblem> {
    match &node.content {
        Content::Text(text) => Ok(Value::Text(Cow::Borrowed(text))),
        Content::Integer(integer) => Ok(Value::Number(Cow::Owned(integer.to_string()))),
        // Keeps the digits as written, because a rule tells `1.0` from `1`, as in a request.
        Content::Float(float) => Ok(Value::Number(Cow::Borrowed(float))),
        Content::Boolean(boolean) => Ok(Value::Boolean(*boolean)),
        Content::List(items) => Ok(Value::List { empty: items.is_empty() }),
        Content::Table(_) => Ok(Value::Object),
        Content::Date(_) | Content::Lines(_) | Content::Other(_) => {
            Err(node.expected("a value that a form can hold; write it in quotes"))
        }
    }
}
