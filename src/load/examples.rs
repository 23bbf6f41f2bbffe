//! A rule's own examples, tried when the rule is loaded.

use std::borrow::Cow;

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::fields::Fields;
use crate::{
    hook::{Attribute, Form, Value},
    nearest::did_you_mean,
    rule::{
        Outcome, Rule,
        check::Circumstances,
        node::{Content, Entry, Fault, Node},
    },
};

/// Complains of every example that does not come out as it says.
/// A rule is `plain` if its attributes and checks do not stand in parts.
pub(super) fn try_out<'n>(rule: &Rule, plain: bool, entry: &'n Entry, of: &Fields<'n, '_>) {
    let Some(table) = of.keep(entry.value.table()) else {
        return;
    };
    let fields = of.child(table, entry.key_span.clone());
    let today = today();
    for (key, should_pass) in [("pass", true), ("fail", false)] {
        for example in fields.optional(key, Node::list).unwrap_or_default() {
            let Some(form) = fields.keep(form(rule, plain && !rule.looks_further(), example))
            else {
                continue;
            };
            let circumstances = Circumstances { form: &form, event_time: None, today };
            match (rule.outcome(&circumstances), should_pass) {
                (Outcome::Pass, true) | (Outcome::Fail(_), false) => {}
                (Outcome::Fail(unmet), true) => fields.push(
                    example.span.clone(),
                    format!("this example should pass and fails: {unmet}"),
                ),
                (Outcome::Pass, false) => fields.push(
                    example.span.clone(),
                    "this example should fail and passes: the rule admits more than it is meant to",
                ),
                (Outcome::Skip, _) => fields.push(
                    example.span.clone(),
                    "the rule's conditions (`when`) do not hold for this example; add what they ask for",
                ),
            }
        }
    }
    fields.finish();
}

/// The form that an example stands for: an object is one; any other value is that of each of the
/// rule's attributes, where nothing else counts.
fn form<'n>(rule: &Rule, plain: bool, example: &'n Node) -> Result<Form<'n>, Fault> {
    let known = rule.attributes();
    let attributes: Result<_, Fault> = match &example.content {
        Content::Table(table) => table.0.iter().map(|entry| known_attribute(&known, entry)).collect(),
        _ if plain => {
            known.iter().map(|name| Ok(attribute((*name).to_owned(), value(example)?))).collect()
        }
        _ => Err(example.expected(
            "the whole form, { attribute = value, … }, since the rule has parts or looks at other attributes",
        )),
    };
    Ok(Form::new(attributes?))
}

fn known_attribute<'n>(known: &[&str], entry: &'n Entry) -> Result<Attribute<'n>, Fault> {
    let key = entry.key.as_str();
    if known.contains(&key) {
        return Ok(attribute(entry.key.clone(), value(&entry.value)?));
    }
    let suggestion = did_you_mean(key, known.iter().copied());
    let message = format!("the rule does not look at `{key}`{suggestion}");
    Err(Fault { span: entry.key_span.clone(), message })
}

/// The day that examples of an `age` are tried on.
pub(super) fn today() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}

fn attribute(name: String, value: Value<'_>) -> Attribute<'_> {
    Attribute {
        name: Cow::Owned(name),
        // Nothing copies an example.
        submitted: Cow::Borrowed("null"),
        value,
    }
}

fn value(node: &Node) -> Result<Value<'_>, Fault> {
    Ok(match &node.content {
        Content::Text(text) => Value::Text(Cow::Borrowed(text)),
        Content::Integer(integer) => Value::Number(Cow::Owned(integer.to_string())),
        Content::Boolean(boolean) => Value::Boolean(*boolean),
        Content::List(items) => Value::List { empty: items.is_empty() },
        Content::Table(_) => Value::Object,
        Content::Decimal(decimal) => Value::Number(Cow::Owned(decimal.to_string())),
        Content::Date(_) | Content::Lines(_) | Content::Other(_) => {
            return Err(node.expected("a value that a form can hold: quote it"));
        }
    })
}
