//! The attributes that a section sets, against the org's user schema and form.

use super::OrgLint;
use crate::rule::{
    node::Spanned,
    set::{Set, SetValue},
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
        for value in set.source.values() {
            self.report_if_some(&value.span, self.why_not_written(&set.attribute, value));
        }
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
