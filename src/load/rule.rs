//! One `[[….rules]]` table → a [`Rule`].

use std::collections::BTreeSet;

use super::{
    examples,
    fields::Fields,
    part::{read_part, read_parts, report_misplaced_keys},
};
use crate::{
    okta::{Flow, NonEmpty},
    rule::{
        Facts, Part, Places, Requirement, Rule,
        node::{Entry, Fault, Node},
        spanned::Spanned,
        text::Text,
    },
};

/// How many attributes a rule may name in all its parts. Okta's forms have ten; and the time that
/// examples and requests take grows with them.
const MOST_ATTRIBUTES: usize = 100;

/// The modes of a rule, and whether the rule is shadow.
const MODES: [(&str, bool); 2] = [("enforce", false), ("shadow", true)];

/// What the rules of a section share.
pub(super) struct RuleContext<'n, 'c> {
    /// The ids of the file's rules so far.
    pub(super) ids: &'c mut BTreeSet<&'n str>,
    /// The facts with which examples are judged.
    pub(super) facts: &'c Facts,
    /// The flow of the section.
    pub(super) flow: Flow,
}

/// Reads a rule and runs its examples. Returns `None` if the rule has a fault.
pub(super) fn read_rule<'n>(
    fields: &Fields<'n, '_>,
    context: &mut RuleContext<'n, '_>,
) -> Option<Rule> {
    let before = fields.fault_count();
    let id = fields.required("id", |node| match node.text()? {
        id if context.ids.insert(id) => Ok(Spanned::new(id, node.span.clone())),
        id => Err(node.fault(format!("the id `{id}` is taken; ids are unique in a file"))),
    });
    let message = fields.required("message", Text::read);
    let shadow = fields.optional("mode", |node| node.choice("mode", &MODES));
    let when = match fields.entry("when") {
        Some(entry) => read_parts(entry, fields),
        None => Some(Vec::new()),
    };
    let reason = fields.optional("reason", Node::text);
    let location =
        fields.optional("location", |node| Ok(Spanned::new(node.text()?, node.span.clone())));
    let cause_domain = fields.optional("cause_domain", Node::text);
    let requirement = read_requirement(fields);
    let examples = fields.entry("examples");
    fields.report_unknown_keys();
    let (id, requirement, when) = (id?, requirement?, when?);
    report_many_attributes(&id, &requirement, &when, fields);
    let first = &requirement.parts().first().attributes.first().value;
    let reason = match reason {
        Some(reason) => reason.to_owned(),
        None => default_reason(first),
    };
    let mut places = Places { id: id.span, ..Places::default() };
    let location = match location {
        Some(location) => {
            places.location = Some(location.span);
            location.value.to_owned()
        }
        None => format!("{}.{first}", context.flow.spec().attribute_location),
    };
    let mut rule = Rule {
        id: id.value.to_owned(),
        when,
        shadow: shadow.unwrap_or(false),
        message: message?,
        reason,
        location,
        cause_domain: cause_domain.unwrap_or("end-user").to_owned(),
        requirement,
        places,
    };
    // The examples of a rule with a fault would only repeat the fault.
    if fields.fault_count() > before {
        return None;
    }
    if let Some(entry) = examples {
        rule.places.passing_examples = examples::run(&rule, &entry.value, context.facts, fields);
    }
    if fields.fault_count() > before { None } else { Some(rule) }
}

fn read_requirement(fields: &Fields<'_, '_>) -> Option<Requirement> {
    match (fields.entry("all"), fields.entry("any")) {
        (Some(_), Some(any)) => {
            fields.report(any.fault("`all` and `any` exclude each other; write two rules"));
            None
        }
        (Some(all), None) => read_rule_parts(all, fields).map(Requirement::All),
        (None, Some(any)) => read_rule_parts(any, fields).map(Requirement::Any),
        (None, None) => {
            let part = read_part(fields)?;
            Some(Requirement::All(NonEmpty::of(part)))
        }
    }
}

fn read_rule_parts<'n>(parts: &'n Entry, fields: &Fields<'n, '_>) -> Option<NonEmpty<Part>> {
    report_misplaced_keys(parts, fields);
    NonEmpty::collect(read_parts(parts, fields)?)
}

fn report_many_attributes(
    id: &Spanned<&str>,
    requirement: &Requirement,
    when: &[Part],
    fields: &Fields<'_, '_>,
) {
    let mut count = 0;
    for part in requirement.parts().iter().chain(when) {
        count += part.attributes.iter().count();
    }
    if count > MOST_ATTRIBUTES {
        let message = format!(
            "the rule `{}` names {count} attributes; up to {MOST_ATTRIBUTES} are allowed, so write several rules",
            id.value
        );
        fields.report(Fault { span: id.span.clone(), message });
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
