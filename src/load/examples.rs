//! The examples of a rule, which are run when the rule is loaded.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{fields::Fields, part::PART_LISTS};
use crate::{
    nearest::did_you_mean,
    okta::{Attribute, Form, Value},
    problem::SpanProblem,
    rule::{
        Facts, Outcome, Rule,
        check::EvalContext,
        node::{Content, Node, Table},
    },
};

/// The outcome that an example should have.
#[derive(Clone, Copy)]
enum ExampleOutcome {
    Pass,
    Fail,
}

/// Runs the examples of a rule. Reports each example with another outcome than it should have. Returns
/// a copy of the examples that pass, if the rule has any and keeps its lists.
pub(super) fn run_examples<'n>(
    rule: &Rule,
    node: &'n Node,
    rule_fields: &Fields<'n>,
) -> Option<Node> {
    let fields = rule_fields.table_in(node)?;
    let needs_form = needs_whole_form(rule, rule_fields.table);
    let mut passing = None;
    for (key, expected) in [("pass", ExampleOutcome::Pass), ("fail", ExampleOutcome::Fail)] {
        let Some(entry) = fields.entry(key) else {
            continue;
        };
        if let ExampleOutcome::Pass = expected {
            passing = fields.file.copy_of_list(&entry.value);
        }
        for example in fields.ok_or_report(entry.value.list()).unwrap_or_default() {
            if needs_form && !matches!(example.content, Content::Table(_)) {
                fields.report(example.expected(
                    "the whole form, { attribute = value, … }, since the rule has parts or looks at other attributes",
                ));
            } else if let Err(problem) = run_example(rule, expected, example, fields.file.facts) {
                fields.report(problem);
            }
        }
    }
    fields.report_unknown_keys();
    passing
}

/// Whether each example must be a whole form, since the attributes have different checks. An example of
/// another rule may be a single value.
fn needs_whole_form(rule: &Rule, table: &Table) -> bool {
    let has_parts = PART_LISTS.iter().any(|key| table.get(key).is_some());
    let mut checks = rule.requirement.parts().iter().flat_map(|part| part.checks.iter());
    has_parts || checks.any(|part_check| part_check.check.other().is_some())
}

fn run_example(
    rule: &Rule,
    expected: ExampleOutcome,
    example: &Node,
    facts: &Facts,
) -> Result<(), SpanProblem> {
    let form = form_of_example(rule, example)?;
    let context = EvalContext { form: &form, event_time: None, facts };
    let message = match (rule.outcome(&context), expected) {
        (Outcome::Pass, ExampleOutcome::Pass) | (Outcome::Fail(_), ExampleOutcome::Fail) => {
            return Ok(());
        }
        (Outcome::Fail(unmet), ExampleOutcome::Pass) => {
            format!("this example should pass and fails: {unmet}")
        }
        (Outcome::Pass, ExampleOutcome::Fail) => {
            "this example should fail and passes: the rule admits more than it is meant to".to_owned()
        }
        (Outcome::Skip, _) => {
            "the rule's conditions (`when`) do not hold for this example; add the attributes that they look at".to_owned()
        }
    };
    Err(example.problem(message))
}

/// The forms of a list of examples that have been run.
pub(crate) fn passing_forms<'n>(rule: &'n Rule, examples: &'n Node) -> Vec<Form<'n>> {
    let mut forms = Vec::new();
    for example in examples.list().unwrap_or_default() {
        if let Ok(form) = form_of_example(rule, example) {
            forms.push(form);
        }
    }
    forms
}

/// The form of an example. A table is the whole form. Any other value is the value of each attribute of
/// the rule.
fn form_of_example<'n>(rule: &'n Rule, example: &'n Node) -> Result<Form<'n>, SpanProblem> {
    let names = rule.attributes();
    let mut attributes = Vec::new();
    let Content::Table(table) = &example.content else {
        for name in names {
            attributes.push(attribute(name, read_value(example)?));
        }
        return Ok(Form::new(attributes));
    };
    for entry in &table.0 {
        let key = &*entry.key;
        if !names.contains(key) {
            let hint = did_you_mean(key, names);
            return Err(entry.problem(format!("the rule does not look at `{key}`{hint}")));
        }
        attributes.push(attribute(key, read_value(&entry.value)?));
    }
    Ok(Form::new(attributes))
}

/// An attribute of a form from which no answer is made.
fn attribute<'a>(name: &'a str, value: Value<'a>) -> Attribute<'a> {
    Attribute { name: Cow::Borrowed(name), raw: RawValue::NULL, value }
}

fn read_value(node: &Node) -> Result<Value<'_>, SpanProblem> {
    match &node.content {
        Content::Text(text) => Ok(Value::Text(Cow::Borrowed(text))),
        Content::Integer(integer) => Ok(Value::Number(Cow::Owned(integer.to_string()))),
        // With the digits of the file: `1.0` is not an integer in a request either.
        Content::Decimal(decimal) => Ok(Value::Number(Cow::Borrowed(decimal))),
        Content::Boolean(boolean) => Ok(Value::Boolean(*boolean)),
        Content::List(items) => Ok(Value::List { empty: items.is_empty() }),
        Content::Table(_) => Ok(Value::Object),
        Content::Date(_) | Content::Lines(_) | Content::Other(_) => {
            Err(node.expected("a value that a form can hold; write it in quotes"))
        }
    }
}
