//! The names of `[sources.NAME]`, the only sections whose names users choose.

use std::collections::BTreeSet;

use toml::de::{DeTable, DeValue};

use super::Environment;

/// The section that holds the sources.
pub(super) const SECTION: &str = "sources";

/// The names of all sources that any layer sets.
///
/// Names of variables are read without regard to case. `HOOK__SOURCES__MEMBERS__URL` sets a key of the file's
/// `[sources.members]` or `[sources.Members]`. A source that only variables set has a name in lower case. A
/// name with `__` in it can be set in the file only, since `__` in a variable stands for a dot.
#[derive(Default)]
pub(super) struct SourceNames(BTreeSet<String>);

impl SourceNames {
    /// Collects the valid names of a settings file and of variables.
    pub(super) fn new(document: &DeTable<'_>, environment: &Environment) -> Self {
        let mut names = Self::default();
        if let Some(sources) = document.get(SECTION)
            && let DeValue::Table(sources) = sources.get_ref()
        {
            for name in sources.keys().filter(|name| is_valid(name.get_ref())) {
                names.0.insert(name.get_ref().to_string());
            }
        }
        for (variable, _) in environment {
            if let Some(path) = path_of_variable(variable)
                && let Some((name, _)) = name_and_key(&names.path_in_file(&path))
                && is_valid(name)
            {
                names.0.insert(name.to_owned());
            }
        }
        names
    }

    /// Adds the names in the section headers of a file with a syntax error. Without them, each rule that asks such a
    /// source would be reported, too.
    pub(super) fn add_names_of_broken_file(&mut self, text: &str) {
        for line in text.lines() {
            if let Some(rest) = line.trim().strip_prefix("[sources.")
                && let Some(name) = rest.split(']').next()
                && is_valid(name)
            {
                self.0.insert(name.to_owned());
            }
        }
    }

    /// The names in alphabetical order.
    pub(super) fn to_vec(&self) -> Vec<String> {
        self.0.iter().cloned().collect()
    }

    /// Returns the path of a variable, with the name of its source spelt as in the file. If `members` and `Members`
    /// are both in the file, the variable sets `members`.
    pub(super) fn path_in_file(&self, path: &str) -> String {
        if let Some((name, key)) = name_and_key(path)
            && !self.0.contains(name)
            && let Some(spelt) = self.0.iter().find(|other| other.eq_ignore_ascii_case(name))
        {
            return format!("{SECTION}.{spelt}.{key}");
        }
        path.to_owned()
    }
}

/// The dotted path, in lower case, that a `HOOK__…` variable sets. `None` for other variables.
pub(super) fn path_of_variable(name: &str) -> Option<String> {
    let path = name.to_ascii_lowercase().replace("__", ".");
    Some(path.strip_prefix("hook.")?.to_owned())
}

/// Returns the part of a key after `sources.`, if that part begins with a name that no source can have.
pub(super) fn invalid_name(key: &str) -> Option<&str> {
    let rest = key.strip_prefix(SECTION)?.strip_prefix('.')?;
    if is_valid(rest.split('.').next()?) { None } else { Some(rest) }
}

/// Whether this is the key of a source: `sources.people.url`.
pub(super) fn is_key_of_source(key: &str) -> bool {
    name_and_key(key).is_some()
}

/// Splits the path of a source's key into the source's name and the key.
fn name_and_key(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix(SECTION)?.strip_prefix('.')?.split_once('.')
}

fn is_valid(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(is_name_byte)
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}
