//! A rules file's tables → a [`Hook`].

use std::cell::RefCell;

use super::{Scrutiny, attribute, fields::Fields, rule, set, text};
use crate::{
    hook::{DenyStyle, NonEmpty},
    nearest::did_you_mean,
    rule::{
        Hook, Rule, Section,
        node::{Fault, Node, Table},
        text::Text,
    },
};

const REGISTRATION: &str = "self_service_registration";
const PROGRESSIVE: &str = "progressive_profile";

const DEFAULT_SUMMARY: &str = "This request was denied. Please contact your admin.";

/// Reads a file's sections.
pub(super) fn read(document: &Table, scrutiny: &Scrutiny<'_>, faults: &mut Vec<Fault>) -> Hook {
    let found = RefCell::new(std::mem::take(faults));
    let fields = Fields::new(document, scrutiny, &found);
    let mut ids = Vec::new();
    let mut section = |key: &'static str| {
        let entry = fields.entry(key)?;
        let table = fields.keep(entry.value.table())?;
        let mut section = fields.child(table, entry.key_span.clone());
        section.registration = key == REGISTRATION;
        Some(read_section(key, section, &mut ids))
    };
    let registration = section(REGISTRATION);
    let progressive = section(PROGRESSIVE);
    if registration.is_none() && progressive.is_none() && found.borrow().is_empty() {
        fields.fault(format!("a hook needs a section, [{REGISTRATION}] or [{PROGRESSIVE}]"));
    }
    fields.finish();
    let hook = Hook { registration: registration.flatten(), progressive: progressive.flatten() };
    *faults = found.into_inner();
    hook
}

fn read_section<'n>(name: &str, fields: Fields<'n, '_>, ids: &mut Vec<&'n str>) -> Option<Section> {
    let summary = fields.optional("summary", text::read);
    let deny = fields.optional("deny", deny_style);
    let allow_all = fields.entry("allow_all");
    let allow_all = allow_all.map(|entry| fields.keep(entry.value.boolean()));
    let update = fields.entry("update");
    if let (Some(entry), REGISTRATION) = (update, name) {
        fields.push(
            entry.key_span.clone(),
            format!("`update` belongs to [{PROGRESSIVE}]; a registration keeps what was submitted anyway"),
        );
    }
    let update = update.map_or_else(Vec::new, |entry| read_update(&fields, &entry.value));
    let set = fields.entry("set");
    let set = set.map_or_else(Vec::new, |entry| set::read(&fields, &entry.value, &update));
    let rules = fields.entry("rules");
    let rules = rules.map(|entry| read_rules(&entry.value, &fields, ids));
    let rules = match (allow_all, rules) {
        (Some(Some(true)), None) => Some(None),
        (Some(Some(true)), Some(_)) => {
            fields.fault("`allow_all` and rules exclude each other; leave one of them out");
            None
        }
        (_, Some(rules)) => rules.map(Some),
        // What is wrong with it has been told.
        (Some(None), None) => None,
        (Some(Some(false)) | None, None) => {
            fields.fault(format!(
                "a section needs rules ([[{name}.rules]]), or `allow_all = true` to let everything through"
            ));
            None
        }
    };
    fields.finish();
    Some(Section {
        summary: summary.unwrap_or_else(|| Text::new(DEFAULT_SUMMARY.to_owned(), [])),
        deny: deny.unwrap_or(DenyStyle::Command),
        rules: rules?,
        update,
        set,
    })
}

/// The rules, or nothing if any of them is at fault.
fn read_rules<'n>(
    node: &'n Node,
    fields: &Fields<'n, '_>,
    ids: &mut Vec<&'n str>,
) -> Option<NonEmpty<Rule>> {
    let items = fields.keep(node.list())?;
    let mut rules = Vec::new();
    for item in items {
        let Some(table) = fields.keep(item.table()) else {
            continue;
        };
        if let Some(id) = table.get("id") {
            match id.value.text() {
                Ok(text) if ids.contains(&text) => fields.push(
                    id.value.span.clone(),
                    format!("the id `{text}` is taken; ids are unique in a file"),
                ),
                Ok(text) => ids.push(text),
                Err(_) => {}
            }
        }
        rules.push(rule::read(fields.child(table, item.span.clone())));
    }
    NonEmpty::collect(rules.into_iter().collect::<Option<Vec<_>>>()?)
}

fn read_update(fields: &Fields<'_, '_>, node: &Node) -> Vec<String> {
    let Some(items) = fields.keep(node.list()) else {
        return Vec::new();
    };
    let mut update: Vec<String> = Vec::new();
    for item in items {
        let Some(name) = fields.keep(attribute::name(item)) else {
            continue;
        };
        if update.iter().any(|other| other == name) {
            let message = format!("`{name}` stands here twice; leave one out");
            fields.push(item.span.clone(), message);
        } else {
            fields.ask(item, |org, _| {
                org.written(name, false, None).or_else(|| org.judged(name, false, false))
            });
            update.push(name.to_owned());
        }
    }
    update
}

fn deny_style(node: &Node) -> Result<DenyStyle, Fault> {
    match node.text()? {
        "command" => Ok(DenyStyle::Command),
        "error" => Ok(DenyStyle::Error),
        other => Err(node.fault(format!(
            "unknown way to deny `{other}`{}",
            did_you_mean(other, ["command", "error"])
        ))),
    }
}
