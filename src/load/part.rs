//! A part of a rule: attributes and the checks of each.

use super::{
    fields::{Fields, Misplaced},
    list_file::{file_name, is_blank_file, read_list_file},
    unmatched::report_unmatched_entries,
};
use crate::{
    okta::NonEmpty,
    problem::SpanProblem,
    rule::{
        Part, PartCheck,
        check::{
            Comparison,
            kinds::{Admits, Argument, ArgumentContext, COMPARE, CheckKind, IGNORE_CASE, KINDS},
        },
        node::{Content, Entry, Node, Spanned},
        value_name::ValueName,
    },
};

/// An example of a part, for messages.
const EXAMPLE: &str = r#"{ attribute = "email", domains = ["okta.com"] }"#;

/// The keys of a rule that belong to no part of it.
const BELONGS_TO_RULE: Misplaced<'_> = Misplaced {
    keys: &[
        "id",
        "message",
        "mode",
        "reason",
        "location",
        "cause_domain",
        "lookup",
        "found",
        "examples",
    ],
    hint: "belongs to the rule, not to a part of it",
};

/// The keys of a rule whose value is a list of parts.
pub(super) const PART_LISTS: [&str; 3] = ["when", "all", "any"];

/// Reads the parts of a list. Returns `None` if one of them has a problem.
pub(super) fn read_parts<'n>(entry: &'n Entry, fields: &Fields<'n>) -> Option<Vec<Part>> {
    let before = fields.problem_count();
    let mut parts = Vec::new();
    for part_fields in fields.tables_in(&entry.value, EXAMPLE) {
        if let Some(part) = read_part(&part_fields) {
            parts.push(part);
        }
        // A key of the rule that stands in this part is reported below, so the rule does not report it as missing.
        for key in BELONGS_TO_RULE.keys {
            if part_fields.table.get(key).is_some() {
                fields.suppress_missing(key);
            }
        }
        part_fields.report_unknown_and_misplaced_keys(&[BELONGS_TO_RULE]);
    }
    if fields.problem_count() == before { Some(parts) } else { None }
}

/// Reads `when`: the conditions of a rule, a lookup or a branch. Returns an empty list if the key is absent.
pub(super) fn read_when(fields: &Fields<'_>) -> Option<Vec<Part>> {
    match fields.claim("when") {
        Some(entry) => read_parts(entry, fields),
        None => Some(Vec::new()),
    }
}

/// Reads the keys of a part. The table may be a rule, which has other keys as well.
pub(super) fn read_part(fields: &Fields<'_>) -> Option<Part> {
    let optional = fields.optional("optional", Node::boolean).unwrap_or(false);
    let attributes = read_attributes(fields);
    let checks = read_checks(fields, attributes.as_ref());
    report_self_comparison(fields, attributes.as_ref(), &checks);
    for key in [IGNORE_CASE, COMPARE] {
        report_without_effect(key, fields);
    }
    let number = fields.file.part_numbers.borrow_mut().number_of(fields.table, &keys_of_part());
    Some(Part {
        attributes: attributes?,
        checks: NonEmpty::collect(checks)?,
        optional,
        number: Some(number),
    })
}

/// Reports each key of a part that stands in the rule itself, beside its list of parts.
pub(super) fn report_keys_beside_parts(parts: &Entry, fields: &Fields<'_>) {
    let list = &parts.key;
    report_keys_of_part(fields, |key| format!("with `{list}`, move `{key}` into one of its parts"));
}

/// Reports each key of a part in this table, where none belongs. `message` makes the message about a key.
pub(super) fn report_keys_of_part(fields: &Fields<'_>, message: impl Fn(&str) -> String) {
    for key in keys_of_part() {
        if let Some(misplaced) = fields.claim(key) {
            fields.report(misplaced.problem(message(key)));
        }
    }
}

fn keys_of_part() -> Vec<&'static str> {
    let mut keys = vec!["attribute", "attributes", "optional", IGNORE_CASE, COMPARE];
    keys.extend(KINDS.iter().map(|kind| kind.key));
    keys
}

/// The key with this name, if a rule or a part has one.
pub(super) fn key_of_rule_or_part(name: &str) -> Option<&'static str> {
    let mut keys = keys_of_part();
    keys.extend(PART_LISTS);
    keys.extend(BELONGS_TO_RULE.keys);
    keys.into_iter().find(|key| *key == name)
}

