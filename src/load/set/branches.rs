//! The branches of a value to set: `[{ when = […], value = "…" }, { value = "…" }]`.

use super::value::read_value;
use crate::{
    load::{fields::Fields, part::read_when},
    rule::{
        Part,
        node::{Content, Entry, Node},
        set::{Branch, Recipe},
    },
};

/// How many branches an attribute may have. Each is compared with all earlier ones.
const MOST_BRANCHES: usize = 100;
/// How many conditions a branch may have. Each is compared with those of earlier branches.
const MOST_CONDITIONS: usize = 20;

/// Reads the branches of a list. Reports branches that can never be reached.
pub(super) fn read_branches<'n>(
    list: &Node,
    items: &'n [Node],
    fields: &Fields<'n>,
) -> Option<Recipe> {
    if items.len() > MOST_BRANCHES {
        let count = items.len();
        let hint = "write a map (`from` and `map`)";
        let message =
            format!("these are {count} branches; up to {MOST_BRANCHES} are allowed, so {hint}");
        fields.report(list.problem(message));
        return None;
    }
    let before = fields.problem_count();
    let mut branches = Vec::new();
    for item in items {
        if let Some(table) = fields.table_in(item, r#"{ value = "Employee" }"#) {
            if let Some(branch) = read_branch(&table) {
                branches.push(branch);
            }
            table.report_unknown_keys();
        }
    }
    // Branches with a problem are not compared: they may have so many conditions that this would take long.
    if fields.problem_count() > before {
        return None;
    }
    for (index, branch) in items.iter().enumerate() {
        let earlier = items.get(..index).unwrap_or_default();
        if let Some(message) = why_never_reached(branch, earlier) {
            fields.report(branch.problem(message));
        }
    }
    if fields.problem_count() == before { Some(Recipe::Branches(branches)) } else { None }
}

fn read_branch(fields: &Fields<'_>) -> Option<Branch> {
    let when = read_conditions(fields);
    let value = fields.required("value", |node| read_value(node, fields.scope));
    Some(Branch { when: when?, value: value? })
}

fn read_conditions(fields: &Fields<'_>) -> Option<Vec<Part>> {
    let conditions = read_when(fields)?;
    let count = conditions.len();
    if count > MOST_CONDITIONS
        && let Some(entry) = fields.table.get("when")
    {
        fields.report(entry.problem(format!(
            "the branch has {count} conditions; up to {MOST_CONDITIONS} are allowed, so name several attributes in one of them"
        )));
    }
    Some(conditions)
}

/// Why no request takes a branch, given the earlier branches. Returns `None` if a request may.
fn why_never_reached(branch: &Node, earlier_branches: &[Node]) -> Option<String> {
    let conditions = conditions_of(branch)?;
    for (index, earlier) in earlier_branches.iter().enumerate() {
        let earlier_conditions = conditions_of(earlier)?;
        let number = index + 1;
        if earlier_conditions.is_empty() {
            return Some(format!(
                "this branch is never reached: branch {number} has no `when`, so it ends the list; move it to the end"
            ));
        }
        // If this branch has all conditions of the earlier branch, each request for it takes the earlier branch.
        if earlier_conditions.iter().all(|condition| conditions.contains(condition)) {
            return Some(format!(
                "this branch is never reached: branch {number} holds wherever this one does; change one of them, or their order"
            ));
        }
    }
    None
}

/// The conditions of a branch. Returns `None` if they are invalid, which is already reported.
fn conditions_of(branch: &Node) -> Option<&[Node]> {
    let Content::Table(table) = &branch.content else {
        return None;
    };
    match table.get("when") {
        None => Some(&[]),
        Some(Entry { value: Node { content: Content::List(conditions), .. }, .. })
            if !conditions.is_empty() =>
        {
            Some(conditions)
        }
        Some(_) => None,
    }
}
