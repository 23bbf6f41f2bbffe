//! Notes on rules that have no problem and may still surprise.

use std::collections::BTreeSet;

use crate::{
    okta::Flow,
    org::Org,
    rule::{Requirement, Rule, RuleSet, Section},
};

/// The notes on all rules, in their order, each as a line to print.
pub(crate) fn notes(rules: &RuleSet, org: &Org) -> Vec<String> {
    let mut notes = Vec::new();
    for (name, hook) in &rules.hooks {
        for (flow, section) in &hook.sections {
            let key = flow.spec().section;
            for message in section_notes(section, *flow, org) {
                notes.push(format!("note: `{name}`, `{key}`: {message}"));
            }
        }
    }
    notes
}

fn section_notes(section: &Section, flow: Flow, org: &Org) -> Vec<String> {
    let names = Names::of(section);
    let has_rules = section.rules.iter().next().is_some();
    let mut notes = Vec::new();
    for name in names.judged.union(&names.written) {
        notes.extend(org.likely_typo(name));
    }
    // A rule that cannot hold is a problem. These attributes are optional.
    for name in &names.judged {
        notes.extend(org.why_never_submitted(name, flow));
    }
    if has_rules && section.rules.iter().all(may_not_count) {
        notes.push("no rule always counts (each is shadow or has `when`), so some requests are allowed unjudged".to_owned());
    }
    for rule in section.rules.iter() {
        if has_optional_alternative(rule) {
            let id = &rule.id;
            notes.push(format!(
                "`{id}`: a form without the attributes that are `optional` in `any` passes the rule"
            ));
        }
    }
    if has_rules && flow.spec().creates_user {
        for name in &org.required {
            if !names.judged.contains(&**name) && !names.written.contains(&**name) {
                notes.push(format!("no rule looks at `{name}`, which the user schema requires"));
            }
        }
    }
    notes
}

/// The attributes that a section names.
struct Names<'r> {
    /// Those that rules look at.
    judged: BTreeSet<&'r str>,
    /// Those that are in `update` or `set`.
    written: BTreeSet<&'r str>,
}

impl<'r> Names<'r> {
    fn of(section: &'r Section) -> Self {
        let mut names = Self { judged: BTreeSet::new(), written: BTreeSet::new() };
        for rule in section.rules.iter() {
            names.judged.extend(rule.form_attributes());
        }
        for name in &section.update {
            names.written.insert(name);
        }
        for set in &section.set {
            names.written.insert(&set.attribute);
        }
        names
    }
}

/// Whether some requests are not judged by the rule.
fn may_not_count(rule: &Rule) -> bool {
    rule.shadow || !rule.when.is_empty()
}

/// Whether a form passes the rule by leaving out the attributes of one part.
fn has_optional_alternative(rule: &Rule) -> bool {
    match &rule.requirement {
        Requirement::Any(parts) => parts.iter().any(|part| part.optional),
        Requirement::All(_) => false,
    }
}
