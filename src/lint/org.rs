//! Rules against the org's own user schema and form.

use std::collections::BTreeMap;

use crate::{
    okta::{Flow, Value},
    org::{Org, Samples, SchemaAttribute},
    problem::{SpanProblem, SpanProblems},
    rule::{
        Facts, Part, PartCheck, Rule, RuleExample, Section,
        check::{Mismatch, Work, kinds::Admits},
        node::{Node, Span, push_of_list},
        set::{Piece, Set, Source},
        value_name::ValueName,
    },
};

/// The longest text that a check of lengths is tried on, in characters. No base attribute is longer.
const LONGEST_SAMPLE: usize = 4096;

/// The lint of one section of a rules file.
pub(super) struct OrgLint<'p> {
    pub(super) org: &'p Org,
    pub(super) flow: Flow,
    /// The lists of the file by their first byte.
    pub(super) lists: &'p BTreeMap<usize, Node>,
    pub(super) facts: &'p Facts,
    pub(super) problems: &'p mut SpanProblems,
}

impl OrgLint<'_> {
    /// Reports names and values that do not fit.
    pub(super) fn check_section(&mut self, section: &Section) {
        for name in &section.update {
            let problem = match self.org.why_never_written(name, self.flow) {
                Some(problem) => Some(problem),
                None => self.org.why_never_submitted(name, self.flow),
            };
            self.report_if_some(&name.span, problem);
        }
        for set in &section.set {
            self.report_if_some(&set.attribute.span, self.why_not_set(set));
        }
        for rule in section.rules.iter() {
            self.check_rule(rule);
        }
    }

    fn report_if_some(&mut self, span: &Span, problem: Option<String>) {
        if let Some(message) = problem {
            self.report(span, message);
        }
    }

    fn report(&mut self, span: &Span, message: String) {
        self.problems.push(SpanProblem::at(span.clone(), message));
    }

    /// Why an attribute cannot be set so.
    fn why_not_set(&self, set: &Set) -> Option<String> {
        if let Some(problem) = self.org.why_never_written(&set.attribute, self.flow) {
            return Some(problem);
        }
        match &set.source {
            Source::Constant(json) => self.org.why_value_not_written(&set.attribute, json.get()),
            Source::Normalize(_) => None,
            Source::Template(pieces) => pieces.iter().find_map(|piece| match piece {
                Piece::Value(name) => self.why_absent(name),
                Piece::Text(_) => None,
            }),
        }
    }

    fn check_rule(&mut self, rule: &Rule) {
        if let Some(span) = &rule.places.location
            && let Some(name) = form_attribute(&rule.location)
        {
            self.report_if_some(span, self.org.why_never_submitted(name, self.flow));
        }
        for part in rule.requirement.parts().iter().chain(&rule.when) {
            self.check_part(part);
        }
    }

    fn check_part(&mut self, part: &Part) {
        for name in part.attributes.iter() {
            let problem = match name.form_attribute() {
                Some(attribute) if part.optional => self.org.why_unknown(attribute),
                _ => self.why_absent(name),
            };
            self.report_if_some(&name.span, problem);
        }
        for asked in part.checks.iter() {
            if let Some(other) = asked.check.other() {
                self.report_if_some(&asked.argument, self.why_absent(other));
            }
            for name in part.attributes.iter() {
                if let ValueName::Form(name) = &name.value
                    && let Some(attribute) = self.org.attribute(name)
                {
                    self.check_values(name, attribute, asked);
                }
            }
        }
    }

    /// Why no request has a value.
    fn why_absent(&self, name: &ValueName) -> Option<String> {
        match name {
            ValueName::Form(attribute) | ValueName::Email { attribute, .. } => {
                self.org.why_never_submitted(attribute, self.flow)
            }
            ValueName::Profile(attribute) => self.org.why_not_in_profile(attribute),
            ValueName::Request(_) | ValueName::Lookup { .. } => None,
        }
    }

    /// Reports a check that refuses every value of an attribute, and list entries that are not values
    /// of it.
    fn check_values(&mut self, name: &str, attribute: &SchemaAttribute, asked: &PartCheck) {
        if self.refuses_all(attribute, asked) {
            let values = describe(name, attribute);
            let message = format!("no value can pass this check: {values}");
            self.report(&asked.argument, message);
        } else if asked.admits == Admits::Listed {
            self.check_entries(name, attribute, asked);
        }
    }

    fn refuses_all(&self, attribute: &SchemaAttribute, asked: &PartCheck) -> bool {
        if asked.check.other().is_some() {
            return false;
        }
        match attribute.samples() {
            Samples::All(values) => self.refuses_each(asked, values),
            Samples::OfType(value) => self.check_alone(asked, &value) == Err(Mismatch::Type),
            Samples::Unknown => {
                let lengths = attribute.lengths.clone();
                asked.admits == Admits::Lengths
                    && *lengths.end() <= LONGEST_SAMPLE
                    && self.refuses_each(asked, lengths.map(zeros))
            }
        }
    }

    /// Whether a check refuses each of these values. False if there is no value.
    fn refuses_each(
        &self,
        asked: &PartCheck,
        values: impl IntoIterator<Item = Value<'static>>,
    ) -> bool {
        let mut refuses_one = false;
        for value in values {
            if self.check_alone(asked, &value).is_ok() {
                return false;
            }
            refuses_one = true;
        }
        refuses_one
    }

    /// Checks a value of a form that has no other one.
    fn check_alone(&self, asked: &PartCheck, value: &Value<'_>) -> Result<(), Mismatch> {
        let (example, work) = (RuleExample::default(), Work::default());
        asked.check.check_value(value, &example.eval_context(self.facts, &work))
    }

    /// Reports the entries of a check's list that no form submits.
    fn check_entries(&mut self, name: &str, attribute: &SchemaAttribute, asked: &PartCheck) {
        let Some(list) = self.lists.get(&asked.argument.start) else {
            return;
        };
        let Ok(entries) = list.entries() else {
            return;
        };
        let message = format!("no form submits this: {}", describe(name, attribute));
        let mut problems = SpanProblems::default();
        for entry in entries {
            let Ok(text) = entry.text() else {
                continue;
            };
            let is_submitted = if asked.ignore_case {
                attribute.submits_in_any_case(text)
            } else {
                attribute.submits(text)
            };
            if !is_submitted {
                push_of_list(&mut problems, entry.problem(message.clone()));
            }
        }
        self.problems.append(problems);
    }
}

/// The attribute in a location: `email` of `data.userProfile.email`.
fn form_attribute(location: &str) -> Option<&str> {
    let form = location.strip_prefix("data.userProfile")?;
    form.trim_start_matches("Update").strip_prefix('.')
}

fn describe(name: &str, attribute: &SchemaAttribute) -> String {
    format!("`{name}` is {} in the user schema", attribute.description)
}

/// A text of this length.
fn zeros(length: usize) -> Value<'static> {
    Value::Text("0".repeat(length).into())
}
