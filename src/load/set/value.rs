//! A value to set: a constant, or a template such as `"{firstName} {lastName}"`.

use serde_json::value::RawValue;

use crate::{
    load::template::{is_template, read_template},
    nearest::unknown,
    problem::SpanProblem,
    rule::{
        node::{Content, Node, Spanned},
        set::{GroupName, SetValue},
        value_name::{Scope, ValueName},
    },
};

/// Reads a text with `{attribute}` in it as a template, and any other value as a constant.
pub(super) fn read_value(node: &Node, scope: &Scope) -> Result<Spanned<SetValue>, SpanProblem> {
    let value = match &node.content {
        Content::Text(text) if is_template(text) => {
            let template =
                read_template(node, text, |name| ValueName::parse_name(name, node, scope))?;
            SetValue::Template(template)
        }
        _ => SetValue::Constant(read_constant(node)?),
    };
    Ok(Spanned::new(value, node.span.clone()))
}

/// Reads a value like [`read_value`], but the names in a template are those of groups of a pattern. `groups`
/// has the name of each group, or `None` for a group without a name, in the order of the groups.
pub(super) fn read_value_of_groups(
    node: &Node,
    groups: &[Option<&str>],
) -> Result<Spanned<SetValue>, SpanProblem> {
    let value = match &node.content {
        Content::Text(text) if is_template(text) => {
            SetValue::Groups(read_template(node, text, |name| read_group(name, node, groups))?)
        }
        _ => SetValue::Constant(read_constant(node)?),
    };
    Ok(Spanned::new(value, node.span.clone()))
}

/// Reads the name of a group.
fn read_group(name: &str, node: &Node, groups: &[Option<&str>]) -> Result<GroupName, SpanProblem> {
    if let Some(index) = groups.iter().position(|group| *group == Some(name)) {
        return Ok(GroupName { name: name.to_owned(), index });
    }
    let names: Vec<&str> = groups.iter().copied().flatten().collect();
    if names.is_empty() {
        let hint = "write one as in `(?<name>[a-z]+)`";
        return Err(node.problem(format!("the pattern has no named group; {hint}")));
    }
    Err(node.problem(unknown("group", name, names)))
}

fn read_constant(node: &Node) -> Result<Box<RawValue>, SpanProblem> {
    match RawValue::from_string(read_json(node)?) {
        Ok(json) => Ok(json),
        Err(_) => Err(node.problem("this value has no form in JSON")),
    }
}

/// Reads a constant. Returns it as JSON.
fn read_json(node: &Node) -> Result<String, SpanProblem> {
    match &node.content {
        // The text is an item of a list. A template outside of a list does not get here.
        Content::Text(text) if is_template(text) => {
            Err(node.problem("a list takes no template; set the attribute to a text"))
        }
        Content::Text(text) => Ok(serde_json::Value::from(text.as_str()).to_string()),
        Content::Integer(integer) => Ok(integer.to_string()),
        Content::Float(float) => match float.parse::<f64>() {
            Ok(float) if float.is_finite() => Ok(float.to_string()),
            _ => Err(node.expected("a finite number")),
        },
        Content::Boolean(boolean) => Ok(boolean.to_string()),
        Content::List(items) => {
            let items: Result<Vec<String>, SpanProblem> = items.iter().map(read_json).collect();
            Ok(format!("[{}]", items?.join(",")))
        }
        _ => Err(node.expected("a string, a number, a boolean or a list of them")),
    }
}
