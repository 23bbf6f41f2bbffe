//! The examples of a rule, which are run when the rule is loaded.

use std::{borrow::Cow, collections::BTreeSet};

use serde_json::value::RawValue;

use super::{
    fields::{Fields, FileContext},
    part::PART_LISTS,
};
use crate::{
    nearest::did_you_mean,
    okta::{Attribute, Form, Value},
    problem::SpanProblem,
    rule::{
        Outcome, Rule, RuleExample,
        node::{Content, Entry, Node, Table},
        value_name::ValueName,
    },
};

/// The outcome that an example should have.
#[derive(Clone, Copy)]
enum ExampleOutcome {
    Pass,
    Fail,
}

/// Runs the examples of a rule. Reports each example with another outcome than it should have. Returns
/// a copy of the list `pass`, if there is one and the load keeps lists for lints.
pub(super) fn run_examples<'n>(
    rule: &Rule,
    node: &'n Node,
    rule_fields: &Fields<'n>,
) -> Option<Node> {
    let fields = rule_fields.table_in(node)?;
    let needs_form = needs_whole_form(rule, rule_fields.table);
    let known = KnownValues::of(rule);
    let mut pass_list = None;
    for (key, expected) in [("pass", ExampleOutcome::Pass), ("fail", ExampleOutcome::Fail)] {
        let Some(entry) = fields.entry(key) else {
            continue;
        };
        if let ExampleOutcome::Pass = expected {
            pass_list = fields.file.copy_of_list(&entry.value);
        }
        for example in fields.ok_or_report(entry.value.list()).unwrap_or_default() {
            if fields.file.example_work.is_exhausted() {
                fields.report(example.problem(
                    "the examples take too long: show fewer examples, or shorter ones, and simplify slow patterns",
                ));
                break;
            }
            if needs_form && !matches!(example.content, Content::Table(_)) {
                fields.report(example.expected(
                    "the whole form, { attribute = value, … }, since the rule has parts or looks at other values",
                ));
            } else if let Err(problem) = run_example(rule, &known, expected, example, fields.file) {
                fields.file.example_work.count_problem();
                fields.report(problem);
            }
        }
    }
    fields.report_unknown_keys();
    pass_list
}

/// Whether each example must be a whole form, since attributes have different checks or other values
/// matter. An example of another rule may be a single value.
fn needs_whole_form(rule: &Rule, table: &Table) -> bool {
    let has_parts = PART_LISTS.iter().any(|key| table.get(key).is_some());
    let reads_beyond_form =
        rule.value_names().iter().any(|name| !matches!(name, ValueName::Form(_)));
    let mut checks = rule.requirement.parts().iter().flat_map(|part| part.checks.iter());
    let compares_values = checks.any(|part_check| part_check.check.other().is_some());
    has_parts || reads_beyond_form || compares_values
}

fn run_example(
    rule: &Rule,
    known: &KnownValues<'_>,
    expected: ExampleOutcome,
    example: &Node,
    file: &FileContext<'_>,
) -> Result<(), SpanProblem> {
    file.example_work.count_example(known.keys.len());
    let request = read_example(known, example)?;
    let context = request.eval_context(file.facts, file.example_work);
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

/// Reads the examples of a list `pass`. Skips invalid ones, which [`run_examples`] has reported.
pub(crate) fn passing_examples<'n>(rule: &'n Rule, list: &'n Node) -> Vec<RuleExample<'n>> {
    let known = KnownValues::of(rule);
    let mut examples = Vec::new();
    for node in list.list().unwrap_or_default() {
        if let Ok(example) = read_example(&known, node) {
            examples.push(example);
        }
    }
    examples
}

/// Keys of an example: the existing profile, and values of the request itself.
const PROFILE: &str = "profile";
const REQUEST: &str = "request";

/// The values that a rule looks at, grouped by the table in which an example gives them.
#[derive(Default)]
struct KnownValues<'r> {
    form: BTreeSet<&'r str>,
    profile: BTreeSet<&'r str>,
    request: BTreeSet<&'r str>,
    /// The names of the tables in an example, and of the attributes beside them.
    keys: BTreeSet<&'r str>,
}

impl<'r> KnownValues<'r> {
    fn of(rule: &'r Rule) -> Self {
        let mut known = Self { form: rule.form_attributes(), ..Self::default() };
        for name in rule.value_names() {
            match name {
                ValueName::Profile(attribute) => known.profile.insert(attribute),
                ValueName::Request(value) => known.request.insert(value.as_str()),
                ValueName::Form(_) | ValueName::Email { .. } | ValueName::Lookup { .. } => continue,
            };
        }
        known.keys = known.form.clone();
        for (key, values) in [(PROFILE, &known.profile), (REQUEST, &known.request)] {
            if !values.is_empty() {
                known.keys.insert(key);
            }
        }
        known
    }
}

/// Reads an example. A table gives each attribute a value of its own. Any other node is one value, for
/// every attribute of the rule.
fn read_example<'n>(
    known: &KnownValues<'n>,
    node: &'n Node,
) -> Result<RuleExample<'n>, SpanProblem> {
    let mut attributes = Vec::new();
    let Content::Table(table) = &node.content else {
        for name in &known.form {
            attributes.push(attribute(name, read_value(node)?));
        }
        return Ok(RuleExample { form: Form::new(attributes), ..RuleExample::default() });
    };
    let mut example = RuleExample::default();
    for entry in &table.0 {
        require_known(entry, "", &known.keys)?;
        match entry.key.as_str() {
            PROFILE if !known.profile.is_empty() => {
                example.context.profile = read_profile(&entry.value, known)?;
            }
            REQUEST if !known.request.is_empty() => {
                read_request(&entry.value, known, &mut example)?;
            }
            name => attributes.push(attribute(name, read_value(&entry.value)?)),
        }
    }
    example.form = Form::new(attributes);
    Ok(example)
}

/// Succeeds if the rule looks at the value that the entry of an example shows.
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
    for entry in &node.table()?.0 {
        require_known(entry, "profile.", &known.profile)?;
        attributes.push(attribute(&entry.key, read_value(&entry.value)?));
    }
    Ok(Form::new(attributes))
}

/// Reads `{ ip = "…", time = "…", date = "…" }` in an example.
fn read_request<'n>(
    node: &'n Node,
    known: &KnownValues<'_>,
    example: &mut RuleExample<'n>,
) -> Result<(), SpanProblem> {
    for entry in &node.table()?.0 {
        require_known(entry, "request.", &known.request)?;
        let text = entry.value.text()?;
        match entry.key.as_str() {
            "date" => example.event_time = Some(format!("{text}T00:00:00Z").into()),
            "time" => example.event_time = Some(text.into()),
            // `require_known` admits `ip` besides.
            _ => {
                let address = attribute("ipAddress", read_value(&entry.value)?);
                example.context.request = Form::new(vec![address]);
            }
        }
    }
    Ok(())
}

/// An attribute of an example. Only an answer would read its raw JSON.
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
