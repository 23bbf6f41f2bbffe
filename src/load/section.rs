//! Reads the tables of a rules file into a [`Hook`].

use std::collections::{BTreeMap, BTreeSet};

use super::{
    fields::{Fields, FileContext, Misplaced},
    lookup::{named_like_attribute, read_lookups},
    part::key_of_rule_or_part,
    rule::{BELONGS_TO_SECTION, read_rule},
    set,
};
use crate::{
    nearest::nearest,
    okta::{DenyStyle, Flow, NonEmpty, is_base_attribute},
    problem::SpanProblem,
    rule::{
        Hook, Rule, Rules, Section,
        lookup::Lookup,
        node::{Content, Entry, Node, Spanned, Table},
        text::Text,
        value_name::{LookupColumns, Scope, ValueName},
    },
};

const DEFAULT_SUMMARY: &str = "This request was denied. Please contact your admin.";

const SECTION_KEYS: &[&str] =
    &["rules", "summary", "deny", "allow_all", "update", "set", "lookups"];

/// An example of a rule, for messages.
const EXAMPLE: &str =
    r#"{ id = "okta-email", attribute = "email", domains = ["okta.com"], message = "…" }"#;

const DENY_STYLES: [(&str, DenyStyle); 2] =
    [("command", DenyStyle::Command), ("error", DenyStyle::Error)];

/// Reads the sections of a file. The hook has only the rules without a problem.
pub(super) fn read_hook(document: &Table, file: &FileContext<'_>) -> Hook {
    let no_section = Scope::default();
    let fields = Fields::new(document, file, &no_section);
    let mut sections = BTreeMap::new();
    for flow in Flow::WITH_SECTION {
        let Some(entry) = fields.claim(flow.spec().section) else {
            continue;
        };
        let Some(table) = fields.table_in(&entry.value, "{ allow_all = true }") else {
            continue;
        };
        if has_rules_elsewhere(document, flow) {
            table.suppress_missing("rules");
        }
        if let Some(section) = read_section(table, flow) {
            sections.insert(flow, section);
        }
    }
    if document.0.is_empty() {
        let keys = Flow::WITH_SECTION.map(|flow| format!("[{}]", flow.spec().section));
        let message = format!("a hook needs a section, {}", keys.join(" or "));
        fields.report(fields.problem(message));
    }
    report_keys_outside(&fields);
    Hook { sections }
}

/// Whether the author may have put the rules of this section in a wrong place: at the top of the file, or in a
/// section with a similar name. That place is reported, so the section is not reported as one without rules.
fn has_rules_elsewhere(document: &Table, flow: Flow) -> bool {
    let section = flow.spec().section;
    let sections = Flow::WITH_SECTION.map(|flow| flow.spec().section);
    for Entry { key, .. } in &document.0 {
        let is_known = sections.contains(&key.as_str());
        let is_similar = !is_known && nearest(key, &sections) == Some(section);
        if key == "rules" || is_similar {
            return true;
        }
    }
    false
}

/// Reports the keys outside of every section, with a hint for those of a section or a rule.
fn report_keys_outside(fields: &Fields<'_>) {
    // The section that the hints name as an example.
    let section = Flow::SelfServiceRegistration.spec().section;
    let mut is_reported = false;
    for entry in &fields.table.0 {
        let Some(key) = key_of_rule_or_part(&entry.key) else {
            continue;
        };
        // The key is then not reported as unknown.
        fields.claim(key);
        // One header above the first of these keys is enough for all, so only the first is reported.
        if !is_reported {
            let message =
                format!("`{key}` belongs to a rule; write `[[{section}.rules]]` above it");
            fields.report(entry.problem(message));
            is_reported = true;
        }
    }
    let set_hint = format!("belongs to a section; write `[{section}.set]`");
    let lookups_hint = format!("belong to a section; write `[{section}.lookups.NAME]` above each");
    let rules_hint = format!("belong to a section; write `[[{section}.rules]]` above each rule");
    let hint = format!("belongs to a section; write `[{section}]` above it");
    // If several rows have a key, the first one gives its hint.
    fields.report_unknown_and_misplaced_keys(&[
        Misplaced { keys: &["set"], hint: &set_hint },
        Misplaced { keys: &["lookups"], hint: &lookups_hint },
        Misplaced { keys: &["rules"], hint: &rules_hint },
        Misplaced { keys: BELONGS_TO_SECTION.keys, hint: &hint },
    ]);
}

fn read_section(fields: Fields<'_>, flow: Flow) -> Option<Section> {
    // Forgets the parts of the section before.
    fields.file.part_numbers.take();
    let names = names_of_lookups(fields.table);
    // The scope of the lookups themselves. If a lookup names the result of another one, the message says that this
    // is not possible, and not that the name is unknown.
    let mut lookup_scope = Scope::of(flow);
    for name in &names {
        lookup_scope.add_lookup(name, LookupColumns::UnavailableToLookups);
    }
    let fields = fields.in_scope(&lookup_scope, &[]);
    let lookups = match fields.claim("lookups") {
        Some(entry) => read_lookups(&fields, entry, flow),
        None => Vec::new(),
    };
    // The scope of rules and of `set`. An invalid lookup is already reported, so a name may refer to any column
    // of it. A valid lookup replaces `Any` by its columns.
    let mut rule_scope = Scope::of(flow);
    for name in &names {
        rule_scope.add_lookup(name, LookupColumns::Any);
    }
    for lookup in &lookups {
        rule_scope.add_lookup(&lookup.name, LookupColumns::Known(lookup.columns.clone()));
    }
    let fields = fields.in_scope(&rule_scope, &lookups);
    let mut section = read_section_without_lookups(&fields, flow)?;
    // Each scope has noted whether a name that was read in it refers to the context, such as `profile.userType` or
    // `request.ip`.
    section.refers_to_context = lookup_scope.refers_to_context() || rule_scope.refers_to_context();
    report_lookups_named_like_attributes(&section, &fields);
    section.remembered_parts = fields.file.part_numbers.borrow().to_remember();
    section.lookups = lookups;
    Some(section)
}

