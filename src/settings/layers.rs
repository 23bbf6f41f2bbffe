//! Merges the layers of settings. Checks the keys of each layer and notes their places before that, since
//! a merged value does not show its layer.

use std::{collections::BTreeMap, io::ErrorKind::NotFound, path::Path, str};

use config::{Config, ConfigError, File, FileFormat};
use toml::de::{DeTable, DeValue};

use super::{
    Layers,
    reader::SettingsReader,
    sections,
    source_names::{self, SECTION, SourceNames, path_of_variable},
};
use crate::{
    file::{self, FileKind},
    nearest::{nearest, unknown},
    problem::{Problem, SourceText, SpanProblem},
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
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        let (_, value) = self.environment.iter().find(|(other, _)| other == name)?;
        Some(String::from_utf8_lossy(value).into_owned())
    }
}

impl SettingsReader {
    /// Reads every layer and merges them.
    pub(super) fn merge_layers(&mut self, layers: &Layers) -> Result<(), Problem> {
        self.secret_files = layers.secret_files;
        if let Some(level) = layers.variable("RUST_LOG") {
            self.log_level = level.parse().ok();
        }
        let path = layers.file.as_deref().unwrap_or(Path::new(DEFAULT_FILE));
        let text = read_file(path, layers.file.is_some())?;
        let Parsed { document, problem } = parse(&text);
        self.source_names = SourceNames::new(document.get_ref(), &layers.environment);
        if problem.is_some() {
            self.source_names.add_of_broken_file(&text);
        }
        // `merged` is empty yet, so this reads no value. It registers every key as known.
        sections::read_settings(self);
        self.files.push(path.to_owned());
        let mut merged = Config::builder();
        // By convention, platforms that route to a container set `PORT`.
        if let Some(port) = layers.variable("PORT") {
            self.note("server.bind", "PORT".to_owned());
            let address = format!("0.0.0.0:{port}");
            merged = merged.set_default("server.bind", address).map_err(merge_problem)?;
        }
        let name = path.display().to_string();
        let mut source = SourceText::new(&name, &text);
        match problem {
            None => {
                self.note_keys(document.get_ref(), &mut source);
                merged = merged.add_source(File::from_str(&text, FileFormat::Toml));
            }
            Some(problem) => self.report_broken_file(problem, &mut source),
        }
        for (key, value) in self.read_environment(&layers.environment) {
            merged = merged.set_override(key, value).map_err(merge_problem)?;
        }
        if let Some(rules) = &layers.rules {
            let Some(rules) = rules.to_str() else {
                return Err(Problem::named("--rules", "the path is not UTF-8; rename the folder"));
            };
            self.note("rules.directory", "--rules".to_owned());
            merged = merged.set_override("rules.directory", rules).map_err(merge_problem)?;
        }
        match merged.build() {
            Ok(merged) => self.merged = merged,
            Err(error) => self.problems.push(merge_problem(error)),
        }
        Ok(())
    }

    /// Reports a syntax error without the line, which may hold a secret.
    fn report_broken_file(&mut self, problem: SpanProblem, source: &mut SourceText<'_>) {
        self.has_broken_file = true;
        let place = source.place(problem.place.start);
        self.problems.push(Problem::named(place, problem.message));
    }

    /// Notes each key of the settings file.
    fn note_keys(&mut self, document: &DeTable<'_>, source: &mut SourceText<'_>) {
        let mut keys = BTreeMap::new();
        self.collect_keys(document, "", &mut keys);
        for (byte, key) in keys {
            self.note(&key, source.place(byte));
        }
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
    fn read_environment(&mut self, environment: &[(String, Vec<u8>)]) -> BTreeMap<String, String> {
        let mut values = BTreeMap::new();
        let mut earlier: Vec<Variable<'_>> = Vec::new();
        for (name, value) in environment {
            let Some(path) = path_of_variable(name) else {
                self.report_single_underscores(name);
                continue;
            };
            let path = &self.source_names.path_in_file(&path);
            let variable = Variable { name, path: path.to_owned() };
            let duplicate = earlier.iter().find(|other| self.set_same_key(&variable, other));
            if let Some(duplicate) = duplicate {
                // The merge might take either.
                let message = format!("`{}` sets the same key; keep one", duplicate.name);
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

    /// Reports a variable that names a section as `HOOK_SECTION_…`. It is never read.
    fn report_single_underscores(&mut self, name: &str) {
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
        let mut keys = Vec::new();
        for key in &self.known_keys {
            keys.push((key.replace('.', "_"), key));
        }
        let names: Vec<_> = keys.iter().map(|(name, _)| name.as_str()).collect();
        let path = name.replacen('_', ".", 1);
        let meant = match key_by_another_name(&path) {
            Some(key) => key,
            None => {
                let nearest = nearest(name, &names)?;
                let (_, key) = keys.iter().find(|(name, _)| name == nearest)?;
                key
            }
        };
        Some(meant.to_owned())
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
            && !index.is_empty()
            && index.bytes().all(|byte| byte.is_ascii_digit())
            && self.list_keys.iter().any(|key| key == list)
        {
            return list;
        }
        path
    }

    /// Notes that a key is set at this place. Reports a key that is not known, and returns false.
    fn note(&mut self, key: &str, place: String) -> bool {
        if self.known_keys.contains(key) {
            self.places.insert(key.to_owned(), place);
            return true;
        }
        if self.problems.is_full() {
            // The problem is only counted, so do not search for a similar key.
            self.problems.count_one();
            return false;
        }
        let message = if self.is_section(key) {
            format!("`{key}` is a section; set the keys in it")
        } else if let Some(name) = source_names::invalid_name(key) {
            format!("`{name}` is not a name of a source; use ASCII letters, digits, `_` and `-`")
        } else if let Some(meant) = key_by_another_name(key) {
            self.explained_keys.push(meant.to_owned());
            format!("unknown key `{key}`; did you mean `{meant}`?")
        } else {
            let names = self.keys_and_sections();
            let meant = nearest(key, &names).map(str::to_owned);
            let message = unknown("key", key, names);
            self.explained_keys.extend(meant);
            message
        };
        self.problems.push(Problem::named(place, message));
        false
    }

    /// Every known key, then the section of each.
    fn keys_and_sections(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.known_keys.iter().map(String::as_str).collect();
        names.push(SECTION);
        for key in &self.known_keys {
            if let Some((section, _)) = key.rsplit_once('.') {
                names.push(section);
            }
        }
        names
    }
}

/// The key that other programs give this name.
fn key_by_another_name(key: &str) -> Option<&'static str> {
    match key {
        "server.port" | "server.host" | "server.address" | "server.listen" => Some("server.bind"),
        _ => None,
    }
}

/// Reads the settings file. The default one may be missing.
fn read_file(path: &Path, is_named: bool) -> Result<String, Problem> {
    match file::read_text(path, FileKind::Settings) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == NotFound && !is_named => Ok(String::new()),
        Err(error) => {
            let place = if is_named { "--config" } else { "settings" };
            let why = format!("cannot read `{}`: {error}", path.display());
            Err(Problem::of_reading(place, why, &error))
        }
    }
}

/// Only a number in the file can be invalid in a merge. The error itself would show the value.
fn merge_problem(_: ConfigError) -> Problem {
    Problem::named("settings", "a number is too large")
}
