//! Asks the merged layers key by key, and keeps every problem with its place.

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

use config::{Config, Value, ValueKind};

use crate::{
    file::{self, FileKind},
    problem::{Problem, Problems, may_pass},
};

/// What is read, or what is wrong with it, which never repeats it.
pub(super) type Parsed<T> = Result<T, String>;

/// How a text is read.
pub(super) type Parse<T> = fn(&str) -> Parsed<T>;

const INCOMPLETE: &str = "its section is not complete without it";

/// Reads key by key; what is at fault gives nothing, and a problem.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) merged: Config,
    /// Where each key that is set was set last.
    pub(super) places: BTreeMap<String, String>,
    /// Every key asked for, and which of them take several values.
    pub(super) asked: Vec<String>,
    pub(super) lists: Vec<String>,
    pub(super) problems: Problems,
    pub(super) warnings: Vec<String>,
    pub(super) files: Vec<PathBuf>,
    /// Whether files with secrets are read.
    pub(super) secrets: bool,
    pub(super) level: Option<log::LevelFilter>,
}

impl Reader {
    /// What a string says, if it is set.
    pub(super) fn get<T>(&mut self, key: &str, parse: Parse<T>) -> Option<T> {
        self.read(key, |value| string(value).and_then(parse))
    }

    /// The same of a key without which its section is not complete.
    pub(super) fn required<T>(&mut self, key: &str, parse: Parse<T>) -> Option<T> {
        self.get(key, parse).or_else(|| self.missing(key, INCOMPLETE))
    }

    /// The same of one or several strings.
    pub(super) fn several<T>(&mut self, key: &str, parse: Parse<T>) -> Option<Vec<T>> {
        self.lists.push(key.to_owned());
        self.read(key, |value| each(value, parse)).or_else(|| self.missing(key, INCOMPLETE))
    }

    /// The same of secrets: one or several by value, or one a line of a file.
    pub(super) fn secrets<T>(&mut self, key: &str, parse: Parse<T>) -> Option<Vec<T>> {
        let file_key = &format!("{key}_file");
        self.lists.push(key.to_owned());
        let by_value = self.read(key, |value| each(value, parse));
        let path = self.get(file_key, |path| Ok(path.to_owned()));
        match (self.places.contains_key(key), self.places.contains_key(file_key)) {
            (true, false) => by_value,
            (false, true) => self.lines(file_key, path?, parse),
            (true, true) => {
                self.keep(file_key, Err(format!("`{key}` is set as well; keep one of them")))
            }
            (false, false) => self.missing(key, &format!("set it, or `{file_key}`")),
        }
    }

    /// The lines of a file with secrets; none where only the service itself would need them.
    fn lines<T>(&mut self, key: &str, path: String, parse: Parse<T>) -> Option<Vec<T>> {
        if !self.secrets {
            return Some(Vec::new());
        }
        self.warn_if_open(key, &path);
        let path = PathBuf::from(path);
        let text = file::read_text(&path, FileKind::Secret);
        self.files.push(path);
        let lines = match text {
            Ok(text) => {
                let lines = text.trim_end_matches(['\r', '\n']).lines();
                each(&lines.collect::<Vec<_>>().into(), parse)
            }
            Err(error) => {
                if may_pass(&error) {
                    self.problems.set_may_pass();
                }
                Err(format!("cannot read the file: {error}"))
            }
        };
        self.keep(key, lines)
    }

    /// Something between limits, in quotes or not. Default and limits are written as settings are.
    pub(super) fn bounded<T: PartialOrd + Default>(
        &mut self,
        key: &str,
        parse: Parse<T>,
        [default, least, most]: [&str; 3],
    ) -> T {
        let found = self.read(key, |value| {
            let found = parse(&value.to_string())?;
            let fits = parse(least)? <= found && found <= parse(most)?;
            if fits { Ok(found) } else { Err(format!("expected {least} to {most}")) }
        });
        found.or_else(|| parse(default).ok()).unwrap_or_default()
    }

    /// What a value of any type says, if it is set.
    pub(super) fn read<T>(
        &mut self,
        key: &str,
        read: impl Fn(&ValueKind) -> Parsed<T>,
    ) -> Option<T> {
        self.asked.push(key.to_owned());
        let value = self.merged.get::<Value>(key).ok()?;
        self.keep(key, read(&value.kind))
    }

    /// Warns of a secret that every user of this machine can read.
    pub(super) fn warn_if_open(&mut self, key: &str, path: &str) {
        let open = |file: fs::Metadata| file.permissions().mode() & 0o004 > 0;
        if self.secrets && fs::metadata(path).is_ok_and(open) {
            let why = format!("every user of this machine can read `{path}`; `chmod o-r` it");
            self.warnings.push(format!("{key}: {why}"));
        }
    }

    /// What was read, or nothing and a problem where this key is set.
    fn keep<T>(&mut self, key: &str, read: Parsed<T>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(why) => {
                let place = self.places.get(key).map_or(key, String::as_str);
                self.problems.push(Problem::named(place, format!("`{key}`: {why}")));
                None
            }
        }
    }

    /// Nothing, and a problem where the section of this key is in use without it.
    fn missing<T>(&mut self, key: &str, way_out: &str) -> Option<T> {
        let (section, _) = key.rsplit_once('.')?;
        let in_use = self.places.keys().any(|other| is_in(other, section));
        if in_use && !self.places.contains_key(key) {
            self.problems.push(Problem::named(key, format!("this is missing; {way_out}")));
        }
        None
    }

    /// Whether keys start with this.
    pub(super) fn is_section(&self, path: &str) -> bool {
        self.asked.iter().any(|key| is_in(key, path))
    }
}

/// Whether this key is in this section.
fn is_in(key: &str, section: &str) -> bool {
    key.strip_prefix(section).is_some_and(|rest| rest.starts_with('.'))
}

/// A string. A number is none: `0012` or `1e3` would not stay what somebody wrote.
fn string(value: &ValueKind) -> Parsed<&str> {
    match value {
        ValueKind::String(text) if text.is_empty() => Err("this may not be empty".into()),
        ValueKind::String(text) if text.contains(char::is_control) => {
            Err("a control character does not belong here; leave it out".into())
        }
        ValueKind::String(text) => Ok(text),
        _ => Err("expected a string, in quotes".into()),
    }
}

/// One string or several, each parsed; several of the environment are a table of their indices.
fn each<T>(value: &ValueKind, parse: Parse<T>) -> Parsed<Vec<T>> {
    let values: Option<Vec<_>> = match value {
        ValueKind::String(_) => Some(vec![value]),
        ValueKind::Array(items) => Some(items.iter().map(|item| &item.kind).collect()),
        ValueKind::Table(items) => {
            (0..items.len()).map(|index| Some(&items.get(&index.to_string())?.kind)).collect()
        }
        _ => None,
    };
    let values = values.ok_or(
        "expected a string or a list of strings (in variables numbered from `__0`), in quotes",
    )?;
    match values.is_empty() {
        true => Err("this may not be empty".into()),
        false => values.into_iter().map(|value| string(value).and_then(parse)).collect(),
    }
}