/// The names of the lookups of a section, valid or not. Finds the names below a misspelt `lookups` as well, so that
/// only the misspelt key is reported, and not each rule that names such a lookup.
fn names_of_lookups(section: &Table) -> Vec<&str> {
    let mut names = Vec::new();
    for entry in &section.0 {
        if let Content::Table(lookups) = &entry.value.content
            && nearest(&entry.key, SECTION_KEYS) == Some("lookups")
        {
            names.extend(lookups.0.iter().map(|lookup| lookup.key.as_str()));
        }
    }
    names
}

/// Reports each lookup whose name is that of an attribute in the section. `read_lookups` has reported the names
/// of base attributes.
fn report_lookups_named_like_attributes(section: &Section, fields: &Fields<'_>) {
    let attributes = attributes_named(section, fields.lookups);
    for Lookup { name: Spanned { value: name, span }, .. } in fields.lookups {
        if attributes.contains(name.as_str()) && !is_base_attribute(name) {
            fields.report(SpanProblem::at(span.clone(), named_like_attribute(name)));
        }
    }
}

/// The attributes of the form that a section and its lookups name.
fn attributes_named<'s>(section: &'s Section, lookups: &'s [Lookup]) -> BTreeSet<&'s str> {
    let mut attributes = BTreeSet::new();
    let mut names = Vec::new();
    for lookup in lookups {
        names.extend(lookup.value_names());
    }
    for rule in section.rules.iter() {
        names.extend(rule.value_names());
    }
    for set in &section.set {
        attributes.insert(set.attribute.as_str());
        names.extend(set.recipe.value_names());
    }
    for name in &section.update {
        attributes.insert(name);
    }
    attributes.extend(names.into_iter().filter_map(ValueName::form_attribute));
    attributes
}

/// Reads a section except its lookups. `read_section` sets `lookups` and `refers_to_context`.
fn read_section_without_lookups(fields: &Fields<'_>, flow: Flow) -> Option<Section> {
    let summary = fields.optional("summary", Text::read_text);
    let deny = fields.optional("deny", |node| node.choice("way to deny", &DENY_STYLES));
    let allow_all = fields.optional("allow_all", Node::boolean);
    let update = set::read_update(fields, flow);
    let set = match fields.claim("set") {
        Some(entry) => set::read_set(fields, &entry.value, &update),
        None => Vec::new(),
    };
    let rules = read_rules(fields, flow, allow_all);
    fields.report_unknown_keys();
    Some(Section {
        summary: summary.unwrap_or_else(|| Text::new(DEFAULT_SUMMARY)),
        deny: deny.unwrap_or(DenyStyle::Command),
        rules: rules?,
        update,
        set,
        // `read_section` sets these.
        lookups: Vec::new(),
        refers_to_context: false,
        remembered_parts: 0,
    })
}

/// Reads the rules of a section. Returns `None` if the section has neither a valid rule nor `allow_all = true`, or has
/// both.
fn read_rules(fields: &Fields<'_>, flow: Flow, allow_all: Option<bool>) -> Option<Rules> {
    let section = flow.spec().section;
    let Some(entry) = fields.claim("rules") else {
        if allow_all == Some(true) {
            return Some(Rules::AllowAll);
        }
        report_no_rules(fields, section, allow_all);
        return None;
    };
    if entry.value.is_table() {
        let message = format!("write `[[{section}.rules]]`, with two brackets, above each rule");
        fields.report(entry.value.problem(message));
        return None;
    }
    let rules = read_rule_list(fields, entry);
    if allow_all == Some(true) {
        let message = "`allow_all` and rules exclude each other; leave one of them out";
        fields.report(fields.problem(message));
        return None;
    }
    NonEmpty::collect(rules).map(Rules::All)
}

/// Reports a section that has neither rules nor `allow_all = true`. `allow_all` is `None` if the key is absent
/// or its value is not a boolean.
fn report_no_rules(fields: &Fields<'_>, section: &str, allow_all: Option<bool>) {
    if let Some(entry) = fields.table.get("set")
        && let Content::Table(set) = &entry.value.content
        && let Some(misplaced) = set.get("allow_all")
    {
        let message = format!(
            "`allow_all` is below `[{section}.set]`, which makes it an attribute to set; move it above that line"
        );
        fields.report(misplaced.problem(message));
        return;
    }
    let is_already_reported = allow_all.is_none() && fields.table.get("allow_all").is_some();
    if is_already_reported {
        return;
    }
    fields.report_missing(
        &["rules", "allow_all"],
        format!(
            "a section needs rules ([[{section}.rules]]), or `allow_all = true` to let everything through"
        ),
    );
}

/// Reads the rules of a list. Returns those without a problem.
fn read_rule_list<'n>(fields: &Fields<'n>, entry: &'n Entry) -> Vec<Rule> {
    let mut rules = Vec::new();
    for table in fields.tables_in(&entry.value, EXAMPLE) {
        if let Some(rule) = read_rule(&table) {
            rules.push(rule);
        }
    }
    rules
}
