//! The attributes that a section writes: `update` and `set`.

use std::collections::BTreeSet;

use super::{fields::Fields, lookup::lookups_of};
use crate::{
    okta::Flow,
    problem::SpanProblems,
    rule::{
        list_entry::push_list_problem,
        node::{Content, Node, Spanned},
        set::{Recipe, STEPS, SetEntry},
        value_name::ValueName,
    },
};

mod branches;
mod generate;
mod map;
mod pattern;
mod value;

use branches::read_branches;
use generate::read_generator;
use map::read_mapped;
use pattern::read_matched;
use value::read_value;

/// A kind of recipe that is written as a table.
struct SetKind {
    /// The key that only this kind has.
    key: &'static str,
    /// The other keys that this kind may have.
    other_keys: &'static [&'static str],
    /// Reads the table for the attribute of this name.
    read: fn(&Fields<'_>, &str) -> Option<Recipe>,
}

const SET_KINDS: [SetKind; 5] = [
    SetKind { key: "normalize", other_keys: &[], read: read_normalize },
    SetKind { key: "default", other_keys: &[], read: read_default },
    SetKind { key: "map", other_keys: &["from", "else"], read: read_mapped },
    SetKind { key: "pattern", other_keys: &["from", "value"], read: read_matched },
    SetKind { key: "generate", other_keys: &["length"], read: read_generator },
];

/// Reads `update`: the attributes that a section writes as they were submitted.
pub(super) fn read_update(fields: &Fields<'_>, flow: Flow) -> Vec<Spanned<String>> {
    let Some(entry) = fields.claim("update") else {
        return Vec::new();
    };
    if !flow.spec().accepts_update_key {
        let mut sections = Vec::new();
        for other in Flow::WITH_SECTION {
            if other.spec().accepts_update_key {
                sections.push(format!("[{}]", other.spec().section));
            }
        }
        let sections = sections.join(" or ");
        fields.report(entry.problem(format!(
            "`update` belongs to {sections}; Okta stores the whole form of a registration anyway"
        )));
    }
    let mut update = Vec::new();
    let mut seen = BTreeSet::new();
    let items = entry.value.list(r#"["employeeNumber"]"#);
    for item in fields.ok_or_report(items).unwrap_or_default() {
        let Some(name) = fields.read_attribute_name(item) else {
            continue;
        };
        if seen.insert(name.value.clone()) {
            update.push(name);
        } else {
            let name = name.value;
            fields.report(item.problem(format!("`{name}` is listed twice; leave one out")));
        }
    }
    update
}

/// Reads the attributes that a section sets, in the file's order. Reports an attribute that is in `update` as well.
pub(super) fn read_set<'n>(
    fields: &Fields<'n>,
    node: &'n Node,
    update: &[Spanned<String>],
) -> Vec<SetEntry> {
    let Some(table) = fields.ok_or_report(node.table(r#"{ organization = "Okta" }"#)) else {
        return Vec::new();
    };
    if table.0.is_empty() {
        fields.report(node.problem("an empty table sets no attribute; leave it out"));
    }
    let update: BTreeSet<&str> = update.iter().map(|name| name.as_str()).collect();
    let mut sets = Vec::new();
    for entry in &table.0 {
        let name = &entry.key;
        let recipe = read_recipe(&entry.value, fields, name);
        // Read the key as a node, like a string that names an attribute.
        let key = Node { span: entry.key_span.clone(), content: Content::Text(name.clone()) };
        let Some(attribute) = fields.read_attribute_name(&key) else {
            continue;
        };
        if update.contains(attribute.as_str()) {
            let message = format!("`{name}` is in `update` as well; keep one of them");
            fields.report(entry.problem(message));
        }
        if let Some(recipe) = recipe {
            let lookups = lookups_of(recipe.value_names());
            sets.push(SetEntry { attribute, recipe, lookups });
        }
    }
    sets
}

fn read_recipe<'n>(node: &'n Node, fields: &Fields<'n>, attribute: &str) -> Option<Recipe> {
    match &node.content {
        // The example is for a message about a node that is not a table, so it is not needed.
        Content::Table(_) => read_recipe_table(&fields.table_in(node, "")?, attribute),
        // A list with a table is a list of branches. Any other list is a value.
        Content::List(items) if items.iter().any(Node::is_table) => {
            read_branches(node, items, fields)
        }
        _ => fields.ok_or_report(read_value(node, fields.scope)).map(Recipe::Value),
    }
}

/// Reads a recipe that is written as a table. Its keys determine its kind.
fn read_recipe_table(fields: &Fields<'_>, attribute: &str) -> Option<Recipe> {
    let mut kinds = SET_KINDS.iter().filter(|kind| fields.table.get(kind.key).is_some());
    match (kinds.next(), kinds.next()) {
        (Some(kind), None) => {
            let recipe = (kind.read)(fields, attribute);
            fields.report_unknown_keys();
            recipe
        }
        (Some(first), Some(second)) => {
            let (first, second) = (first.key, second.key);
            let message = format!("`{first}` and `{second}` exclude each other; keep one of them");
            fields.report(fields.problem(message));
            None
        }
        (None, _) => {
            report_no_kind(fields);
            None
        }
    }
}

/// Reports a table whose keys determine no kind: its unknown keys, or else that the key of a kind is missing.
fn report_no_kind(fields: &Fields<'_>) {
    let before = fields.problem_count();
    // Claims the keys of all kinds, so that only other keys are reported as unknown.
    for kind in &SET_KINDS {
        fields.claim(kind.key);
        for key in kind.other_keys {
            fields.claim(key);
        }
    }
    fields.report_unknown_keys();
    if fields.problem_count() == before {
        let keys: Vec<_> = SET_KINDS.iter().map(|kind| kind.key).collect();
        let message = format!("this sets no value; add one of `{}`", keys.join("`, `"));
        fields.report(fields.problem(message));
    }
}

fn read_normalize(fields: &Fields<'_>, _attribute: &str) -> Option<Recipe> {
    let entry = fields.claim("normalize")?;
    let mut steps = Vec::new();
    let mut problems = SpanProblems::default();
    for item in fields.ok_or_report(entry.value.list(r#"["trim", "lowercase"]"#))? {
        match item.choice("step", &STEPS) {
            // Allow as many steps as there are kinds: more would only repeat some, and a long list would take seconds
            // for each value.
            Ok(_) if steps.len() == STEPS.len() => {
                let message = format!("there are only {} steps", STEPS.len());
                push_list_problem(&mut problems, item.problem(message));
            }
            Ok(step) => steps.push(step),
            Err(problem) => push_list_problem(&mut problems, problem),
        }
    }
    if !problems.is_empty() {
        fields.report_all(problems);
        return None;
    }
    Some(Recipe::Normalize(steps))
}

/// Reads `from`: the name of the value from which another one is made.
fn read_from_key(fields: &Fields<'_>) -> Option<Spanned<ValueName>> {
    let node = fields.required_node("from")?;
    fields.read_value_name(node)
}

fn read_default(fields: &Fields<'_>, _attribute: &str) -> Option<Recipe> {
    fields.required("default", |node| read_value(node, fields.scope)).map(Recipe::Default)
}
