//! One `[[….rules]]` table → a [`Rule`].

use super::{
    examples,
    fields::{Fields, Misplaced},
    lookup::lookups_of,
    part::{read_part, read_parts, report_keys_of_part, report_misplaced_keys},
};
use crate::{
    nearest::unknown,
    okta::{ATTRIBUTE_LOCATION, NonEmpty},
    problem::SpanProblem,
    rule::{
        Part, Places, RequiredResult, Requirement, Rule,
        node::{Entry, Node, Spanned},
        text::Text,
        value_name::ValueName,
    },
};

/// How many attributes a rule may name in all its parts. The time of examples and requests grows with
/// them. Okta's forms have ten.
const MOST_ATTRIBUTES: usize = 100;

/// The keys of a section that may stand below a rule by mistake.
pub(super) const KEYS_OF_SECTION: Misplaced<'_> = Misplaced {
    keys: &["summary", "deny", "allow_all", "update", "set", "lookups"],
    hint: "belongs to the section; move it above the first rule",
};

/// The modes of a rule by their names. The value is [`Rule::shadow`].
const MODES: [(&str, bool); 2] = [("enforce", false), ("shadow", true)];

/// Reads a rule and runs its examples. Returns `None` if the rule has a problem.
pub(super) fn read_rule(fields: &Fields<'_>) -> Option<Rule> {
    let before = fields.problem_count();
    let rule = read_rule_without_examples(fields);
    let examples = fields.entry("examples");
    fields.report_unknown_and_misplaced_keys(&[KEYS_OF_SECTION]);
    let mut rule = rule?;
    // If the rule or one of its lookups has a problem, the examples would only repeat it.
    if fields.problem_count() > before || needs_invalid_lookup(&rule, fields) {
        return None;
    }
    if let Some(entry) = examples {
        rule.places.passing_examples = examples::run_examples(&rule, &entry.value, fields);
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
    let shadow = fields.optional("mode", |node| node.choice("mode", &MODES));
    let when = read_when(fields);
    let reason = fields.optional("reason", Node::text);
    let location = fields.optional("location", text_and_place);
    let cause_domain = fields.optional("cause_domain", Node::text);
    let requirement = read_requirement(fields)?;
    let (id, when) = (id?, when?);
    report_many_attributes(&id, &requirement, &when, fields);
    // The default `reason` and `location` are those of this attribute.
    let attribute = match first_form_attribute(&requirement) {
        Some(attribute) => attribute,
        None => {
            report_missing_defaults(&requirement, fields);
            ""
        }
    };
    let mut rule = Rule {
        id: id.value.to_owned(),
        when,
        shadow: shadow.unwrap_or(false),
        message: message?,
        reason: match reason {
            Some(reason) => reason.to_owned(),
            None => default_reason(attribute),
        },
        location: match &location {
            Some(location) => location.value.to_owned(),
            None => format!("{ATTRIBUTE_LOCATION}.{attribute}"),
        },
        cause_domain: cause_domain.unwrap_or("end-user").to_owned(),
        places: Places {
            id: id.span,
            location: location.map(|location| location.span),
            passing_examples: None,
        },
        requirement,
        lookups: Vec::new(),
    };
    let mut lookups = lookups_of(rule.value_names());
    if let Requirement::Lookup(RequiredResult { lookup, .. }) = &rule.requirement
        && !lookups.contains(lookup)
    {
        lookups.push(lookup.clone());
    }
    rule.lookups = lookups;
    Some(rule)
}

/// Reads the id. Reports one that another rule of the file has.
fn read_id<'n>(fields: &Fields<'n>) -> Option<Spanned<&'n str>> {
    let id = fields.required("id", text_and_place)?;
    if !fields.file.ids.borrow_mut().insert(id.value.to_owned()) {
        let message = format!("the id `{}` is taken; ids are unique in a file", id.value);
        fields.report(SpanProblem::at(id.span, message));
        return None;
    }
    Some(id)
}

