//! A part of a rule: attributes and the checks of each.

use super::{
    fields::Fields,
    lists::{file_name, read_list_file},
};
use crate::{
    okta::NonEmpty,
    problem::SpanProblem,
    rule::{
        Part, PartCheck,
        check::{
            Reduction,
            kinds::{Admits, COMPARE, CheckKind, IGNORE_CASE, KINDS, Options},
        },
        node::{Entry, Node, Spanned},
        value_name::ValueName,
    },
};

/// The keys of a rule whose value is a list of parts.
pub(super) const PART_LISTS: [&str; 3] = ["when", "all", "any"];

/// Reads the parts of a list. Returns `None` if one of them has a problem.
pub(super) fn read_parts<'n>(entry: &'n Entry, fields: &Fields<'n>) -> Option<Vec<Part>> {
    let before = fields.problem_count();
    let mut parts = Vec::new();
    for table in fields.tables_in(&entry.value) {
        if let Some(part) = read_part(&table) {
            parts.push(part);
        }
        table.report_unknown_keys();
    }
    if fields.problem_count() == before { Some(parts) } else { None }
}

/// Reads the keys of a part. The table may be a rule, which has other keys as well.
pub(super) fn read_part(fields: &Fields<'_>) -> Option<Part> {
    let optional = fields.optional("optional", Node::boolean).unwrap_or(false);
    let attributes = read_attributes(fields);
    let checks = read_checks(fields);
    report_self_comparison(fields, attributes.as_ref(), &checks);
    for key in [IGNORE_CASE, COMPARE] {
        report_ineffective(key, fields);
    }
    Some(Part { attributes: attributes?, checks: NonEmpty::collect(checks)?, optional })
}

/// Reports each key of a part that is in the rule itself, although the rule has parts.
pub(super) fn report_misplaced_keys(parts: &Entry, fields: &Fields<'_>) {
    let mut keys = vec!["attribute", "attributes", "optional", IGNORE_CASE, COMPARE];
    keys.extend(KINDS.iter().map(|kind| kind.key));
    for key in keys {
        if let Some(misplaced) = fields.entry(key) {
            let message = format!("with `{}`, move `{key}` into one of its parts", parts.key);
            fields.report(misplaced.problem(message));
        }
    }
}

fn read_attributes(fields: &Fields<'_>) -> Option<NonEmpty<Spanned<ValueName>>> {
    match (fields.entry("attribute"), fields.entry("attributes")) {
        (Some(entry), None) => fields.read_value_name(&entry.value).map(NonEmpty::of),
        (None, Some(entry)) => {
            let mut names = Vec::new();
            for item in fields.ok_or_report(entry.value.list())? {
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
            fields.report(fields.problem(message));
            None
        }
    }
}

/// Reads the checks in the order of the table of kinds. Reports a part without a check.
fn read_checks(fields: &Fields<'_>) -> Vec<PartCheck> {
    let mut named = Vec::new();
    for kind in KINDS {
        if let Some(entry) = fields.entry(kind.key) {
            named.push((kind, &entry.value));
        }
    }
    if named.is_empty() {
        let known: Vec<_> = KINDS.iter().map(|kind| kind.key).collect();
        fields.report(fields.problem(format!(
            "there is no check here; add one of `{}` (`length = {{ min = 1 }}` asks for any value)",
            known.join("`, `")
        )));
    }
    let reduction = Reduction {
        ignore_case: fields.optional(IGNORE_CASE, Node::boolean).unwrap_or(false),
        steps: fields.optional(COMPARE, Reduction::read_steps).unwrap_or_default(),
    };
    let options =
        Options { reduction: &reduction, patterns: fields.file.patterns, scope: fields.scope };
    let mut checks = Vec::new();
    for (kind, argument) in named {
        let check = match file_name(kind, argument) {
            None => read_check(kind, argument, &options, fields),
            Some(name) => match read_list_file(name, argument, fields) {
                Some(list) => read_check(kind, &list, &options, fields),
                None => None,
            },
        };
        if let Some(check) = check {
            checks.push(check);
        }
    }
    checks
}

fn read_check(
    kind: &CheckKind,
    argument: &Node,
    options: &Options<'_>,
    fields: &Fields<'_>,
) -> Option<PartCheck> {
    let check = fields.ok_or_report((kind.read)(argument, options))?;
    let reduction = options.reduction;
    let is_reduced = kind.takes_reduction && !reduction.steps.is_empty();
    let admits = if is_reduced { Admits::Unknown } else { kind.admits };
    if admits == Admits::Listed {
        fields.file.keep_list(argument);
    }
    Some(PartCheck {
        check,
        argument: argument.span.clone(),
        admits,
        ignore_case: kind.takes_reduction && reduction.ignore_case,
    })
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
    for PartCheck { check, argument, .. } in checks {
        for name in attributes.iter() {
            if check.other() == Some(&name.value) {
                let name = &name.value;
                let message = format!("`{name}` always equals itself; name another value");
                fields.report(SpanProblem::at(argument.clone(), message));
            }
        }
    }
}

/// Reports a key that changes what checks compare where no check takes it.
fn report_ineffective(key: &str, fields: &Fields<'_>) {
    let Some(entry) = fields.table.get(key) else {
        return;
    };
    let mut kinds = Vec::new();
    for kind in KINDS.iter().filter(|kind| kind.takes_reduction) {
        if fields.table.get(kind.key).is_some() {
            return;
        }
        kinds.push(kind.key);
    }
    let kinds = kinds.join("`, `");
    fields.report(entry.problem(format!("`{key}` has no effect without one of `{kinds}`")));
}
