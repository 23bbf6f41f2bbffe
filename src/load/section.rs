//! A rules file's tables → a [`Hook`].

use std::{cell::RefCell, collections::BTreeSet};

use super::{Lints, faults::Faults, fields::Fields, rule, set};
use crate::{
    okta::{DenyStyle, NonEmpty},
    rule::{
        Hook, Section,
        node::{Entry, Node, Table},
        text::Text,
    },
};

const REGISTRATION: &str = "self_service_registration";
const PROGRESSIVE: &str = "progressive_profile";

const DEFAULT_SUMMARY: &str = "This request was denied. Please contact your admin.";

const DENY_STYLES: [(&str, DenyStyle); 2] =
    [("command", DenyStyle::Command), ("error", DenyStyle::Error)];

/// Reads a file's sections.
pub(super) fn read(document: &Table, lints: &Lints, faults: &RefCell<Faults>) -> Hook {
    let fields = Fields::new(document, lints, faults);
    let mut ids = BTreeSet::new();
    let mut section = |name: &'static str| {
        let mut section = fields.child(&fields.entry(name)?.value)?;
        section.registration = name == REGISTRATION;
        read_section(name, section, &mut ids)
    };
    let hook = Hook { registration: section(REGISTRATION), progressive: section(PROGRESSIVE) };
    if hook.registration.is_none() && hook.progressive.is_none() && fields.fault_count() == 0 {
        let why = format!("a hook needs a section, [{REGISTRATION}] or [{PROGRESSIVE}]");
        fields.tell(fields.fault(why));
    }
    fields.finish();
    hook
}

fn read_section<'n>(
    name: &str,
    fields: Fields<'n, '_>,
    ids: &mut BTreeSet<&'n str>,
) -> Option<Section> {
    let summary = fields.optional("summary", Text::read);
    let deny = fields.optional("deny", |node| node.choice("way to deny", &DENY_STYLES));
    let allow_all = fields.optional("allow_all", Node::boolean);
    let update = fields.entry("update").map(|entry| read_update(&fields, entry));
    let update = update.unwrap_or_default();
    let set = fields.entry("set").map(|entry| set::read(&fields, &entry.value, &update));
    let rules = fields.entry("rules");
    let rules = rules.map(|entry| fields.each(&entry.value, |rule| rule::read(&rule, ids)));
    let rules = match (allow_all, rules) {
        (Some(true), None) => Some(None),
        (Some(true), Some(_)) => fields.keep(Err(
            fields.fault("`allow_all` and rules exclude each other; leave one of them out"),
        )),
        (_, Some(rules)) => rules.and_then(NonEmpty::collect).map(Some),
        // What is wrong with it has been told.
        (None, None) if fields.table.get("allow_all").is_some() => None,
        (_, None) => fields.keep(Err(fields.fault(format!(
            "a section needs rules ([[{name}.rules]]), or `allow_all = true` to let everything through"
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
    if fields.registration {
        fields.tell(entry.fault(format!(
            "`update` belongs to [{PROGRESSIVE}]; a registration keeps what was submitted anyway"
        )));
    }
    let mut update = Vec::new();
    let mut seen = BTreeSet::new();
    for item in fields.keep(entry.value.list()).unwrap_or_default() {
        let name = fields.name(item, |org, name, new| {
            org.written(name, new, None).or_else(|| org.judged(name, new, false))
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
