//! Reads the layers that settings come from, the later over the earlier ones.

use std::{collections::BTreeMap, io::ErrorKind::NotFound, path::Path, str};

use toml::de::{DeTable, DeValue};

use super::{
    Layers,
    raw::RawValue,
    reader::{Setting, SettingsReader},
};
use crate::{
    file::{self, FileKind},
    nearest::unknown,
    problem::{Problem, SourceText},
    toml_bound::{Parsed, SyntaxFault, parse},
};

const DEFAULT_FILE: &str = "registration-hook.toml";

/// A variable of ours.
struct Variable<'e> {
    name: &'e str,
    /// The name as a dotted path: a key, or an element of a list such as `auth.basic.password.0`.
    path: String,
}

/// An entry of the settings file, with its dotted key.
struct FileEntry<'t> {
    key: String,
    value: &'t DeValue<'t>,
}

impl Layers {
    /// The value of the variable with exactly this name.
    fn variable(&self, name: &str) -> Option<String> {
        let (_, value) = self.environment.iter().find(|(other, _)| other == name)?;
        Some(String::from_utf8_lossy(value).into_owned())
    }
}

impl SettingsReader {
    /// Reads every layer. The keys that have been asked for so far are the known ones.
    pub(super) fn read_layers(&mut self, layers: &Layers) -> Result<(), Problem> {
        self.secret_files = layers.secret_files;
        if let Some(level) = layers.variable("RUST_LOG") {
            self.log_level = level.parse().ok();
        }
        // By convention, platforms that route to a container set `PORT`.
        if let Some(port) = layers.variable("PORT") {
            let address = format!("0.0.0.0:{port}");
            self.set("server.bind", "PORT".to_owned(), RawValue::Text(address));
        }
        self.read_file(layers.file.as_deref())?;
        self.read_environment(&layers.environment);
        if let Some(rules) = &layers.rules {
            let rules = rules.display().to_string();
            self.set("rules.directory", "--rules".to_owned(), RawValue::Text(rules));
        }
        Ok(())
    }

    /// Reads the settings file. One with a syntax error sets no key.
    fn read_file(&mut self, named: Option<&Path>) -> Result<(), Problem> {
        let path = named.unwrap_or(Path::new(DEFAULT_FILE));
        let name = path.display().to_string();
        let text = match file::read_text(path, FileKind::Settings) {
            Ok(text) => text,
            Err(error) if error.kind() == NotFound && named.is_none() => String::new(),
            Err(error) => {
                let place = if named.is_some() { "--config" } else { "settings" };
                let why = format!("cannot read `{name}`: {error}");
                return Err(Problem::of_reading(place, why, &error));
            }
        };
        self.files.push(path.to_owned());
        let mut source = SourceText::new(&name, &text);
        let Parsed { document, faults } = parse(&text);
        if !faults.is_empty() {
            self.report_invalid_syntax(&faults, &mut source);
            return Ok(());
        }
        let mut entries = BTreeMap::new();
        self.collect_entries(document.get_ref(), "", &mut entries);
        for (byte, FileEntry { key, value }) in entries {
            self.set(&key, source.place(byte), RawValue::from_toml(value));
        }
        Ok(())
    }

    /// Reports every place where the syntax of the file is invalid.
    fn report_invalid_syntax(&mut self, faults: &[SyntaxFault], source: &mut SourceText<'_>) {
        let mut places: Vec<usize> = faults.iter().map(|fault| fault.span.start).collect();
        places.sort_unstable();
        for place in places {
            // The parser's own message may quote the line, which may hold a secret.
            let message = "invalid TOML syntax; see https://toml.io";
            self.problems.push(source.secret_problem(place, message));
        }
    }

