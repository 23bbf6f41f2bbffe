//! One `[[….rules]]` table → a [`Rule`].

use std::collections::BTreeSet;

use super::{examples, fields::Fields, probe};
use crate::{
    okta::{Form, NonEmpty},
    org::Org,
    pipeline::today,
    rule::{
        Part, Requirement, Rule,
        check::{
            Check, EvalContext, IGNORE_CASE, Mismatch, Options,
            kinds::{Admits, KINDS, Kind},
        },
        node::{Entry, Node},
        text::Text,
    },
};

/// How many attributes a rule may name in all its parts. Okta's forms have ten; and the time that
/// examples and requests take grows with them.
const MOST_ATTRIBUTES: usize = 100;

const MODES: [(&str, bool); 2] = [("enforce", false), ("shadow", true)];

/// Reads a rule and tries its examples; nothing if it is at fault. `ids` are taken.
pub(super) fn read<'n>(fields: &Fields<'n, '_>, ids: &mut BTreeSet<&'n str>) -> Option<Rule> {
    let before = fields.fault_count();
    let id = fields.required("id", |node| match node.text()? {
        id if ids.insert(id) => Ok((id, node)),
        id => Err(node.fault(format!("the id `{id}` is taken; ids are unique in a file"))),
    });
    let message = fields.required("message", Text::read);
    let shadow = fields.optional("mode", |node| node.choice("mode", &MODES));
    let when = fields.entry("when").map_or(Some(Vec::new()), |entry| read_parts(entry, fields));
    let reason = fields.optional("reason", Node::text);
    let location = fields.optional("location", |node| {
        let location = node.text()?;
        let form = location.strip_prefix("data.userProfile");
        let name = form.and_then(|rest| rest.trim_start_matches("Update").strip_prefix('.'));
        fields.ask(node, |org, new| org.judged(name?, new, false));
        Ok(location)
    });
    let cause_domain = fields.optional("cause_domain", Node::text);
    let all = fields.entry("all");
    let any = fields.entry("any");
    let examples = fields.entry("examples");
    let parts = |entry: &'n Entry| {
        tell_strays(entry, fields);
        NonEmpty::collect(read_parts(entry, fields)?)
    };
    let requirement = match (all, any) {
        (Some(_), Some(any)) => {
            fields.keep(Err(any.fault("`all` and `any` exclude each other; write two rules")))
        }
        (Some(all), None) => parts(all).map(Requirement::All),
        (None, Some(any)) => parts(any).map(Requirement::Any),
        (None, None) => read_part(fields).map(|part| Requirement::All(NonEmpty::of(part))),
    };
    fields.finish();
    let ((id, place), requirement) = (id?, requirement?);
    let parts = requirement.parts().iter().chain(when.iter().flatten());
    let count: usize = parts.map(named_count).sum();
    if MOST_ATTRIBUTES < count {
        let why = format!(
            "the rule `{id}` names {count} attributes; up to {MOST_ATTRIBUTES} are allowed, so write several rules"
        );
        fields.tell(place.fault(why));
    }
    let first = requirement.parts().first().attributes.first();
    let rule = Rule {
        id: id.to_owned(),
        when: when?,
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
    let plain = ["all", "any", "equals", "when"].iter().all(|key| fields.table.get(key).is_none());
    let passing = examples.and_then(|entry| examples::try_out(&rule, plain, &entry.value, fields));
    if fields.lints.probe && fields.fault_count() == before {
        for found in probe::findings(&rule, &passing.unwrap_or_default(), today()) {
            fields.tell(place.fault(found));
        }
    }
    Some(rule)
}

fn named_count(part: &Part) -> usize {
    part.attributes.iter().count()
}

/// Complains of what belongs into a part and stands beside the parts.
fn tell_strays(parts: &Entry, fields: &Fields<'_, '_>) {
    let checks = KINDS.iter().map(|kind| kind.key);
    let keys = ["attribute", "attributes", "optional", IGNORE_CASE].into_iter().chain(checks);
    for stray in keys.filter_map(|key| fields.entry(key)) {
        let (parts, key) = (&parts.key, &stray.key);
        let why = format!("beside `{parts}`, `{key}` belongs into one of its parts");
        fields.tell(stray.fault(why));
    }
}

