//! A rule's own examples, tried when the rule is loaded.

use std::{borrow::Cow, cell::RefCell, ops::Range};

use super::fields::Fields;
use crate::{
    hook::{Attribute, Form, Value},
    rule::{
        Requirement, Rule,
        node::{Content, Fault, Node},
    },
};

/// Complains of every example that does not come out as it says.
pub(super) fn try_out(rule: &Rule, node: &Node, span: Range<usize>, faults: &RefCell<Vec<Fault>>) {
    let table = match node.table() {
        Ok(table) => table,
        Err(fault) => return faults.borrow_mut().push(fault),
    };
    let fields = Fields::new(table, span, faults);
    for (key, should_pass) in [("pass", true), ("fail", false)] {
        for example in fields.optional(key, Node::list).unwrap_or_default() {
            let Some(form) = fields.keep(form(rule, example)) else {
                continue;
            };
            match (rule.unmet(&form), should_pass) {
                (None, true) | (Some(_), false) => {}
                (Some(unmet), true) => fields.push(
                    example.span.clone(),
                    format!("this example should pass and fails: {unmet}"),
                ),
                (None, false) => fields.push(
                    example.span.clone(),
                    "this example should fail and passes: the rule admits more than it is meant to",
                ),
            }
        }
    }
    fields.finish();
}

/// The form that an example stands for: an object is one; any other value is that of each of the
/// rule's attributes.
fn form<'n>(rule: &Rule, example: &'n Node) -> Result<Form<'n>, Fault> {
    if let Content::Table(table) = &example.content {
        let attributes =
            table.0.iter().map(|entry| Ok(attribute(entry.key.clone(), value(&entry.value)?)));
        return Ok(Form::new(attributes.collect::<Result<_, Fault>>()?));
    }
    let Requirement::All(parts) = &rule.requirement else {
        return Err(needs_object(example));
    };
    let [part] = parts.iter().collect::<Vec<_>>()[..] else {
        return Err(needs_object(example));
    };
    if part.checks.iter().any(|check| check.looks_further()) {
        return Err(needs_object(example));
    }
    let attributes =
        part.attributes.iter().map(|name| Ok(attribute(name.clone(), value(example)?)));
    Ok(Form::new(attributes.collect::<Result<_, Fault>>()?))
}

fn needs_object(example: &Node) -> Fault {
    example.expected("the whole form, { attribute = value, … }, since the rule has parts or looks at other attributes")
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
        Content::Other(_) => {
            return Err(node.expected("a value that a form can hold: quote it"));
        }
    })
}
