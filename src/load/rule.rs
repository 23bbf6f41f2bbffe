//! One `[[….rules]]` table → a [`Rule`].

use super::{attribute, examples, examples::today, fields::Fields, probe, text};
use crate::{
    hook::{Form, NonEmpty, Value},
    nearest::did_you_mean,
    rule::{
        Part, Requirement, Rule,
        check::{self, Check, Circumstances, Kind, Miss},
        node::{Entry, Fault, Node},
    },
};

/// Reads a rule and tries its examples; nothing if it is at fault.
pub(super) fn read(fields: Fields<'_, '_>) -> Option<Rule> {
    let before = fields.fault_count();
    let id = fields.required("id", |node| Ok((node.text()?, node)));
    let message = fields.required("message", text::read);
    let shadow = fields.optional("mode", mode);
    let when = fields.entry("when").map(|entry| read_part_list(entry, &fields));
    let reason = fields.optional("reason", Node::text);
    let location = fields.optional("location", Node::text);
    let cause_domain = fields.optional("cause_domain", Node::text);
    let all = fields.entry("all");
    let any = fields.entry("any");
    let examples = fields.entry("examples");
    let requirement = match (all, any) {
        (Some(_), Some(any)) => {
            fields
                .push(any.key_span.clone(), "`all` and `any` exclude each other; write two rules");
            None
        }
        (Some(all), None) => read_parts(all, &fields).map(Requirement::All),
        (None, Some(any)) => read_parts(any, &fields).map(Requirement::Any),
        (None, None) => read_part(&fields).map(|part| Requirement::All(NonEmpty::of(part))),
    };
    fields.finish();
    let (id, requirement) = (id?, requirement?);
    let first = requirement.parts().first().attributes.first();
    let rule = Rule {
        id: id.0.to_owned(),
        when: when.unwrap_or(Some(Vec::new()))?,
        shadow: shadow.unwrap_or(false),
        message: message?,
        reason: reason.map_or_else(|| default_reason(first), str::to_owned),
        location: location.map_or_else(|| format!("data.userProfile.{first}"), str::to_owned),
        cause_domain: cause_domain.unwrap_or("end-user").to_owned(),
        requirement,
    };
    // The examples of a rule that is itself at fault would only repeat that.
    if fields.fault_count() > before {
        return None;
    }
    let plain = all.or(any).is_none();
    let passing = examples.map(|entry| examples::try_out(&rule, plain, entry, &fields));
    if fields.scrutiny.probe && fields.fault_count() == before {
        for found in probe::findings(&rule, &passing.unwrap_or_default(), examples::today()) {
            fields.push(id.1.span.clone(), found);
        }
    }
    Some(rule)
}

fn read_parts(entry: &Entry, fields: &Fields<'_, '_>) -> Option<NonEmpty<Part>> {
    let checks = check::KINDS.iter().map(|kind| kind.key);
    let modifiers = check::MODIFIERS.iter().map(|(key, _)| *key);
    for key in ["attribute", "attributes", "optional"].into_iter().chain(checks).chain(modifiers) {
        if let Some(stray) = fields.entry(key) {
            let parts = &entry.key;
            fields.push(
                stray.key_span.clone(),
                format!("beside `{parts}`, `{key}` belongs into one of its parts"),
            );
        }
    }
    NonEmpty::collect(read_part_list(entry, fields)?)
}

fn read_part_list(entry: &Entry, fields: &Fields<'_, '_>) -> Option<Vec<Part>> {
    let items = fields.keep(entry.value.list())?;
    let parts: Vec<_> = items
        .iter()
        .map(|item| {
            let table = fields.keep(item.table())?;
            let part = fields.child(table, item.span.clone());
            let read = read_part(&part);
            part.finish();
            read
        })
        .collect();
    parts.into_iter().collect()
}

