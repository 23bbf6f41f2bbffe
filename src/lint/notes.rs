//! Notes on rules that have no problem and may still surprise.

use std::{
    collections::BTreeSet,
    fmt::{self, Display},
};

use crate::{
    okta::Flow,
    org::Org,
    rule::{Requirement, Rule, RuleSet, Section},
};

/// A note on a section.
pub(crate) struct Note<'r> {
    hook: &'r str,
    section: &'static str,
    message: String,
}

impl Display for Note<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hook, section, message } = self;
        write!(out, "note: `{hook}`, `{section}`: {message}")
    }
}

/// The notes on all rules, in their order.
pub(crate) fn notes<'r>(rules: &'r RuleSet, org: &Org) -> Vec<Note<'r>> {
    let mut notes = Vec::new();
    for (name, hook) in &rules.hooks {
        for (flow, section) in &hook.sections {
            let key = flow.spec().section;
            for message in section_notes(section, *flow, org) {
                notes.push(Note { hook: name, section: key, message });
            }
        }
    }
    notes
}

fn section_notes(section: &Section, flow: Flow, org: &Org) -> Vec<String> {
    let names = Names::of(section);
    let mut notes = Vec::new();
    for name in names.judged.union(&names.written) {
        notes.extend(org.likely_typo(name));
    }
    // A rule that cannot hold is a problem. These attributes are optional.
    for name in &names.judged {
        notes.extend(org.why_never_submitted(name, flow));
    }
    if section.rules.iter().next().is_some() && section.rules.iter().all(may_not_count) {
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
    if flow.spec().creates_user && section.rules.iter().next().is_some() {
        for name in &org.required {
            if !names.judged.contains(&**name) && !names.written.contains(&**name) {
                let message = "which the user schema requires";
                notes.push(format!("no rule looks at `{name}`, {message}"));
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
            names.judged.extend(rule.attributes());
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
