//! The layers that settings come from, each looked through for keys it does not know before the
//! `config` crate merges them: after that nobody can tell who set what.

use std::{collections::BTreeMap, io::ErrorKind::NotFound, str};

use config::{Config, Environment, File, FileFormat, Map};
use toml::de::{DeTable, DeValue};

use super::{Sources, reader::Reader};
use crate::{
    file::{self, Kind},
    nearest::unknown,
    problem::{Problem, SourceText},
    toml_bound::{Parsed, SyntaxFault, parse},
};

impl Reader {
    /// Reads every layer and merges them. The keys asked for so far are all there are.
    pub(super) fn merge_layers(&mut self, sources: &Sources) -> Result<(), Problem> {
        let variable = |name| {
            let (_, value) = sources.environment.iter().find(|(other, _)| other == name)?;
            Some(String::from_utf8_lossy(value))
        };
        self.secrets = sources.secrets;
        self.level = variable("RUST_LOG").and_then(|level| level.parse().ok());
        let mut layers = Config::builder();
        if let Some(port) = variable("PORT") {
            // The convention of platforms that route to a container.
            layers = layers.add_source(self.set("server.bind", "PORT", format!("0.0.0.0:{port}")));
        }
        layers = layers.add_source(File::from_str(&self.file(sources)?, FileFormat::Toml));
        layers = layers.add_source(Environment::default().source(Some(self.environment(sources))));
        if let Some(rules) = &sources.rules {
            let rules = rules.display().to_string();
            layers = layers.add_source(self.set("rules.directory", "--rules", rules));
        }
        match layers.build() {
            Ok(merged) => self.merged = merged,
            // Only a number of the file can be at fault, and the error would show it.
            Err(_) => self.problems.push(Problem::named("settings", "a number is too large")),
        }
        Ok(())
    }

    /// A layer of one key.
    fn set(&mut self, key: &str, by: &str, value: String) -> Environment {
        self.note(key, by.to_owned());
        Environment::default().source(Some([(key.to_owned(), value)].into()))
    }

    /// The text of the file, of which every key is noted; none where its syntax is at fault.
    fn file(&mut self, sources: &Sources) -> Result<String, Problem> {
        let path = sources.file.clone().unwrap_or_else(|| "registration-hook.toml".into());
        let name = path.display().to_string();
        let place = if sources.file.is_some() { "--config" } else { "settings" };
        let text = match file::read_text(&path, Kind::Settings) {
            Ok(text) => text,
            Err(error) if error.kind() == NotFound && sources.file.is_none() => String::new(),
            Err(error) => {
                let why = format!("cannot read `{name}`: {error}");
                return Err(Problem::of_reading(place, why, &error));
            }
        };
        self.files.push(path);
        let mut source = SourceText::new(&name, &text);
        let Parsed { document, faults } = parse(&text);
        if !faults.is_empty() {
            self.tell_broken_syntax(&faults, &mut source);
            return Ok(String::new());
        }
        let mut keys = BTreeMap::new();
        self.flatten(document.get_ref(), "", &mut keys);
        // In the file's order.
        for (byte, key) in keys {
            self.note(&key, source.place(byte));
        }
        Ok(text)
    }

    /// Complains of every place where the syntax of the file is broken.
    fn tell_broken_syntax(&mut self, faults: &[SyntaxFault], source: &mut SourceText<'_>) {
        let mut places: Vec<usize> = faults.iter().map(|fault| fault.span.start).collect();
        places.sort_unstable();
        for place in places {
            // The parser's own message may quote the line.
            let message = "the syntax of TOML is broken here; see https://toml.io";
            self.problems.push(source.secret_problem(place, message));
        }
    }

    /// The dotted keys of a table by where they stand. A table that is no section of ours is one.
    fn flatten(&self, table: &DeTable<'_>, prefix: &str, keys: &mut BTreeMap<usize, String>) {
        for (key, value) in table {
            // A quoted key with a dot in it is another key than the path that it looks like.
            let path = format!("{prefix}{}", key.get_ref().replace('.', "\\."));
            match value.get_ref() {
                DeValue::Table(inner) if self.is_section(&path) && !inner.is_empty() => {
                    self.flatten(inner, &format!("{path}."), keys);
                }
                _ => drop(keys.insert(key.span().start, path)),
            }
        }
    }

    /// The values of our variables by their paths; every one is noted.
    fn environment(&mut self, sources: &Sources) -> Map<String, String> {
        let mut values = Map::new();
        let mut seen: Vec<(String, &str)> = Vec::new();
        for (name, value) in &sources.environment {
            let path = name.to_ascii_lowercase().replace("__", ".");
            let Some(path) = path.strip_prefix("hook.") else {
                continue;
            };
            let key = self.key_of(path);
            // Which of two would win, chance would decide: the same key in another case, or a list
            // as a whole and by its elements.
            let same = |other: &str| other == path || other == key || self.key_of(other) == path;
            if let Some((_, rival)) = seen.iter().find(|(other, _)| same(other)) {
                let message = format!("`{rival}` sets the same key; keep one");
                self.problems.push(Problem::named(name, message));
            } else if let Ok(value) = str::from_utf8(value) {
                if self.note(key, name.clone()) {
                    values.insert(path.to_owned(), value.to_owned());
                }
            } else {
                self.problems.push(Problem::named(name, "the value is not UTF-8"));
            }
            seen.push((path.to_owned(), name));
        }
        values
    }

    /// The key that a variable's path sets: `….password.0` is an element of a list.
    fn key_of<'p>(&self, path: &'p str) -> &'p str {
        let known = |list: &str| self.lists.iter().any(|other| other == list);
        let element = path.rsplit_once('.').filter(|(_, index)| index.parse::<usize>().is_ok());
        element.map(|(list, _)| list).filter(|list| known(list)).unwrap_or(path)
    }

    /// Notes that this key is set here; a problem, and false, if there is no such key.
    fn note(&mut self, key: &str, place: String) -> bool {
        if self.asked.iter().any(|other| other == key) {
            self.places.insert(key.to_owned(), place);
            return true;
        }
        if self.problems.is_full() {
            // The words would not be shown.
            self.problems.add_count(1);
            return false;
        }
        let message = if self.is_section(key) {
            format!("`{key}` is a section; set the keys in it")
        } else {
            let keys = self.asked.iter().map(String::as_str);
            let sections = keys.clone().filter_map(|key| Some(key.rsplit_once('.')?.0));
            unknown("key", key, keys.chain(sections))
        };
        self.problems.push(Problem::named(place, message));
        false
    }
}
