//! Guesses which key was meant by an unknown one.

use std::collections::{BTreeMap, BTreeSet};

use super::{reader::SettingsReader, source_names::SECTION};
use crate::{nearest::nearest, problem::Problem};

impl SettingsReader {
    /// Reports a variable such as `HOOK_SERVER_BIND`. Such a variable sets nothing: it takes two underscores before a
    /// section and before a key.
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

    /// The key that is meant by a name with `_` in place of each dot: an element of a list, a key of a source, or the
    /// most similar key.
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
        // The names of the other sections have no `_`, so in `server_body_limit` the first `_` stands for a dot.
        let path = name.replacen('_', ".", 1);
        let by_name = key_by_another_name(&path);
        if let Some(key) = by_name.or_else(|| key_with_same_name(&path, &self.known_keys)) {
            return Some(key.to_owned());
        }
        // Several `_` may stand for dots, as in `auth_basic_password`, or the name may be misspelt. So compare the
        // whole name with all keys.
        let mut keys_by_name = BTreeMap::new();
        for key in &self.known_keys {
            keys_by_name.insert(key.replace('.', "_"), key);
        }
        let names: Vec<&str> = keys_by_name.keys().map(String::as_str).collect();
        let key = keys_by_name.get(nearest(name, &names)?)?;
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

/// Returns our key for a key that other programs have.
fn key_by_another_name(key: &str) -> Option<&'static str> {
    match key {
        "server.port" | "server.host" | "server.address" | "server.listen" => Some("server.bind"),
        _ => None,
    }
}

/// The key of the same name in a deeper section: `auth.basic.username` for `auth.username` and for `username`.
/// Returns `None` if there is none, or more than one.
fn key_with_same_name<'k>(key: &str, known: &'k BTreeSet<String>) -> Option<&'k str> {
    let (section, name) = key.rsplit_once('.').unwrap_or(("", key));
    let mut found = None;
    for known_key in known {
        let Some((known_section, known_name)) = known_key.rsplit_once('.') else {
            continue;
        };
        let is_below = section.is_empty()
            || known_section.strip_prefix(section).is_some_and(|rest| rest.starts_with('.'));
        // Each source has the same keys, so none of them is the only one.
        let is_of_source = known_section.starts_with(SECTION);
        if known_name != name || !is_below || is_of_source {
            continue;
        }
        if found.is_some() {
            return None;
        }
        found = Some(known_key.as_str());
    }
    found
}

/// The variable that sets a key.
pub(super) fn variable_of(key: &str) -> String {
    format!("HOOK__{}", key.to_ascii_uppercase().replace('.', "__"))
}
