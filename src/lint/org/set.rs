//! Checks the attributes that a section sets against the org's user schema and form.

use serde_json::Value as Json;

use super::why_absent;
use crate::{
    lint::SectionLint,
    okta::Flow,
    org::Org,
    problem::{SpanProblem, SpanProblems},
    rule::{
        list_entry::push_list_problem,
        node::{Span, Spanned},
        set::{Recipe, SetEntry, SetValue, TextMap, ValueMap},
    },
};

impl SectionLint<'_> {
    /// Reports an attribute that Okta does not write, values that Okta refuses for it, and names of values
    /// that no request has.
    pub(super) fn check_set(&mut self, org: &Org, set: &SetEntry) {
        if let Some(problem) = org.why_never_written(&set.attribute, self.flow) {
            self.report(&set.attribute.span, problem);
            // Its values would be reported as well, for the same reason.
            return;
        }
        for branch in set.recipe.branches() {
            for part in &branch.when {
                self.check_part(org, part);
            }
        }
        // `from` names the value that a map or a pattern looks at.
        if let Some(from) = set.recipe.name_in_from() {
            self.report_if_some(&from.span, why_absent(org, from, self.flow));
        }
        match &set.recipe {
            Recipe::Mapped(mapped) if let ValueMap::File { place, map, .. } = &mapped.map => {
                self.check_map_file(org, &set.attribute, place, map);
            }
            Recipe::Generated(generator) => {
                // All identifiers of a generator are written alike, so that of an empty `eventId` is a sample.
                let sample = Json::from(generator.identifier(""));
                let problem = org.why_value_not_written(&set.attribute, &sample);
                self.report_if_some(&set.attribute.span, problem);
            }
            _ => {}
        }
        for value in set.recipe.values() {
            let problem = why_not_written(org, &set.attribute, value, self.flow);
            self.report_if_some(&value.span, problem);
        }
    }

    /// Reports the values of a map's file that Okta does not write to an attribute.
    fn check_map_file(&mut self, org: &Org, attribute: &str, place: &Span, map: &TextMap) {
        let mut problems = SpanProblems::default();
        for (line, text) in map.values() {
            if let Some(problem) = org.why_value_not_written(attribute, &Json::from(text)) {
                let message = format!("in line {line} of the file: {problem}");
                push_list_problem(&mut problems, SpanProblem::at(place.clone(), message));
            }
        }
        self.problems.append(problems);
    }
}

/// Why Okta does not write a value to an attribute.
fn why_not_written(
    org: &Org,
    attribute: &str,
    value: &Spanned<SetValue>,
    flow: Flow,
) -> Option<String> {
    if let SetValue::Constant(json) = &value.value {
        // A constant is always valid JSON.
        let constant = serde_json::from_str(json.get()).ok()?;
        return org.why_value_not_written(attribute, &constant);
    }
    for name in value.value_names() {
        if let Some(problem) = why_absent(org, name, flow) {
            return Some(problem);
        }
    }
    // Every value but a constant is a text.
    org.why_text_not_written(attribute)
}