/// Reads `attribute(s)`, `optional` and the checks, wherever they stand.
fn read_part(fields: &Fields<'_, '_>) -> Option<Part> {
    let attributes = read_attributes(fields);
    let optional = fields.optional("optional", Node::boolean).unwrap_or(false);
    let mut checks: Vec<Check> = Vec::new();
    let mut named = 0_usize;
    for kind in check::KINDS {
        let Some(entry) = fields.entry(kind.key) else {
            continue;
        };
        named += 1;
        match (kind.read)(&entry.value, fields.table()) {
            Ok(check) => {
                fields.ask(&entry.value, |org, new| org.judged(check.other.as_ref()?, new, false));
                for name in attributes.iter().flat_map(NonEmpty::iter) {
                    hold(name, kind, &entry.value, &check, fields);
                }
                checks.push(check);
            }
            Err(faults) => fields.extend(faults),
        }
    }
    for (modifier, of) in check::MODIFIERS {
        let Some(entry) = fields.entry(modifier) else {
            continue;
        };
        fields.keep(entry.value.boolean());
        if of.iter().all(|key| fields.table().get(key).is_none()) {
            let of = of.join("` or `");
            fields
                .push(entry.key_span.clone(), format!("`{modifier}` means nothing without `{of}`"));
        }
    }
    if named == 0 {
        let known: Vec<_> = check::KINDS.iter().map(|kind| kind.key).collect();
        fields.fault(format!(
            "there is no check here; add one of `{}` (`length = {{ min = 1 }}` asks for any value)",
            known.join("`, `")
        ));
    }
    Some(Part { attributes: attributes?, checks: NonEmpty::collect(checks)?, optional })
}

/// Holds a check, with its argument, against the values that the org's schema gives an attribute.
fn hold(name: &str, kind: &Kind, argument: &Node, check: &Check, fields: &Fields<'_, '_>) {
    let known = fields.scrutiny.org.map(|org| org.values(name, kind.key));
    let (values, all, schema) = known.unwrap_or_default();
    let around = Circumstances { form: &Form::default(), event_time: None, today: today() };
    let never = |miss| all || miss == Miss::Type;
    let refused = |value| check.judge(value, &around).is_err_and(never);
    if !values.is_empty() && check.other.is_none() && values.iter().all(refused) {
        fields.push(argument.span.clone(), format!("this never holds: {schema}"));
    } else if all && kind.key == "one_of" {
        let any_case = fields.table().get("ignore_case").is_some();
        let texts: Vec<_> = values.iter().filter_map(Value::text).collect();
        let listed = argument.each_text(|text, item| {
            let same = |of: &&str| *of == text || any_case && of.eq_ignore_ascii_case(text);
            let comes = texts.iter().any(same).then_some(());
            comes.ok_or_else(|| item.fault(format!("no form submits this: {schema}")))
        });
        fields.extend(listed.err().unwrap_or_default());
    }
}

fn read_attributes(fields: &Fields<'_, '_>) -> Option<NonEmpty<String>> {
    let optional = fields.table().get("optional").is_some_and(|of| of.value.boolean() == Ok(true));
    let name = |node| {
        let name = fields.keep(attribute::name(node))?;
        fields.ask(node, |org, new| org.judged(name, new, optional));
        Some(name.to_owned())
    };
    let one = fields.entry("attribute");
    let several = fields.entry("attributes");
    match (one, several) {
        (Some(entry), None) => name(&entry.value).map(NonEmpty::of),
        (None, Some(entry)) => {
            NonEmpty::collect(fields.keep(entry.value.list())?.iter().filter_map(name))
        }
        (Some(_), Some(entry)) => {
            fields.push(
                entry.key_span.clone(),
                "`attribute` and `attributes` exclude each other; keep one",
            );
            None
        }
        (None, None) => {
            fields.fault("`attribute` is missing (or `attributes`, or parts in `all` or `any`)");
            None
        }
    }
}

fn mode(node: &Node) -> Result<bool, Fault> {
    match node.text()? {
        "shadow" => Ok(true),
        "enforce" => Ok(false),
        other => {
            let suggestion = did_you_mean(other, ["enforce", "shadow"]);
            Err(node.fault(format!("unknown mode `{other}`{suggestion}")))
        }
    }
}

/// `employeeNumber` → `INVALID_EMPLOYEE_NUMBER`.
fn default_reason(attribute: &str) -> String {
    let mut reason = "INVALID_".to_owned();
    let mut after_lower = false;
    for letter in attribute.chars() {
        if letter.is_uppercase() && after_lower {
            reason.push('_');
        }
        after_lower = letter.is_lowercase() || letter.is_numeric();
        reason.extend(letter.to_uppercase());
    }
    reason
}
