//! Keys that are written as in another program, or with single underscores.

use std::collections::BTreeMap;

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
        let right = key.to_ascii_uppercase().replace('.', "__");
        let message = format!("this sets nothing; write `HOOK__{right}`, with two underscores");
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
        if let Some(key) = key_by_another_name(&name.replacen('_', ".", 1)) {
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
}

/// Returns our key for a key that other programs use.
pub(super) fn key_by_another_name(key: &str) -> Option<&'static str> {
    match key {
        "server.port" | "server.host" | "server.address" | "server.listen" => Some("server.bind"),
        _ => None,
    }
}