    /// Collects the entries of a table by their place, so that they come in the file's order. A table
    /// that is not a known section is the value of one entry.
    fn collect_entries<'t>(
        &self,
        table: &'t DeTable<'t>,
        prefix: &str,
        entries: &mut BTreeMap<usize, FileEntry<'t>>,
    ) {
        for (key, value) in table {
            let (start, value) = (key.span().start, value.get_ref());
            // A quoted key with a dot in it is not the path that it looks like.
            let key = format!("{prefix}{}", key.get_ref().replace('.', "\\."));
            match value {
                DeValue::Table(inner) if self.is_section(&key) && !inner.is_empty() => {
                    self.collect_entries(inner, &format!("{key}."), entries);
                }
                _ => {
                    entries.insert(start, FileEntry { key, value });
                }
            }
        }
    }

    /// Reads each of our variables.
    fn read_environment(&mut self, environment: &[(String, Vec<u8>)]) {
        let mut earlier: Vec<Variable<'_>> = Vec::new();
        for (name, value) in environment {
            let path = name.to_ascii_lowercase().replace("__", ".");
            let Some(path) = path.strip_prefix("hook.") else {
                continue;
            };
            let variable = Variable { name, path: path.to_owned() };
            let rival = earlier.iter().find(|other| self.set_same_key(&variable, other));
            if let Some(rival) = rival {
                // Which of the two would win is left to chance.
                let message = format!("`{}` sets the same key; keep one", rival.name);
                self.problems.push(Problem::named(name, message));
            } else if let Ok(value) = str::from_utf8(value) {
                self.set_by_variable(&variable, value);
            } else {
                self.problems.push(Problem::named(name, "the value is not UTF-8"));
            }
            earlier.push(variable);
        }
    }

    /// Sets a key, or an element of a list in addition to the elements that other variables set.
    fn set_by_variable(&mut self, variable: &Variable<'_>, value: &str) {
        let Variable { name, path } = variable;
        let value = value.to_owned();
        let Some((list, index)) = self.list_and_index(path) else {
            self.set(path, (*name).to_owned(), RawValue::Text(value));
            return;
        };
        let mut elements = BTreeMap::new();
        if let Some(Setting { value: RawValue::Numbered(others), .. }) = self.settings.remove(list)
        {
            elements = others;
        }
        elements.insert(index.to_owned(), value);
        self.set(list, (*name).to_owned(), RawValue::Numbered(elements));
    }

    /// Whether two variables set the same key: their names differ in case only, or one sets a list and
    /// the other an element of it.
    fn set_same_key(&self, one: &Variable<'_>, other: &Variable<'_>) -> bool {
        one.path == other.path
            || self.key_of(&one.path) == other.path
            || self.key_of(&other.path) == one.path
    }

    /// The key that a path sets: the list, for an element such as `auth.basic.password.0`.
    fn key_of<'p>(&self, path: &'p str) -> &'p str {
        match self.list_and_index(path) {
            Some((list, _)) => list,
            None => path,
        }
    }

    /// The parts of a path to an element of a list.
    fn list_and_index<'p>(&self, path: &'p str) -> Option<(&'p str, &'p str)> {
        let (list, index) = path.rsplit_once('.')?;
        let is_element =
            index.parse::<usize>().is_ok() && self.list_keys.iter().any(|key| key == list);
        if is_element { Some((list, index)) } else { None }
    }

    /// Sets a key over the earlier layers. Reports a key that is not known.
    fn set(&mut self, key: &str, place: String, value: RawValue) {
        if self.known_keys.iter().any(|known| known == key) {
            self.settings.insert(key.to_owned(), Setting { place, value });
        } else if self.problems.is_full() {
            // It would not be shown, so the search for a similar key is saved.
            self.problems.add_count(1);
        } else if self.is_section(key) {
            let message = format!("`{key}` is a section; set the keys in it");
            self.problems.push(Problem::named(place, message));
        } else {
            let message = unknown("key", key, self.keys_and_sections());
            self.problems.push(Problem::named(place, message));
        }
    }

    /// Every known key, then the section of each.
    fn keys_and_sections(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.known_keys.iter().map(String::as_str).collect();
        for key in &self.known_keys {
            if let Some((section, _)) = key.rsplit_once('.') {
                names.push(section);
            }
        }
        names
    }
}
