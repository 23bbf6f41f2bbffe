//! A rule's own examples, tried when the rule is loaded.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::fields::Fields;
use crate::{
    clock::facts,
    nearest::did_you_mean,
    okta::{Attribute, Form, Value},
    rule::{
        Outcome, Rule,
        check::EvalContext,
        node::{Content, Fault, Node},
    },
};

/// Complains of every example that does not come out as it says. Returns those that pass, where they
/// are needed for probing.
/// Where the rule is `plain`, an example may be a single value.
pub(super) fn try_out<'n>(
    rule: &'n Rule,
    plain: bool,
    node: &'n Node,
    of: &Fields<'n, '_>,
) -> Option<Vec<Form<'n>>> {
    let fields = of.child(node)?;
    let mut passing = Vec::new();
    for (key, should_pass) in [("pass", true), ("fail", false)] {
        for example in fields.optional(key, Node::list).unwrap_or_default() {
            let Some(form) = fields.keep(form(rule, plain, example)) else {
                continue;
            };
            let around = EvalContext { form: &form, event_time: None, facts: &facts() };
            let why = match (rule.judge(&around), should_pass) {
                (Outcome::Pass, true) => {
                    if fields.lints.probe {
                        passing.push(form);
                    }
                    continue;
                }
                (Outcome::Fail(_), false) => continue,
                (Outcome::Fail(unmet), true) => {
                    &format!("this example should pass and fails: {unmet}")
                }
                (Outcome::Pass, false) => {
                    "this example should fail and passes: the rule admits more than it is meant to"
                }
                (Outcome::Skip, _) => {
                    "the rule's conditions (`when`) do not hold for this example; add what they ask for"
                }
            };
            fields.tell(example.fault(why));
        }
    }
    fields.finish();
    Some(passing)
}

/// The form that an example stands for: an object is one; any other value is that of each of the
/// rule's attributes, where nothing else counts.
fn form<'n>(rule: &'n Rule, plain: bool, example: &'n Node) -> Result<Form<'n>, Fault> {
    let known = rule.attributes();
    let values: Vec<_> = match &example.content {
        Content::Table(table) => {
            if let Some(stray) = table.0.iter().find(|entry| !known.contains(&*entry.key)) {
                let (key, suggestion) = (&stray.key, did_you_mean(&stray.key, known));
                return Err(stray.fault(format!("the rule does not look at `{key}`{suggestion}")));
            }
            table.0.iter().map(|entry| (&*entry.key, &entry.value)).collect()
        }
        _ if plain => known.into_iter().map(|name| (name, example)).collect(),
        _ => return Err(example.expected(
            "the whole form, { attribute = value, … }, since the rule has parts or looks at other attributes",
        )),
    };
    let attributes = values.into_iter().map(|(name, node)| Ok(attribute(name, value(node)?)));
    Ok(Form::new(attributes.collect::<Result<_, _>>()?))
}

/// An attribute of a form that nothing is copied from.
pub(super) fn attribute<'a>(name: &'a str, value: Value<'a>) -> Attribute<'a> {
    Attribute { name: Cow::Borrowed(name), submitted: RawValue::NULL, value }
}

fn value(node: &Node) -> Result<Value<'_>, Fault> {
    Ok(match &node.content {
        Content::Text(text) => Value::Text(Cow::Borrowed(text)),
        Content::Integer(integer) => Value::Number(Cow::Owned(integer.to_string())),
        // With the digits of the file: `1.0` is no integer in a request either.
        Content::Decimal(decimal) => Value::Number(Cow::Borrowed(decimal)),
        Content::Boolean(boolean) => Value::Boolean(*boolean),
        Content::List(items) => Value::List { empty: items.is_empty() },
        Content::Table(_) => Value::Object,
        Content::Date(_) | Content::Lines(_) | Content::Other(_) => {
            return Err(node.expected("a value that a form can hold: quote it"));
        }
    })
}