fn read_attributes(fields: &Fields<'_>) -> Option<NonEmpty<Spanned<ValueName>>> {
    match (fields.claim("attribute"), fields.claim("attributes")) {
        (Some(entry), None) => {
            if let Content::List(_) = entry.value.content {
                let message = "`attribute` names one value; write `attributes` for a list";
                fields.report(entry.problem(message));
                return None;
            }
            fields.read_value_name(&entry.value).map(NonEmpty::of)
        }
        (None, Some(entry)) => {
            let mut names = Vec::new();
            for item in fields.ok_or_report(entry.value.list(r#"["login", "email"]"#))? {
                if let Some(name) = fields.read_value_name(item) {
                    names.push(name);
                }
            }
            NonEmpty::collect(names)
        }
        (Some(_), Some(entry)) => {
            let message = "`attribute` and `attributes` exclude each other; keep one";
            fields.report(entry.problem(message));
            None
        }
        (None, None) => {
            let message = "`attribute` is missing (or `attributes`, or parts in `all` or `any`)";
            fields.report_missing(&["attribute", "attributes", "all", "any"], message);
            None
        }
    }
}

/// Reads the checks in the order of [`KINDS`]. Reports a part without a check.
fn read_checks(
    fields: &Fields<'_>,
    attributes: Option<&NonEmpty<Spanned<ValueName>>>,
) -> Vec<PartCheck> {
    let mut kinds_with_argument = Vec::new();
    for kind in KINDS {
        if let Some(entry) = fields.claim(kind.key) {
            kinds_with_argument.push((kind, &entry.value));
        }
    }
    if kinds_with_argument.is_empty() {
        report_no_check(fields);
    }
    let comparison = Comparison {
        ignore_case: fields.optional(IGNORE_CASE, Node::boolean).unwrap_or(false),
        conversions: fields.optional(COMPARE, Comparison::read_conversions).unwrap_or_default(),
    };
    let context = ArgumentContext {
        comparison: &comparison,
        patterns: fields.file.patterns,
        scope: fields.scope,
        attributes,
    };
    let mut checks = Vec::new();
    for (kind, argument) in kinds_with_argument {
        if let Some(check) = read_check(kind, argument, &context, fields) {
            checks.push(check);
        }
    }
    checks
}

fn report_no_check(fields: &Fields<'_>) {
    let mut keys: Vec<_> = KINDS.iter().map(|kind| kind.key).collect();
    let message = format!(
        "there is no check here; add one of `{}` (`length = {{ min = 1 }}` admits every text that is not empty)",
        keys.join("`, `")
    );
    // If `all` or `any` is misspelt, the checks stand in its parts, and only the misspelt key is reported.
    keys.extend(["all", "any"]);
    fields.report_missing(&keys, message);
}

/// Reads a check. Its list may be in a file that the argument names.
fn read_check(
    kind: &CheckKind,
    argument: &Node,
    context: &ArgumentContext<'_>,
    fields: &Fields<'_>,
) -> Option<PartCheck> {
    let file = match kind.argument {
        Argument::List => file_name(argument),
        Argument::Single => None,
    };
    let Some(file) = file else {
        return read_check_of_argument(kind, argument, context, fields);
    };
    let lines = read_list_file(file, argument, fields)?;
    if is_blank_file(&lines) {
        let message = format!("the list `{file}` has no entry; add at least one line");
        fields.report(argument.problem(message));
        return None;
    }
    let check = read_check_of_argument(kind, &lines, context, fields)?;
    Some(check.with_list_notes(file, &lines))
}

/// Reads a check whose list, if it has one, is the argument itself.
fn read_check_of_argument(
    kind: &CheckKind,
    argument: &Node,
    context: &ArgumentContext<'_>,
    fields: &Fields<'_>,
) -> Option<PartCheck> {
    let check = fields.ok_or_report((kind.read)(argument, context))?;
    let comparison = context.comparison;
    // `one_of` and `not_one_of`. Report entries that no value can equal, such as `A` where values are always in lower
    // case.
    if kind.takes_comparison
        && kind.argument == Argument::List
        && let Some(attributes) = context.attributes
    {
        report_unmatched_entries(argument, attributes, comparison, fields);
    }
    // A copy for lints, if the rules are inspected.
    let list = match kind.argument {
        Argument::List => fields.file.copy_of_list(argument),
        Argument::Single => None,
    };
    Some(PartCheck {
        check,
        argument_span: argument.span.clone(),
        list,
        list_notes: Vec::new(),
        admits: admitted_values(kind, comparison),
        ignore_case: kind.takes_comparison && comparison.ignore_case,
    })
}

/// The values that a check of this kind admits with this comparison.
fn admitted_values(kind: &CheckKind, comparison: &Comparison) -> Admits {
    let converts = kind.takes_comparison && !comparison.conversions.is_empty();
    // A conversion of `compare`, such as `alphanumeric`, may make a value equal to an entry that is written otherwise.
    if converts { Admits::Unknown } else { kind.admits }
}

/// Reports a check that compares an attribute with itself.
fn report_self_comparison(
    fields: &Fields<'_>,
    attributes: Option<&NonEmpty<Spanned<ValueName>>>,
    checks: &[PartCheck],
) {
    let Some(attributes) = attributes else {
        return;
    };
    for PartCheck { check, argument_span, .. } in checks {
        for name in attributes.iter() {
            if check.compared_with() == Some(&name.value) {
                let name = &name.value;
                let message = format!("`{name}` always equals itself; name another value");
                fields.report(SpanProblem::at(argument_span.clone(), message));
            }
        }
    }
}

/// Reports `ignore_case` or `compare` in a part without a check that takes it.
fn report_without_effect(key: &str, fields: &Fields<'_>) {
    let Some(entry) = fields.table.get(key) else {
        return;
    };
    let mut kinds = Vec::new();
    for kind in KINDS.iter().filter(|kind| kind.takes_comparison) {
        if fields.table.get(kind.key).is_some() {
            return;
        }
        kinds.push(kind.key);
    }
    let kinds = kinds.join("`, `");
    fields.report(entry.problem(format!("`{key}` has no effect without one of `{kinds}`")));
}
