//! A rules file's tables → a [`Hook`].

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use super::{Lints, faults::Faults, fields::Fields, rule, set};
use crate::{
    okta::{DenyStyle, Flow, NonEmpty},
    rule::{
        Hook, Rules, Section,
        node::{Entry, Node, Table},
        text::Text,
    },
};

const DEFAULT_SUMMARY: &str = "This request was denied. Please contact your admin.";

const DENY_STYLES: [(&str, DenyStyle); 2] =
    [("command", DenyStyle::Command), ("error", DenyStyle::Error)];

/// Reads a file's sections.
pub(super) fn read(document: &Table, lints: &Lints, faults: &RefCell<Faults>) -> Hook {
    let fields = Fields::new(document, lints, faults);
    let mut ids = BTreeSet::new();
    let mut sections = BTreeMap::new();
    for flow in Flow::WITH_SECTION {
        let Some(entry) = fields.entry(flow.spec().section) else {
            continue;
        };
        let Some(mut child) = fields.child(&entry.value) else {
            continue;
        };
        child.flow = flow;
        if let Some(section) = read_section(child, &mut ids) {
            sections.insert(flow, section);
        }
    }
    if sections.is_empty() && fields.fault_count() == 0 {
        let keys = Flow::WITH_SECTION.map(|flow| format!("[{}]", flow.spec().section));
        let why = format!("a hook needs a section, {}", keys.join(" or "));
        fields.tell(fields.fault(why));
    }
    fields.finish();
    Hook { sections }
}

fn read_section<'n>(fields: Fields<'n, '_>, ids: &mut BTreeSet<&'n str>) -> Option<Section> {
    let summary = fields.optional("summary", Text::read);
    let deny = fields.optional("deny", |node| node.choice("way to deny", &DENY_STYLES));
    let allow_all = fields.optional("allow_all", Node::boolean);
    let update = fields.entry("update").map(|entry| read_update(&fields, entry));
    let update = update.unwrap_or_default();
    let set = fields.entry("set").map(|entry| set::read(&fields, &entry.value, &update));
    let rules = fields.entry("rules");
    let rules = rules.map(|entry| fields.each(&entry.value, |rule| rule::read(&rule, ids)));
    let rules = match (allow_all, rules) {
        (Some(true), None) => Some(Rules::AllowAll),
        (Some(true), Some(_)) => fields.keep(Err(
            fields.fault("`allow_all` and rules exclude each other; leave one of them out")
        )),
        (_, Some(rules)) => rules.and_then(NonEmpty::collect).map(Rules::All),
        // What is wrong with it has been told.
        (None, None) if fields.table.get("allow_all").is_some() => None,
        (_, None) => fields.keep(Err(fields.fault(format!(
            "a section needs rules ([[{}.rules]]), or `allow_all = true` to let everything through",
            fields.flow.spec().section
        )))),
    };
    fields.finish();
    Some(Section {
        summary: summary.unwrap_or_else(|| Text::new(DEFAULT_SUMMARY)),
        deny: deny.unwrap_or(DenyStyle::Command),
        rules: rules?,
        update,
        set: set.unwrap_or_default(),
    })
}

fn read_update(fields: &Fields<'_, '_>, entry: &Entry) -> Vec<String> {
    if !fields.flow.spec().takes_update {
        fields.tell(entry.fault(
            "`update` belongs to [progressive_profile]; a registration keeps what was submitted anyway"
        ));
    }
    let mut update = Vec::new();
    let mut seen = BTreeSet::new();
    for item in fields.keep(entry.value.list()).unwrap_or_default() {
        let name = fields.name(item, |org, name, flow| {
            org.written(name, flow, None).or_else(|| org.judged(name, flow, false))
        });
        let Some(name) = name else {
            continue;
        };
        if seen.insert(name) {
            update.push(name.to_owned());
        } else {
            fields.tell(item.fault(format!("`{name}` stands here twice; leave one out")));
        }
    }
    update
}