fn text_and_place(node: &Node) -> Result<Spanned<&str>, SpanProblem> {
    Ok(Spanned::new(node.text()?, node.span.clone()))
}

/// Reads the conditions. Returns no condition if the key is absent.
fn read_when(fields: &Fields<'_>) -> Option<Vec<Part>> {
    match fields.entry("when") {
        Some(entry) => read_parts(entry, fields),
        None => Some(Vec::new()),
    }
}

fn read_requirement(fields: &Fields<'_>) -> Option<Requirement> {
    if let Some(entry) = fields.entry("lookup") {
        return read_required_result(entry, fields).map(Requirement::Lookup);
    }
    if let Some(entry) = fields.entry("found") {
        fields.report(entry.problem("`found` has no effect without `lookup`"));
    }
    match (fields.entry("all"), fields.entry("any")) {
        (Some(_), Some(any)) => {
            fields.report(any.problem("`all` and `any` exclude each other; write two rules"));
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

/// Reads `lookup` and `found`, which a rule has in place of attributes and checks.
fn read_required_result<'n>(entry: &'n Entry, fields: &Fields<'n>) -> Option<RequiredResult> {
    let must_find = fields.optional("found", Node::boolean).unwrap_or(true);
    let message = |key: &str| format!("`lookup` and `{key}` exclude each other; write two rules");
    for key in ["all", "any"] {
        if let Some(misplaced) = fields.entry(key) {
            fields.report(misplaced.problem(message(key)));
        }
    }
    report_keys_of_part(fields, message);
    let lookup = fields.ok_or_report(entry.value.text())?;
    if !fields.scope.lookup_names().any(|known| known == lookup) {
        let mut known = Vec::new();
        if fields.scope.take_suggestion() {
            known.extend(fields.scope.lookup_names());
        }
        fields.report(entry.value.problem(unknown("lookup", lookup, known)));
        return None;
    }
    Some(RequiredResult { lookup: lookup.to_owned(), must_find })
}

fn read_rule_parts<'n>(parts: &'n Entry, fields: &Fields<'n>) -> Option<NonEmpty<Part>> {
    report_misplaced_keys(parts, fields);
    NonEmpty::collect(read_parts(parts, fields)?)
}

fn report_many_attributes(
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

/// The first attribute of the form that a rule judges, or else compares with.
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

/// Reports that `reason` and `location` are missing in a rule that names no attribute of the form. They
/// have no default there.
fn report_missing_defaults(requirement: &Requirement, fields: &Fields<'_>) {
    let attribute = attribute_in_question(requirement, fields).unwrap_or("email");
    let add_location =
        format!("`location = \"{ATTRIBUTE_LOCATION}.{attribute}\"`, the place of the message");
    let add_reason = "`reason = \"NOT_ADMITTED\"`, a word of your own";
    let why = "the rule names no attribute of the form";
    match (fields.table.get("reason"), fields.table.get("location")) {
        (Some(_), Some(_)) => {}
        (None, Some(_)) => {
            let message = format!("`reason` is missing; add {add_reason}: {why}");
            fields.report_missing(&["reason"], message);
        }
        (Some(_), None) => {
            let message = format!("`location` is missing; add {add_location}: {why}");
            fields.report_missing(&["location"], message);
        }
        (None, None) => {
            let message = format!(
                "`reason` and `location` are missing; add {add_reason}, and {add_location}: {why}"
            );
            fields.report_missing(&["reason", "location"], message);
        }
    }
}

/// The attribute of the form in the question of the lookup that a rule is about.
fn attribute_in_question<'f>(requirement: &Requirement, fields: &Fields<'f>) -> Option<&'f str> {
    let Requirement::Lookup(RequiredResult { lookup, .. }) = requirement else {
        return None;
    };
    let lookup = fields.lookups.iter().find(|known| known.name.value == *lookup)?;
    lookup.first_form_attribute()
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