fn read_parts<'n>(entry: &'n Entry, fields: &Fields<'n, '_>) -> Option<Vec<Part>> {
    fields.each(&entry.value, |part| {
        let read = read_part(&part);
        part.finish();
        read
    })
}

/// Reads `attribute(s)`, `optional` and the checks, wherever they stand.
fn read_part(fields: &Fields<'_, '_>) -> Option<Part> {
    let optional = fields.optional("optional", Node::boolean).unwrap_or(false);
    let attributes = read_attributes(fields, optional);
    let argument = |kind: &'static Kind| Some((kind, &fields.entry(kind.key)?.value));
    let named: Vec<_> = KINDS.iter().filter_map(argument).collect();
    if named.is_empty() {
        let known: Vec<_> = KINDS.iter().map(|kind| kind.key).collect();
        fields.tell(fields.fault(format!(
            "there is no check here; add one of `{}` (`length = {{ min = 1 }}` asks for any value)",
            known.join("`, `")
        )));
    }
    let ignore_case = fields.optional(IGNORE_CASE, Node::boolean).unwrap_or(false);
    let options = Options { ignore_case };
    let mut checks = Vec::new();
    for (kind, argument) in named {
        let Some(check) = fields.keep((kind.read)(argument, &options)) else {
            continue;
        };
        if check.other().is_some() {
            fields.name(argument, |org, other, new| org.judged(other, new, false));
        }
        for name in attributes.iter().flat_map(NonEmpty::iter) {
            if check.other() == Some(name) {
                let why = format!("`{name}` always equals itself; name another");
                fields.tell(argument.fault(why));
            }
            hold(name, kind, argument, &check, options, fields);
        }
        checks.push(check);
    }
    if let Some(entry) = fields.table.get(IGNORE_CASE)
        && !KINDS.iter().any(|kind| kind.ignore_case && fields.table.get(kind.key).is_some())
    {
        let kinds: Vec<_> =
            KINDS.iter().filter(|kind| kind.ignore_case).map(|kind| kind.key).collect();
        let why = format!("`{IGNORE_CASE}` means nothing without `{}`", kinds.join("` or `"));
        fields.tell(entry.fault(why));
    }
    Some(Part { attributes: attributes?, checks: NonEmpty::collect(checks)?, optional })
}

/// Holds a check, with its argument, against the values that the org's schema gives an attribute.
fn hold(
    name: &str,
    kind: &Kind,
    argument: &Node,
    check: &Check,
    options: Options,
    fields: &Fields<'_, '_>,
) {
    let org = &fields.lints.org;
    // A list may have millions of entries.
    if !org.knows_values() {
        return;
    }
    let (values, all) = org.values(name, kind.admits);
    let around = EvalContext { form: &Form::default(), event_time: None, today: today() };
    let never = |miss| all || miss == Mismatch::Type;
    let refused = |value| check.judge(value, &around).is_err_and(never);
    if !values.is_empty() && check.other().is_none() && values.iter().all(refused) {
        fields.tell(argument.fault(format!("this never holds: {}", org.describe(name))));
    } else if kind.admits == Admits::Listed {
        let submitted = org.submitted(name);
        fields.keep(argument.each_text(|text, item| {
            match submitted.contains(text, options.ignore_case) {
                true => Ok(()),
                false => Err(item.fault(format!("no form submits this: {}", org.describe(name)))),
            }
        }));
    }
}

fn read_attributes(fields: &Fields<'_, '_>, optional: bool) -> Option<NonEmpty<String>> {
    let judged = |org: &Org, name: &str, new| org.judged(name, new, optional);
    let name = |node| fields.name(node, judged).map(str::to_owned);
    match (fields.entry("attribute"), fields.entry("attributes")) {
        (Some(entry), None) => name(&entry.value).map(NonEmpty::of),
        (None, Some(entry)) => {
            NonEmpty::collect(fields.keep(entry.value.list())?.iter().filter_map(name))
        }
        (Some(_), Some(entry)) => {
            let why = "`attribute` and `attributes` exclude each other; keep one";
            fields.keep(Err(entry.fault(why)))
        }
        (None, None) => {
            let why = "`attribute` is missing (or `attributes`, or parts in `all` or `any`)";
            fields.keep(Err(fields.fault(why)))
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
