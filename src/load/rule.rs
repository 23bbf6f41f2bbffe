//! Reads one `[[….rules]]` table into a [`Rule`].

use super::{
    examples,
    fields::{Fields, Misplaced},
    lookup::lookups_of,
    part::{read_part, read_parts, read_when, report_keys_beside_parts, report_keys_of_part},
};
use crate::{
    nearest::unknown,
    okta::{ATTRIBUTE_LOCATION, NonEmpty},
    problem::SpanProblem,
    rule::{
        OutcomeJson, Part, RequiredResult, Requirement, Rule, RuleOrigin,
        location::{field_at, no_field_at},
        node::{Entry, Node, Spanned},
        text::Text,
        value_name::{Scope, ValueName},
    },
};

/// How many attributes a rule may name in all its parts. Each takes time in every example and request.
/// Okta's forms have up to ten.
const MOST_ATTRIBUTES: usize = 100;

/// The keys of a section. An author may have put them below a rule by mistake.
pub(super) const BELONGS_TO_SECTION: Misplaced<'_> = Misplaced {
    keys: &["summary", "deny", "allow_all", "update", "set", "lookups"],
    hint: "belongs to the section; move it above the first rule",
};

#[derive(Clone, Copy)]
enum RuleMode {
    Enforce,
    Shadow,
}

const MODES: [(&str, RuleMode); 2] = [("enforce", RuleMode::Enforce), ("shadow", RuleMode::Shadow)];

/// Reads a rule and runs its examples. Returns `None` if the rule has a problem.
pub(super) fn read_rule(fields: &Fields<'_>) -> Option<Rule> {
    let before = fields.problem_count();
    let rule = read_rule_without_examples(fields);
    let examples = fields.claim("examples");
    fields.report_unknown_and_misplaced_keys(&[BELONGS_TO_SECTION]);
    let mut rule = rule?;
    // A problem of the rule or of its lookups is already reported. The examples would only repeat that problem.
    if fields.problem_count() > before || needs_invalid_lookup(&rule, fields) {
        return None;
    }
    if let Some(entry) = examples {
        rule.origin.passing_examples = examples::run_examples(&rule, &entry.value, fields);
    }
    if fields.problem_count() > before { None } else { Some(rule) }
}

/// Whether a rule needs a lookup that is not among the valid ones.
fn needs_invalid_lookup(rule: &Rule, fields: &Fields<'_>) -> bool {
    for name in &rule.lookups {
        if !fields.lookups.iter().any(|lookup| lookup.name.value == *name) {
            return true;
        }
    }
    false
}

fn read_rule_without_examples(fields: &Fields<'_>) -> Option<Rule> {
    let id = read_id(fields);
    let message = fields.required("message", Text::read_text);
    let mode = fields.optional("mode", |node| node.choice("mode", &MODES));
    let when = read_when(fields);
    let reason = fields.optional("reason", Node::text);
    let location = fields.optional("location", spanned_text);
    if let Some(location) = &location {
        report_hidden_message(location, fields);
    }
    let cause_domain = fields.optional("cause_domain", Node::text);
    let requirement = read_requirement(fields)?;
    let (id, when) = (id?, when?);
    report_too_many_attributes(&id, &requirement, &when, fields);
    let attribute = first_form_attribute(&requirement);
    if attribute.is_none() {
        report_missing_defaults(&requirement, fields);
    }
    let message = message?;
    // Without an attribute, a missing `reason` or `location` has just been reported.
    let reason = match reason {
        Some(reason) => reason.to_owned(),
        None => default_reason(attribute?),
    };
    let location_text = match &location {
        Some(location) => location.value.to_owned(),
        None => default_location(attribute?),
    };
    let shadow = matches!(mode, Some(RuleMode::Shadow));
    let mut rule = Rule {
        id: id.value.to_owned(),
        when,
        shadow,
        message,
        reason,
        location: location_text,
        cause_domain: cause_domain.unwrap_or("end-user").to_owned(),
        outcome_json: OutcomeJson::new(id.value, shadow),
        origin: RuleOrigin {
            id_span: id.span,
            location_span: location.map(|location| location.span),
            passing_examples: None,
        },
        requirement,
        // Set below: the other fields name them.
        lookups: Vec::new(),
    };
    rule.lookups = needed_lookups(&rule);
    Some(rule)
}

/// The names of the lookups that a rule needs.
fn needed_lookups(rule: &Rule) -> Vec<String> {
    let mut lookups = lookups_of(rule.value_names());
    if let Requirement::Lookup(RequiredResult { lookup, .. }) = &rule.requirement
        && !lookups.contains(lookup)
    {
        lookups.push(lookup.clone());
    }
    lookups
}

/// Reports a location at which Identity Engine shows no message. Only an inspection reports it. A service may run
/// with such a rule: the rule decides rightly, and Classic Engine shows every message at `email`.
fn report_hidden_message(location: &Spanned<&str>, fields: &Fields<'_>) {
    if fields.file.is_inspection && field_at(location.value).is_none() {
        fields.report(SpanProblem::at(location.span.clone(), no_field_at(location.value)));
    }
}

/// Reads the id. Reports an id that another rule of the file has.
fn read_id<'n>(fields: &Fields<'n>) -> Option<Spanned<&'n str>> {
    let id = fields.required("id", spanned_text)?;
    if !fields.file.ids.borrow_mut().insert(id.value.to_owned()) {
        let message = format!("the id `{}` is taken; ids are unique in a file", id.value);
        fields.report(SpanProblem::at(id.span, message));
        return None;
    }
    Some(id)
}

fn spanned_text(node: &Node) -> Result<Spanned<&str>, SpanProblem> {
    Ok(Spanned::new(node.text()?, node.span.clone()))
}

