//! The key that the author of an unknown one probably means.

use std::collections::{BTreeMap, BTreeSet};

use super::{reader::SettingsReader, source_names::SECTION};
use crate::{nearest::nearest, problem::Problem};

impl SettingsReader {
    /// Reports a variable that names a section as `HOOK_SECTION_…`. It is never read.
    pub(super) fn report_single_underscores(&mut self, name: &str) {
        let lower = name.to_ascii_lowercase().replace("__", "_");
        let Some(rest) = lower.strip_prefix("hook_") else {
            return;
        };
        let Some((section, _)) = rest.split_once('_') else {
            return;
        };
        if !self.is_section(section) {
            return;
        }
        let key = self.key_of_single_underscores(rest).unwrap_or("section.key".to_owned());
        let right = variable_of(&key);
        let message = format!("this sets nothing; write `{right}`, with two underscores");
        self.problems.push(Problem::named(name, message));
    }

    /// The key, or the element of a list, that is nearest to a name with a `_` in place of each dot.
    fn key_of_single_underscores(&self, name: &str) -> Option<String> {
        if let Some((list, index)) = name.rsplit_once('_')
            && index.bytes().all(|byte| byte.is_ascii_digit())
            && let Some(key) = self.list_keys.iter().find(|key| key.replace('.', "_") == list)
        {
            return Some(format!("{key}.{index}"));
        }
        if let Some(source) = name.strip_prefix("sources_") {
            let (source, key) = source.split_once('_')?;
            return Some(format!("{SECTION}.{source}.{key}"));
        }
        let path = name.replacen('_', ".", 1);
        let by_name = key_by_another_name(&path);
        if let Some(key) = by_name.or_else(|| key_with_same_name(&path, &self.known_keys)) {
            return Some(key.to_owned());
        }
        let mut keys = BTreeMap::new();
        for key in &self.known_keys {
            keys.insert(key.replace('.', "_"), key);
        }
        let names: Vec<&str> = keys.keys().map(String::as_str).collect();
        let key = keys.get(nearest(name, &names)?)?;
        Some(key.to_string())
    }

    /// The key or section that is probably meant by an unknown key.
    pub(super) fn meant_key(&self, key: &str) -> Option<String> {
        let meant = key_by_another_name(key)
            .or_else(|| key_with_same_name(key, &self.known_keys))
            .or_else(|| nearest(key, &self.keys_and_sections()))?;
        Some(meant.to_owned())
    }
}

/// Returns our key for a key that other programs use.
fn key_by_another_name(key: &str) -> Option<&'static str> {
    match key {
        "server.port" | "server.host" | "server.address" | "server.listen" => Some("server.bind"),
        _ => None,
    }
}

/// The only key that ends with the same name and is in a section below: `auth.basic.username` for
/// `auth.username` and for `username`.
fn key_with_same_name<'k>(key: &str, known: &'k BTreeSet<String>) -> Option<&'k str> {
    let (section, name) = key.rsplit_once('.').unwrap_or(("", key));
    let mut found = None;
    for known_key in known {
        let Some((known_section, known_name)) = known_key.rsplit_once('.') else {
            continue;
        };
        let is_below = section.is_empty()
            || known_section.strip_prefix(section).is_some_and(|rest| rest.starts_with('.'));
        // Users choose the names of sources.
        let is_of_source = known_section.starts_with(SECTION);
        if known_name == name && is_below && !is_of_source && found.replace(known_key).is_some() {
            return None;
        }
    }
    found.map(String::as_str)
}

/// The variable that sets a key.
pub(super) fn variable_of(key: &str) -> String {
    format!("HOOK__{}", key.to_ascii_uppercase().replace('.', "__"))
}
