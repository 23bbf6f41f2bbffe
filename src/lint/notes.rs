//! Notes on rules that have no problem and may still surprise.

use std::collections::BTreeSet;

use super::{
    email_notes::email_notes,
    location_notes::{login_note, misspelt_location_note},
    lookup_notes::{lookup_notes, question_notes},
    note::{Note, PlacedMessage},
    set_notes::set_notes,
};
use crate::{
    okta::Flow,
    org::{CallsHook, Org},
    rule::{Hook, Requirement, Rule, RuleSet, Section, node::Spanned, value_name::ValueName},
};

/// The notes on all rules, in their order.
pub(crate) fn notes(rules: &RuleSet, org: &Org) -> Vec<Note> {
    let mut notes = Vec::new();
    for (name, hook) in &rules.hooks {
        let mut names_in_file = BTreeSet::new();
        for section in hook.sections.values() {
            names_in_file.extend(Names::of(section).outside_templates());
        }
        for flow in Flow::WITH_SECTION {
            let mut messages: Vec<PlacedMessage> = Vec::new();
            if let Some(note) = call_note(hook, flow, rules, org) {
                messages.push(PlacedMessage::of_section(note));
            }
            if let Some(section) = hook.sections.get(&flow) {
                messages.extend(section_notes(section, flow, org));
                messages.extend(template_notes(section, &names_in_file, org));
            }
            for PlacedMessage { span, message } in messages {
                let (hook, section) = (name.clone(), flow.spec().section);
                notes.push(Note { hook, section, span, message });
            }
        }
    }
    notes
}

/// The note on a section whose requests Okta never sends, or on a missing section whose requests it sends.
fn call_note(hook: &Hook, flow: Flow, rules: &RuleSet, org: &Org) -> Option<String> {
    let request_type = flow.spec().name;
    // The policy names its hook by an id, which the rules do not have. If there is only one hook, the policy
    // presumably names it.
    let condition = if rules.hooks.len() > 1 { "if this policy uses this hook, " } else { "" };
    match (org.calls_hook(flow), hook.sections.contains_key(&flow)) {
        (CallsHook::Yes, false) => Some(format!(
            "{condition}the hook has no such section, and the enrollment policy lets Okta send `{request_type}`; these requests are denied"
        )),
        (CallsHook::No(why), true) => Some(format!(
            "{condition}the section is not used: Okta sends no `{request_type}`, since {why}"
        )),
        _ => None,
    }
}

fn section_notes(section: &Section, flow: Flow, org: &Org) -> Vec<PlacedMessage> {
    let names = Names::of(section);
    let has_rules = section.rules.iter().next().is_some();
    let mut notes: Vec<PlacedMessage> = Vec::new();
    for message in typo_notes(&names, org) {
        notes.push(PlacedMessage::of_section(message));
    }
    // For an attribute that is not `optional`, the org lint reports this as a problem. Only `optional` ones are left.
    for name in &names.judged {
        if let Some(note) = org.why_never_submitted(name, flow) {
            notes.push(PlacedMessage::of_section(note));
        }
    }
    if has_rules && section.rules.iter().all(|rule| may_not_count(rule, section)) {
        let message = "no rule always counts (each is shadow, has `when`, or needs a lookup with `when` or `on_failure = \"skip\"`), so some requests are allowed unjudged";
        notes.push(PlacedMessage::of_section(message));
    }
    for rule in section.rules.iter() {
        for message in rule_notes(rule, flow, org) {
            notes.push(PlacedMessage::at(&rule.origin.id_span, message));
        }
    }
    for message in email_notes(section, org) {
        notes.push(PlacedMessage::of_section(message));
    }
    notes.extend(lookup_notes(section));
    notes.extend(set_notes(section, &names.judged, org));
    if has_rules && flow.spec().creates_user {
        for message in required_notes(&names, org) {
            notes.push(PlacedMessage::of_section(message));
        }
    }
    notes
}

/// The notes on names that are probably misspelt.
fn typo_notes(names: &Names<'_>, org: &Org) -> Vec<String> {
    let mut notes = Vec::new();
    for name in names.outside_set_templates() {
        let Some(mut note) = org.likely_typo(name) else {
            continue;
        };
        if names.asked.contains(name) {
            note.push_str(" A lookup needs it, so each request without it is denied where a rule needs the lookup");
        }
        notes.push(note);
    }
    notes
}

/// The attributes of the form that lookups ask about.
fn form_placeholders(section: &Section) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for lookup in &section.lookups {
        names.extend(lookup.placeholders().into_iter().filter_map(ValueName::form_attribute));
    }
    names
}

