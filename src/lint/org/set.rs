//! The attributes that a section sets, against the org's user schema and form.

use serde_json::Value as Json;

use super::OrgLint;
use crate::{
    problem::{SpanProblem, SpanProblems},
    rule::{
        node::{Span, Spanned, push_of_list},
        set::{Mapped, Set, SetValue, Source, TextMap, ValueMap},
    },
};

impl OrgLint<'_> {
    /// Reports an attribute that Okta does not write, values that it refuses, and names of values that
    /// no request has.
    pub(super) fn check_set(&mut self, set: &Set) {
        if let Some(problem) = self.org.why_never_written(&set.attribute, self.flow) {
            self.report(&set.attribute.span, problem);
            return;
        }
        for branch in set.source.branches() {
            for part in &branch.when {
                self.check_part(part);
            }
        }
        if let Some(from) = set.source.from() {
            self.report_if_some(&from.span, self.why_absent(from));
        }
        match &set.source {
            Source::Mapped(Mapped { map: ValueMap::File { place, map }, .. }) => {
                self.check_map_file(&set.attribute, place, map);
            }
            Source::Generated(generator) => {
                let sample = Json::from(generator.identifier(""));
                let problem = self.org.why_json_not_written(&set.attribute, &sample);
                self.report_if_some(&set.attribute.span, problem);
            }
            _ => {}
        }
        for value in set.source.values() {
            self.report_if_some(&value.span, self.why_not_written(&set.attribute, value));
        }
    }

    /// Reports the values of a map's file that Okta does not write to an attribute.
    fn check_map_file(&mut self, attribute: &str, place: &Span, map: &TextMap) {
        let mut problems = SpanProblems::default();
        for (line, text) in map.values() {
            if let Some(problem) = self.org.why_json_not_written(attribute, &Json::from(text)) {
                let message = format!("in line {line} of the file: {problem}");
                push_of_list(&mut problems, SpanProblem::at(place.clone(), message));
            }
        }
        self.problems.append(problems);
    }

    /// Why Okta does not write a value to an attribute.
    fn why_not_written(&self, attribute: &str, value: &Spanned<SetValue>) -> Option<String> {
        if let SetValue::Constant(json) = &value.value {
            return self.org.why_value_not_written(attribute, json.get());
        }
        for name in value.value_names() {
            if let Some(problem) = self.why_absent(name) {
                return Some(problem);
            }
        }
        self.org.why_text_not_written(attribute)
    }
}