fn read_requirement(fields: &Fields<'_>) -> Option<Requirement> {
    if let Some(entry) = fields.claim("lookup") {
        return read_required_result(entry, fields).map(Requirement::Lookup);
    }
    if let Some(entry) = fields.claim("found") {
        fields.report(entry.problem("`found` has no effect without `lookup`"));
    }
    match (fields.claim("all"), fields.claim("any")) {
        (Some(_), Some(any)) => {
            fields.report(any.problem("`all` and `any` exclude each other; write two rules"));
            None
        }
        (Some(all), None) => read_rule_parts(all, fields).map(Requirement::All),
        (None, Some(any)) => read_rule_parts(any, fields).map(Requirement::Any),
        (None, None) => {
            // The rule itself has the keys of its only part.
            let part = read_part(fields)?;
            Some(Requirement::All(NonEmpty::of(part)))
        }
    }
}

/// Reads `lookup` and `found`, which replace the attributes and checks of a rule.
fn read_required_result<'n>(entry: &'n Entry, fields: &Fields<'n>) -> Option<RequiredResult> {
    let must_find = fields.optional("found", Node::boolean).unwrap_or(true);
    for key in ["all", "any"] {
        if let Some(misplaced) = fields.claim(key) {
            fields.report(misplaced.problem(excludes_lookup(key)));
        }
    }
    report_keys_of_part(fields, excludes_lookup);
    let lookup = fields.ok_or_report(entry.value.text())?;
    if !fields.scope.lookup_names().any(|known| known == lookup) {
        fields.report(entry.value.problem(unknown_lookup(lookup, fields.scope)));
        return None;
    }
    Some(RequiredResult { lookup: lookup.to_owned(), must_find })
}

/// The message that there is no such lookup. If there are many such messages, only the first ones suggest a
/// known name.
fn unknown_lookup(name: &str, scope: &Scope) -> String {
    if scope.spend_suggestion() {
        unknown("lookup", name, scope.lookup_names())
    } else {
        unknown("lookup", name, [])
    }
}

/// The message that a rule cannot have both `lookup` and this key.
fn excludes_lookup(key: &str) -> String {
    format!("`lookup` and `{key}` exclude each other; write two rules")
}

fn read_rule_parts<'n>(parts: &'n Entry, fields: &Fields<'n>) -> Option<NonEmpty<Part>> {
    report_keys_beside_parts(parts, fields);
    NonEmpty::collect(read_parts(parts, fields)?)
}

fn report_too_many_attributes(
    id: &Spanned<&str>,
    requirement: &Requirement,
    when: &[Part],
    fields: &Fields<'_>,
) {
    let mut count = 0;
    for part in requirement.parts().chain(when) {
        count += part.attributes.iter().count();
    }
    if count > MOST_ATTRIBUTES {
        let message = format!(
            "the rule `{}` names {count} attributes; up to {MOST_ATTRIBUTES} are allowed, so write several rules",
            id.value
        );
        fields.report(SpanProblem::at(id.span.clone(), message));
    }
}

/// The first attribute of the form that a rule judges, or else the first one that it compares with. The
/// default `reason` and `location` are those of this attribute.
fn first_form_attribute(requirement: &Requirement) -> Option<&str> {
    let mut names = Vec::new();
    for part in requirement.parts() {
        names.extend(part.attributes.iter().map(|name| &name.value));
    }
    for part in requirement.parts() {
        names.extend(part.checks.iter().filter_map(|checked| checked.check.compared_with()));
    }
    names.into_iter().find_map(ValueName::form_attribute)
}

/// Reports that `reason` or `location` is missing in a rule that names no attribute of the form. Such a rule
/// has no defaults.
fn report_missing_defaults(requirement: &Requirement, fields: &Fields<'_>) {
    let attribute = attribute_of_lookup(requirement, fields).unwrap_or("email");
    let location =
        format!("`location = \"{}\"`, the place of the message", default_location(attribute));
    let reason = "`reason = \"NOT_ADMITTED\"`, a word of your own";
    let why = "the rule names no attribute of the form";
    match (fields.table.get("reason"), fields.table.get("location")) {
        (Some(_), Some(_)) => {}
        (None, Some(_)) => {
            let message = format!("{why}, so `reason` has no default; add {reason}");
            fields.report_missing(&["reason"], message);
        }
        (Some(_), None) => {
            let message = format!("{why}, so `location` has no default; add {location}");
            fields.report_missing(&["location"], message);
        }
        (None, None) => {
            let message = format!(
                "{why}, so `reason` and `location` have no defaults; add {reason}, and {location}"
            );
            fields.report_missing(&["reason", "location"], message);
        }
    }
}

/// The first attribute of the form that the lookup of a rule asks about.
fn attribute_of_lookup<'f>(requirement: &Requirement, fields: &Fields<'f>) -> Option<&'f str> {
    let Requirement::Lookup(RequiredResult { lookup, .. }) = requirement else {
        return None;
    };
    let lookup = fields.lookups.iter().find(|known| known.name.value == *lookup)?;
    lookup.first_form_attribute()
}

/// The location of the messages about an attribute.
fn default_location(attribute: &str) -> String {
    format!("{ATTRIBUTE_LOCATION}.{attribute}")
}

/// `employeeNumber` → `INVALID_EMPLOYEE_NUMBER`.
fn default_reason(attribute: &str) -> String {
    let mut reason = "INVALID_".to_owned();
    let mut may_end_word = false;
    for letter in attribute.chars() {
        if letter.is_uppercase() && may_end_word {
            reason.push('_');
        }
        may_end_word = letter.is_lowercase() || letter.is_numeric();
        reason.extend(letter.to_uppercase());
    }
    reason
}
