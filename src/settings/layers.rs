//! Merges the layers of settings. Before that, checks the keys of each layer and notes their places, since a merged
//! value no longer shows its layer.

use std::{collections::BTreeMap, io::ErrorKind::NotFound, path::Path, str};

use config::{Config, ConfigBuilder, ConfigError, File, FileFormat, builder::DefaultState};
use toml::de::{DeTable, DeValue};

use super::{
    Environment, Layers,
    misspelt::variable_of,
    reader::SettingsReader,
    sections,
    source_names::{self, SECTION, SourceNames, path_of_variable},
};
use crate::{
    bounded_toml::{Parsed, parse},
    file::{self, FileKind},
    nearest::unknown,
    problem::{Problem, SourceText},
};

const DEFAULT_FILE: &str = "registration-hook.toml";

/// The layers that have been added.
type Builder = ConfigBuilder<DefaultState>;

/// A `HOOK__…` variable.
struct Variable<'e> {
    name: &'e str,
    /// The name as a dotted path: a key, or an element of a list such as `auth.basic.password.0`.
    path: String,
}

impl Layers {
    /// The path of the settings file.
    fn file_path(&self) -> &Path {
        self.file.as_deref().unwrap_or(Path::new(DEFAULT_FILE))
    }

    /// The value of the variable with exactly this name.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        let (_, value) = self.environment.iter().find(|(other, _)| other == name)?;
        Some(String::from_utf8_lossy(value).into_owned())
    }
}

impl SettingsReader {
    /// Reads every layer and merges them. Later layers win.
    pub(super) fn merge_layers(&mut self, layers: &Layers) -> Result<(), Problem> {
        self.secret_files = layers.secret_files;
        if let Some(level) = layers.variable("RUST_LOG") {
            self.log_level = level.parse().ok();
        }
        let path = layers.file_path();
        let text = read_settings_file(layers)?;
        let parsed = parse(&text);
        self.source_names = SourceNames::new(parsed.document.get_ref(), &layers.environment);
        if parsed.problem.is_some() {
            self.source_names.add_names_of_broken_file(&text);
        }
        // `merged` is still empty, so this call reads no value, and only registers every key as known.
        sections::read_settings(self);
        // `read_settings` has emptied the list of files, so add the settings file only now.
        self.files.push(path.to_owned());
        let builder = self.add_port(Config::builder(), layers)?;
        let builder = self.add_file(builder, path, &text, parsed);
        let builder = self.add_environment(builder, &layers.environment)?;
        let builder = self.add_rules_flag(builder, layers)?;
        match builder.build() {
            Ok(merged) => self.merged = merged,
            Err(error) => self.problems.push(merge_problem(error)),
        }
        Ok(())
    }

    /// Adds the variable `PORT`, in which many platforms give a container the port to listen on.
    fn add_port(&mut self, builder: Builder, layers: &Layers) -> Result<Builder, Problem> {
        let Some(port) = layers.variable("PORT") else {
            return Ok(builder);
        };
        self.keep_place("server.bind", "PORT".to_owned());
        builder.set_default("server.bind", format!("0.0.0.0:{port}")).map_err(merge_problem)
    }

    /// Adds the settings file, or reports its syntax error.
    fn add_file(
        &mut self,
        builder: Builder,
        path: &Path,
        text: &str,
        parsed: Parsed<'_>,
    ) -> Builder {
        let name = path.display().to_string();
        let mut source = SourceText::new(&name, text);
        if let Some(problem) = parsed.problem {
            self.has_broken_file = true;
            // Leave out the excerpt, which may hold a secret.
            let place = source.place(problem.place.start);
            self.problems.push(Problem::named(place, problem.message));
            return builder;
        }
        self.keep_places_of_file(parsed.document.get_ref(), &mut source);
        builder.add_source(File::from_str(text, FileFormat::Toml))
    }

    /// Adds the `HOOK__…` variables.
    fn add_environment(
        &mut self,
        mut builder: Builder,
        environment: &Environment,
    ) -> Result<Builder, Problem> {
        for (key, value) in self.read_environment(environment) {
            builder = builder.set_override(key, value).map_err(merge_problem)?;
        }
        Ok(builder)
    }

    /// Adds the rules folder of `--rules`.
    fn add_rules_flag(&mut self, builder: Builder, layers: &Layers) -> Result<Builder, Problem> {
        let Some(rules) = &layers.rules else {
            return Ok(builder);
        };
        let Some(rules) = rules.to_str() else {
            return Err(Problem::named("--rules", "the path is not UTF-8; rename the folder"));
        };
        self.keep_place("rules.directory", "--rules".to_owned());
        builder.set_override("rules.directory", rules).map_err(merge_problem)
    }

