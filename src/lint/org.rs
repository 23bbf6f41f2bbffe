//! Checks rules against the org's own user schema and form.

use super::SectionLint;
use crate::{
    okta::{Flow, Value, is_base_attribute},
    org::{Org, Samples, SchemaAttribute},
    problem::{SpanProblem, SpanProblems},
    rule::{
        Part, PartCheck, Rule, RuleExample,
        check::{Mismatch, WorkBudget, kinds::Admits},
        list_entry::push_list_problem,
        location::field_at,
        lookup::{Lookup, LookupStates},
        node::{Span, Spanned},
        value_name::ValueName,
    },
};

mod set;

/// The longest text, in characters, on which a check of lengths is tried. No base attribute is longer.
const LONGEST_SAMPLE: usize = 4096;

impl SectionLint<'_> {
    /// Reports names and values that do not fit the org.
    pub(super) fn check_org(&mut self, org: &Org) {
        let section = self.section;
        for name in &section.update {
            let problem = match org.why_never_written(name, self.flow) {
                Some(problem) => Some(problem),
                None => org.why_never_submitted(name, self.flow),
            };
            self.report_if_some(&name.span, problem);
        }
        for set in &section.set {
            self.check_set(org, set);
        }
        for lookup in &section.lookups {
            self.check_lookup(org, lookup);
        }
        for rule in section.rules.iter() {
            self.check_rule(org, rule);
        }
    }

    /// Reports a lookup whose name is that of an attribute, and names of values that no request has.
    fn check_lookup(&mut self, org: &Org, lookup: &Lookup) {
        let Spanned { value: name, span } = &lookup.name;
        // The loader reports the name of a base attribute.
        if !is_base_attribute(name) && org.attribute(name).is_some() {
            let message = format!("`{name}` is an attribute; give the lookup another name");
            self.report(span, message);
        }
        for part in &lookup.when {
            self.check_part(org, part);
        }
        for name in lookup.placeholders() {
            let place = lookup.places.get(name).unwrap_or(span);
            self.report_if_some(place, why_absent(org, name, self.flow));
        }
        self.check_location_of_failure(org, lookup);
    }

    /// Reports a lookup whose failure denies at a location that the form does not have.
    fn check_location_of_failure(&mut self, org: &Org, lookup: &Lookup) {
        let is_form_known = org.has_form() && self.flow.spec().uses_enrollment_form;
        if !is_form_known || !self.may_deny_at_own_location(lookup) {
            return;
        }
        let Spanned { value: name, span } = &lookup.name;
        let location = &lookup.location;
        if let Some(field) = field_at(location) {
            let is_shown = org.why_not_shown(field, self.flow).is_none();
            // An attribute that is never submitted is already reported, where the question names it.
            let is_already_reported = org.why_never_submitted(field, self.flow).is_some();
            if is_shown || is_already_reported {
                return;
            }
        }
        let message = format!(
            "if the lookup fails, the message is at `{location}`, which is not a field of the form, so no user sees it; ask by an attribute of the form, or add a rule that needs `{name}`, with a `location`"
        );
        self.report(span, message);
    }

    /// Whether a failure of a lookup may deny at the location of the lookup itself: `set` needs the lookup, and no
    /// rule that decides every request needs it. Such a rule would deny at its own location.
    fn may_deny_at_own_location(&self, lookup: &Lookup) -> bool {
        let name = &lookup.name.value;
        for rule in self.section.rules.iter() {
            let always_decides = !rule.shadow && rule.when.is_empty();
            if always_decides && rule.lookups.contains(name) {
                return false;
            }
        }
        let is_needed_by_set = self.section.set.iter().any(|set| set.lookups.contains(name));
        is_needed_by_set && lookup.can_fail()
    }

    fn report_if_some(&mut self, span: &Span, problem: Option<String>) {
        if let Some(message) = problem {
            self.report(span, message);
        }
    }

    fn report(&mut self, span: &Span, message: String) {
        self.problems.push(SpanProblem::at(span.clone(), message));
    }

    fn check_rule(&mut self, org: &Org, rule: &Rule) {
        self.check_location(org, rule);
        for part in rule.requirement.parts().chain(&rule.when) {
            self.check_part(org, part);
        }
    }

    /// Reports a `location` at which no end user sees the message.
    fn check_location(&mut self, org: &Org, rule: &Rule) {
        // Always a field: the loader reports any other `location`.
        let Some(name) = field_at(&rule.location) else {
            return;
        };
        let problem = org.why_not_shown(name, self.flow);
        match &rule.origin.location_span {
            Some(span) => self.report_if_some(span, problem),
            // An attribute that is never submitted is already reported, where the rule names it.
            None if org.why_never_submitted(name, self.flow).is_some() => {}
            None => self.report_if_some(&rule.origin.id_span, problem),
        }
    }

    fn check_part(&mut self, org: &Org, part: &Part) {
        for name in part.attributes.iter() {
            // An optional attribute may never be submitted, but it must exist.
            let problem = match name.form_attribute() {
                Some(attribute) if part.optional => org.why_unknown(attribute),
                _ => why_absent(org, name, self.flow),
            };
            self.report_if_some(&name.span, problem);
        }
        for part_check in part.checks.iter() {
            if let Some(other) = part_check.check.compared_with() {
                self.report_if_some(&part_check.argument_span, why_absent(org, other, self.flow));
            }
            for name in part.attributes.iter() {
                if let ValueName::Form(name) = &name.value
                    && let Some(attribute) = org.attribute(name)
                {
                    self.check_values(name, attribute, part_check);
                }
            }
        }
    }

    /// Reports a check that refuses every value of an attribute, or else the entries of its list that are not
    /// values of the attribute.
    fn check_values(&mut self, name: &str, attribute: &SchemaAttribute, part_check: &PartCheck) {
        if self.refuses_all(attribute, part_check) {
            let values = describe(name, attribute);
            let message = format!("no value can pass this check: {values}");
            self.report(&part_check.argument_span, message);
        } else if part_check.admits == Admits::Listed {
            self.check_entries(name, attribute, part_check);
        }
    }

    /// Whether a check refuses every value of an attribute, as far as its samples show.
    fn refuses_all(&self, attribute: &SchemaAttribute, part_check: &PartCheck) -> bool {
        // The check compares with another attribute, whose value the samples do not show.
        if part_check.check.compared_with().is_some() {
            return false;
        }
        match attribute.samples() {
            Samples::All(values) => self.refuses_each(part_check, values),
            Samples::OfType(value) => self.check_alone(part_check, &value) == Err(Mismatch::Type),
            // If some text of a length passes a check of lengths, so many zeros pass, too.
            Samples::Unknown => {
                let lengths = attribute.lengths.clone();
                part_check.admits == Admits::Lengths
                    && *lengths.end() <= LONGEST_SAMPLE
                    && self.refuses_each(part_check, lengths.map(zeros))
            }
        }
    }

    /// Whether a check refuses each of these values. Returns false if there are none.
    fn refuses_each(
        &self,
        part_check: &PartCheck,
        values: impl IntoIterator<Item = Value<'static>>,
    ) -> bool {
        let mut has_values = false;
        for value in values {
            if self.check_alone(part_check, &value).is_ok() {
                return false;
            }
            has_values = true;
        }
        has_values
    }

    /// Checks a value in a request that has no other value.
    fn check_alone(&self, part_check: &PartCheck, value: &Value<'_>) -> Result<(), Mismatch> {
        let example = RuleExample::default();
        let work = WorkBudget::default();
        let no_lookups = LookupStates::default();
        let context = example.eval_context(&example.form, &no_lookups, self.facts, &work);
        part_check.check.check_value(value, &context)
    }

    /// Reports the entries of a check's list that no form submits.
    fn check_entries(&mut self, name: &str, attribute: &SchemaAttribute, part_check: &PartCheck) {
        let Some(list) = &part_check.list else {
            return;
        };
        // The list of a loaded rule has no problem.
        let Ok(entries) = list.entries("[…]") else {
            return;
        };
        let message = format!("no form submits this: {}", describe(name, attribute));
        let mut problems = SpanProblems::default();
        for entry in entries {
            let Ok(text) = entry.text() else {
                continue;
            };
            let is_submitted = if part_check.ignore_case {
                attribute.submits_in_any_case(text)
            } else {
                attribute.submits(text)
            };
            if !is_submitted {
                push_list_problem(&mut problems, entry.problem(message.clone()));
            }
        }
        self.problems.append(problems);
    }
}

/// Why no request has the value of this name.
fn why_absent(org: &Org, name: &ValueName, flow: Flow) -> Option<String> {
    match name {
        ValueName::Form(attribute) | ValueName::Email { attribute, .. } => {
            org.why_never_submitted(attribute, flow)
        }
        ValueName::Profile(attribute) => org.why_not_in_profile(attribute),
        ValueName::Request(_) | ValueName::Lookup { .. } => None,
    }
}

fn describe(name: &str, attribute: &SchemaAttribute) -> String {
    format!("`{name}` is {} in the user schema", attribute.valid_values)
}

/// A text of zeros with this length.
fn zeros(length: usize) -> Value<'static> {
    Value::Text("0".repeat(length).into())
}
