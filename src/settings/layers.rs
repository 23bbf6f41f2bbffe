//! Merges the layers of settings. Before, it checks the keys of each layer and notes their places,
//! since a merged value does not show its layer.

use std::{collections::BTreeMap, io::ErrorKind::NotFound, path::Path, str};

use config::{Config, Environment, File, FileFormat, Map};
use toml::de::{DeTable, DeValue};

use super::{Layers, reader::SettingsReader};
use crate::{
    file::{self, FileKind},
    nearest::unknown,
    problem::{Problem, SourceText},
    toml_bound::{Parsed, parse},
};

const DEFAULT_FILE: &str = "registration-hook.toml";

/// A `HOOK__…` variable.
struct Variable<'e> {
    name: &'e str,
    /// The name as a dotted path: a key, or an element of a list such as `auth.basic.password.0`.
    path: String,
}

impl Layers {
    /// The value of the variable with exactly this name.
    fn variable(&self, name: &str) -> Option<String> {
        let (_, value) = self.environment.iter().find(|(other, _)| other == name)?;
        Some(String::from_utf8_lossy(value).into_owned())
    }
}

impl SettingsReader {
    /// Reads every layer and merges them. The keys that have been asked for so far are the known ones.
    pub(super) fn merge_layers(&mut self, layers: &Layers) -> Result<(), Problem> {
        self.secret_files = layers.secret_files;
        if let Some(level) = layers.variable("RUST_LOG") {
            self.log_level = level.parse().ok();
        }
        let mut merged = Config::builder();
        // By convention, platforms that route to a container set `PORT`.
        if let Some(port) = layers.variable("PORT") {
            let address = format!("0.0.0.0:{port}");
            merged = merged.add_source(self.single_key("server.bind", "PORT", address));
        }
        let file = self.read_file(layers.file.as_deref())?;
        merged = merged.add_source(File::from_str(&file, FileFormat::Toml));
        let variables = self.read_environment(&layers.environment);
        merged = merged.add_source(Environment::default().source(Some(variables)));
        if let Some(rules) = &layers.rules {
            let Some(rules) = rules.to_str() else {
                return Err(Problem::named("--rules", "the path is not UTF-8; rename the folder"));
            };
            let rules = self.single_key("rules.directory", "--rules", rules.to_owned());
            merged = merged.add_source(rules);
        }
        match merged.build() {
            Ok(merged) => self.merged = merged,
            // Only a number in the file can be invalid here. The error itself would show the value.
            Err(_) => self.problems.push(Problem::named("settings", "a number is too large")),
        }
        Ok(())
    }

    /// Returns a layer that sets one key.
    fn single_key(&mut self, key: &str, place: &str, value: String) -> Environment {
        self.note(key, place.to_owned());
        Environment::default().source(Some([(key.to_owned(), value)].into()))
    }

    /// Reads the settings file and notes each of its keys. Returns its text, or an empty one if the
    /// syntax is invalid.
    fn read_file(&mut self, named: Option<&Path>) -> Result<String, Problem> {
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
        let Parsed { document, problems } = parse(&text);
        if !problems.is_empty() {
            // The parser's own message may quote the line, which may hold a secret.
            let message = "invalid TOML syntax; see https://toml.io";
            self.problems.append(
                problems
                    .located(|problem| Problem::named(source.place(problem.place.start), message)),
            );
            return Ok(String::new());
        }
        let mut keys = BTreeMap::new();
        self.collect_keys(document.get_ref(), "", &mut keys);
        for (byte, key) in keys {
            self.note(&key, source.place(byte));
        }
        Ok(text)
    }

    /// Collects the dotted keys of a table by their place, so that they come in the file's order. A
    /// table that is not a known section counts as one key.
    fn collect_keys(&self, table: &DeTable<'_>, prefix: &str, keys: &mut BTreeMap<usize, String>) {
        for (key, value) in table {
            // A quoted key with a dot in it is not the path that it looks like.
            let path = format!("{prefix}{}", key.get_ref().replace('.', "\\."));
            match value.get_ref() {
                DeValue::Table(inner) if self.is_section(&path) && !inner.is_empty() => {
                    self.collect_keys(inner, &format!("{path}."), keys);
                }
                _ => {
                    keys.insert(key.span().start, path);
                }
            }
        }
    }

    /// Notes each `HOOK__…` variable. Returns the valid ones by their paths.
    fn read_environment(&mut self, environment: &[(String, Vec<u8>)]) -> Map<String, String> {
        let mut values = Map::new();
        let mut earlier: Vec<Variable<'_>> = Vec::new();
        for (name, value) in environment {
            let path = name.to_ascii_lowercase().replace("__", ".");
            let Some(path) = path.strip_prefix("hook.") else {
                continue;
            };
            let variable = Variable { name, path: path.to_owned() };
            let rival = earlier.iter().find(|other| self.set_same_key(&variable, other));
            if let Some(rival) = rival {
                // The merge might take either.
                let message = format!("`{}` sets the same key; keep one", rival.name);
                self.problems.push(Problem::named(name, message));
            } else if let Ok(value) = str::from_utf8(value) {
                if self.note(self.key_of(path), name.clone()) {
                    values.insert(path.to_owned(), value.to_owned());
                }
            } else {
                self.problems.push(Problem::named(name, "the value is not UTF-8"));
            }
            earlier.push(variable);
        }
        values
    }

    /// Whether two variables set the same key: their names differ in case only, or one sets a list and
    /// the other an element of it.
    fn set_same_key(&self, one: &Variable<'_>, other: &Variable<'_>) -> bool {
        one.path == other.path
            || self.key_of(&one.path) == other.path
            || self.key_of(&other.path) == one.path
    }

    /// Returns the key that a path sets: the list, for an element such as `auth.basic.password.0`.
    fn key_of<'p>(&self, path: &'p str) -> &'p str {
        if let Some((list, index)) = path.rsplit_once('.')
            && index.parse::<usize>().is_ok()
            && self.list_keys.iter().any(|key| key == list)
        {
            return list;
        }
        path
    }

    /// Notes that a key is set at this place. Reports a key that is not known, and returns false.
    fn note(&mut self, key: &str, place: String) -> bool {
        if self.known_keys.iter().any(|known| known == key) {
            self.places.insert(key.to_owned(), place);
            return true;
        }
        if self.problems.is_full() {
            // The problem is not shown, so the search for a similar key would be in vain.
            self.problems.count_one();
            return false;
        }
        let message = if self.is_section(key) {
            format!("`{key}` is a section; set the keys in it")
        } else {
            unknown("key", key, self.keys_and_sections())
        };
        self.problems.push(Problem::named(place, message));
        false
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