    /// Notes each key of the settings file.
    fn keep_places_of_file(&mut self, document: &DeTable<'_>, source: &mut SourceText<'_>) {
        let mut keys = BTreeMap::new();
        self.collect_keys(document, "", &mut keys);
        for (byte, key) in keys {
            self.keep_place(&key, source.place(byte));
        }
    }

    /// Collects the dotted keys of a table by their byte in the file, so that problems come in the file's order. A
    /// table that is empty, or not a known section, counts as one key, so that it is one problem.
    fn collect_keys(&self, table: &DeTable<'_>, prefix: &str, keys: &mut BTreeMap<usize, String>) {
        for (key, value) in table {
            // Escape the dot in a quoted key such as `"server.bind"`, so that the key is not taken for a path.
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
    fn read_environment(&mut self, environment: &Environment) -> BTreeMap<String, String> {
        let mut values = BTreeMap::new();
        let mut earlier: Vec<Variable<'_>> = Vec::new();
        for (name, value) in environment {
            let Some(path) = path_of_variable(name) else {
                self.report_single_underscores(name);
                continue;
            };
            let variable = Variable { name, path: self.source_names.path_in_file(&path) };
            let duplicate = earlier.iter().find(|other| self.have_same_key(&variable, other));
            match (duplicate, str::from_utf8(value)) {
                // The merge would take either value, so report the second variable.
                (Some(duplicate), _) => {
                    let message = format!("`{}` sets the same key; keep one", duplicate.name);
                    self.problems.push(Problem::named(name, message));
                }
                (None, Err(_)) => {
                    self.problems.push(Problem::named(name, "the value is not UTF-8"));
                }
                (None, Ok(value)) => {
                    if self.keep_place(self.key_of(&variable.path), name.clone()) {
                        values.insert(variable.path.clone(), value.to_owned());
                    }
                }
            }
            earlier.push(variable);
        }
        values
    }

    /// Whether two variables set the same key: their names differ in case only, or one sets a list and
    /// the other an element of it.
    fn have_same_key(&self, one: &Variable<'_>, other: &Variable<'_>) -> bool {
        one.path == other.path
            || self.key_of(&one.path) == other.path
            || self.key_of(&other.path) == one.path
    }

    /// Returns the key that a path sets: for an element such as `auth.basic.password.0`, the list.
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

    /// Keeps the place where a key is set. Returns whether the key is known, and reports it if not.
    fn keep_place(&mut self, key: &str, place: String) -> bool {
        if self.known_keys.contains(key) {
            self.places.insert(key.to_owned(), place);
            return true;
        }
        self.report_unknown_key(key, place);
        false
    }

    fn report_unknown_key(&mut self, key: &str, place: String) {
        if self.problems.is_full() {
            // Further problems are only counted, so do not spend time on a message.
            self.problems.count_one();
            return;
        }
        let message = if self.is_section(key) {
            format!("`{key}` is a section; set the keys in it")
        } else if let Some(name) = source_names::invalid_name(key) {
            format!("`{name}` is not a name of a source; use ASCII letters, digits, `_` and `-`")
        } else if let Some(meant) = self.meant_key(key) {
            // If a variable sets the unknown key, suggest a variable. There is none for a section.
            let by_variable = path_of_variable(&place).is_some() && !self.is_section(&meant);
            let shown = if by_variable { variable_of(&meant) } else { meant.clone() };
            self.explained_keys.push(meant);
            format!("unknown key `{key}`; did you mean `{shown}`?")
        } else {
            unknown("key", key, self.keys_and_sections())
        };
        self.problems.push(Problem::named(place, message));
    }

    /// Every known key, then the section of each.
    pub(super) fn keys_and_sections(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.known_keys.iter().map(String::as_str).collect();
        // Without a source, no known key is in this section.
        names.push(SECTION);
        for key in &self.known_keys {
            if let Some((section, _)) = key.rsplit_once('.') {
                names.push(section);
            }
        }
        names
    }
}

/// Reads the settings file. The default one may be missing, and then counts as empty.
fn read_settings_file(layers: &Layers) -> Result<String, Problem> {
    let path = layers.file_path();
    match file::read_text(path, FileKind::Settings) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == NotFound && layers.file.is_none() => Ok(String::new()),
        Err(error) => {
            let place = if layers.file.is_some() { "--config" } else { "settings" };
            let why = format!("cannot read `{}`: {error}", path.display());
            Err(Problem::caused_by_io(place, why, &error))
        }
    }
}

/// The problem of a failed merge. Only a number in the file that is too large can cause it. Leaves out the error,
/// which shows the number.
fn merge_problem(_: ConfigError) -> Problem {
    Problem::named("settings", "a number is too large")
}