fn rule_notes(rule: &Rule, flow: Flow, org: &Org) -> Vec<String> {
    let id = &rule.id;
    let mut notes = Vec::new();
    notes.extend(login_note(rule, flow, org));
    notes.extend(misspelt_location_note(rule, org));
    for note in rule.list_notes() {
        notes.push(format!("`{id}`: {note}"));
    }
    if has_optional_alternative(rule) {
        notes.push(format!(
            "`{id}`: a form without the attributes that are `optional` in `any` passes the rule"
        ));
    }
    notes
}

/// The notes on attributes that the user schema requires, but no rule judges and the section does not write.
fn required_notes(names: &Names<'_>, org: &Org) -> Vec<String> {
    let mut notes = Vec::new();
    for name in &org.required {
        let name = name.as_str();
        // Okta fills in the login from `email`.
        let is_filled_in = name == "login" && names.judged.contains("email");
        let is_used = names.judged.contains(name) || names.written.contains(name);
        if !is_used && !is_filled_in {
            notes.push(format!("no rule looks at `{name}`, which the user schema requires"));
        }
    }
    notes
}

/// The notes on names in templates that the file has nowhere else. There are none if the schema is known: the
/// org lint then reports unknown names as problems.
fn template_notes(
    section: &Section,
    names_in_file: &BTreeSet<&str>,
    org: &Org,
) -> Vec<PlacedMessage> {
    let mut notes = Vec::new();
    if org.has_schema() {
        return notes;
    }
    notes.extend(question_notes(section, names_in_file, org));
    for set in &section.set {
        let values = set.recipe.values();
        // A template may have one name many times, and gets one note for it.
        let names: BTreeSet<_> = values.iter().flat_map(|value| value.value_names()).collect();
        for name in names {
            let Some(attribute) = name.form_attribute() else {
                continue;
            };
            if org.surely_exists(attribute) || names_in_file.contains(attribute) {
                continue;
            }
            let Spanned { value: set, span } = &set.attribute;
            let message = match org.likely_typo(attribute) {
                Some(typo) => typo,
                None => format!(
                    "`{{{name}}}` in the template of `{set}`: `{attribute}` is not a base attribute, and the file names it nowhere else; without it, `{set}` is not set"
                ),
            };
            notes.push(PlacedMessage::at(span, message));
        }
    }
    notes
}

/// The attributes of the form that a section names, except those in the templates of `set`.
#[derive(Default)]
struct Names<'r> {
    /// Names that rules look at.
    judged: BTreeSet<&'r str>,
    /// Names in `update` or `set`.
    written: BTreeSet<&'r str>,
    /// Names in the conditions of lookups and of `set`, and in `from` of `set`.
    consulted: BTreeSet<&'r str>,
    /// Names in the questions of lookups.
    asked: BTreeSet<&'r str>,
}

impl<'r> Names<'r> {
    fn of(section: &'r Section) -> Self {
        let mut names = Self::default();
        for rule in section.rules.iter() {
            names.judged.extend(rule.form_attributes());
        }
        for name in &section.update {
            names.written.insert(name);
        }
        for lookup in &section.lookups {
            for part in &lookup.when {
                names.add_consulted(part.value_names());
            }
        }
        names.asked = form_placeholders(section);
        for set in &section.set {
            names.written.insert(&set.attribute);
            for branch in set.recipe.branches() {
                for part in &branch.when {
                    names.add_consulted(part.value_names());
                }
            }
            if let Some(from) = set.recipe.name_in_from() {
                names.add_consulted([&from.value]);
            }
        }
        names
    }

    /// Adds the attributes of the form among these names.
    fn add_consulted(&mut self, names: impl IntoIterator<Item = &'r ValueName>) {
        self.consulted.extend(names.into_iter().filter_map(ValueName::form_attribute));
    }

    /// All names except those in the templates of `set`.
    fn outside_set_templates(&self) -> BTreeSet<&'r str> {
        let mut names = self.outside_templates();
        names.extend(&self.asked);
        names
    }

    /// All names except those in templates: of `set`, and in the questions of lookups.
    fn outside_templates(&self) -> BTreeSet<&'r str> {
        let mut names = self.judged.clone();
        names.extend(&self.written);
        names.extend(&self.consulted);
        names
    }
}

/// Whether the rule does not judge, or cannot deny, some requests.
fn may_not_count(rule: &Rule, section: &Section) -> bool {
    if rule.shadow || !rule.when.is_empty() {
        return true;
    }
    for lookup in &section.lookups {
        let may_have_no_result = !lookup.when.is_empty() || lookup.is_skipped_on_failure();
        if may_have_no_result && rule.lookups.contains(&lookup.name.value) {
            return true;
        }
    }
    false
}

/// Whether a form passes the rule by leaving out the attributes of one part.
fn has_optional_alternative(rule: &Rule) -> bool {
    match &rule.requirement {
        Requirement::Any(parts) => parts.iter().any(|part| part.optional),
        Requirement::All(_) | Requirement::Lookup(_) => false,
    }
}
