//! Reads the merged layers key by key, and reports every problem with its place.

use std::{
    collections::BTreeMap,
    fs,
    ops::RangeInclusive,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use config::{Config, Map, Value, ValueKind};

use super::{
    SecretFiles,
    invalid::InvalidValue,
    values::{parse_flag, parse_path},
};
use crate::{
    file::{self, FileKind},
    problem::{Problem, Problems},
};

/// Reads a text as a value of its type.
type Parse<T> = fn(&str) -> Result<T, InvalidValue>;

/// The permission of every user to read a file.
const WORLD_READABLE: u32 = 0o004;

/// Reads settings by key. Every read registers its key as a known one, and reports an invalid value.
#[derive(Default)]
pub(super) struct SettingsReader {
    /// All layers. Empty until they are merged.
    pub(super) merged: Config,
    /// For each key that is set, the place of the last layer that sets it.
    pub(super) places: BTreeMap<String, String>,
    /// Every key that has been asked for.
    pub(super) known_keys: Vec<String>,
    /// Those of them that take a list.
    pub(super) list_keys: Vec<String>,
    pub(super) problems: Problems,
    pub(super) warnings: Vec<String>,
    /// The files that have been read.
    pub(super) files: Vec<PathBuf>,
    pub(super) secret_files: SecretFiles,
    pub(super) log_level: Option<log::LevelFilter>,
}

impl SettingsReader {
    /// Reads a string. Returns `None` if it is not set, or invalid.
    pub(super) fn read_optional<T>(&mut self, key: &str, parse: Parse<T>) -> Option<T> {
        self.read(key, |value| parse(require_string(value)?))
    }

    /// Reads a string that its section requires: a problem if other keys of the section are set and
    /// this one is not.
    pub(super) fn read_required<T>(&mut self, key: &str, parse: Parse<T>) -> Option<T> {
        let value = self.read_optional(key, parse);
        self.report_if_missing(key, "its section requires it");
        value
    }

    /// Reads a list of strings that its section requires.
    pub(super) fn read_required_list<T>(&mut self, key: &str, parse: Parse<T>) -> Option<Vec<T>> {
        self.list_keys.push(key.to_owned());
        let values = self.read(key, |value| parse_list(value, parse));
        self.report_if_missing(key, "its section requires it");
        values
    }

    /// Reads secrets that their section requires: by value under `key`, or line by line from the file
    /// of `<key>_file`.
    pub(super) fn read_secrets<T>(&mut self, key: &str, parse: Parse<T>) -> Option<Vec<T>> {
        let file_key = &format!("{key}_file");
        self.list_keys.push(key.to_owned());
        let by_value = self.read(key, |value| parse_list(value, parse));
        let path = self.read_optional(file_key, parse_path);
        match (self.places.contains_key(key), self.places.contains_key(file_key)) {
            (true, false) => by_value,
            (false, true) => self.read_secret_file(file_key, path?, parse),
            (true, true) => {
                self.ok_or_report(file_key, Err(InvalidValue::SetTwice(key.to_owned())))
            }
            (false, false) => {
                self.report_if_missing(key, &format!("set it, or `{file_key}`"));
                None
            }
        }
    }

    /// Reads a file of secrets. Returns an empty list if such files are not to be read.
    fn read_secret_file<T>(&mut self, key: &str, path: PathBuf, parse: Parse<T>) -> Option<Vec<T>> {
        if self.secret_files == SecretFiles::Skip {
            return Some(Vec::new());
        }
        self.warn_if_world_readable(key, &path);
        let secrets = match file::read_text(&path, FileKind::Secret) {
            Ok(text) => parse_lines(&text, parse),
            Err(error) => Err(InvalidValue::Unreadable(error)),
        };
        self.files.push(path);
        self.ok_or_report(key, secrets)
    }

    /// Reads a value between two bounds, in quotes or not. Default and bounds are written as in a
    /// settings file.
    pub(super) fn read_bounded<T: PartialOrd + Default>(
        &mut self,
        key: &str,
        parse: Parse<T>,
        default: &str,
        bounds: RangeInclusive<&str>,
    ) -> T {
        match self.read(key, |value| parse_bounded(&value.to_string(), parse, &bounds)) {
            Some(value) => value,
            None => parse(default).unwrap_or_default(),
        }
    }

    /// Reads a flag that is off by default.
    pub(super) fn read_flag(&mut self, key: &str) -> bool {
        self.read(key, |value| parse_flag(&value.to_string())).unwrap_or(false)
    }

    /// Reads a value of any type. Returns `None` if it is not set, or invalid.
    pub(super) fn read<T>(
        &mut self,
        key: &str,
        parse: impl Fn(&ValueKind) -> Result<T, InvalidValue>,
    ) -> Option<T> {
        self.known_keys.push(key.to_owned());
        match self.merged.get::<Value>(key) {
            Ok(value) => self.ok_or_report(key, parse(&value.kind)),
            // It is not set.
            Err(_) => None,
        }
    }

    /// Warns of a secret that every user of this machine can read.
    pub(super) fn warn_if_world_readable(&mut self, key: &str, path: &Path) {
        if self.secret_files == SecretFiles::Skip {
            return;
        }
        if let Ok(file) = fs::metadata(path)
            && file.permissions().mode() & WORLD_READABLE > 0
        {
            let path = path.display();
            self.warnings.push(format!(
                "{key}: every user of this machine can read `{path}`; run `chmod o-r` on it"
            ));
        }
    }

    /// Unwraps `Ok`. Reports `Err` at the place where the key is set, and returns `None`.
    fn ok_or_report<T>(&mut self, key: &str, value: Result<T, InvalidValue>) -> Option<T> {
        let why = match value {
            Ok(value) => return Some(value),
            Err(why) => why,
        };
        let place = self.places.get(key).map_or(key, String::as_str);
        let message = format!("`{key}`: {why}");
        let problem = match &why {
            InvalidValue::Unreadable(error) => Problem::of_reading(place, message, error),
            _ => Problem::named(place, message),
        };
        self.problems.push(problem);
        None
    }

    /// Reports a key that is not set while other keys of its section are.
    fn report_if_missing(&mut self, key: &str, hint: &str) {
        let Some((section, _)) = key.rsplit_once('.') else {
            return;
        };
        let is_section_used = self.places.keys().any(|other| is_in_section(other, section));
        if is_section_used && !self.places.contains_key(key) {
            self.problems.push(Problem::named(key, format!("this is missing; {hint}")));
        }
    }

    /// Whether any known key is in a section of this name.
    pub(super) fn is_section(&self, name: &str) -> bool {
        self.known_keys.iter().any(|key| is_in_section(key, name))
    }
}

fn is_in_section(key: &str, section: &str) -> bool {
    match key.strip_prefix(section) {
        Some(rest) => rest.starts_with('.'),
        None => false,
    }
}

/// Returns the text of a string. A number is refused: as text, `0012` or `1e3` could differ from what
/// was written.
fn require_string(value: &ValueKind) -> Result<&str, InvalidValue> {
    match value {
        ValueKind::String(text) => require_plain(text),
        _ => Err(InvalidValue::NotAString),
    }
}

/// Refuses an empty text, and one with control characters.
fn require_plain(text: &str) -> Result<&str, InvalidValue> {
    if text.is_empty() {
        return Err(InvalidValue::Empty);
    }
    if text.contains(char::is_control) {
        return Err(InvalidValue::ControlCharacter);
    }
    Ok(text)
}

fn parse_bounded<T: PartialOrd>(
    text: &str,
    parse: Parse<T>,
    bounds: &RangeInclusive<&str>,
) -> Result<T, InvalidValue> {
    let (least, most) = (*bounds.start(), *bounds.end());
    let value = parse(text)?;
    if parse(least)? <= value && value <= parse(most)? {
        return Ok(value);
    }
    Err(InvalidValue::OutOfBounds { least: least.to_owned(), most: most.to_owned() })
}

/// Reads each line of a text. Line breaks at its end do not count.
fn parse_lines<T>(text: &str, parse: Parse<T>) -> Result<Vec<T>, InvalidValue> {
    let mut values = Vec::new();
    for line in text.trim_end_matches(['\r', '\n']).lines() {
        values.push(parse(require_plain(line)?)?);
    }
    require_values(values)
}

/// Reads one string, or each string of a list.
fn parse_list<T>(value: &ValueKind, parse: Parse<T>) -> Result<Vec<T>, InvalidValue> {
    let mut values = Vec::new();
    for item in list_items(value).ok_or(InvalidValue::NotStrings)? {
        values.push(parse(require_string(item)?)?);
    }
    require_values(values)
}

fn require_values<T>(values: Vec<T>) -> Result<Vec<T>, InvalidValue> {
    if values.is_empty() { Err(InvalidValue::Empty) } else { Ok(values) }
}

/// Returns the items of a list; a string alone is a list of one. `None` for anything else.
fn list_items(value: &ValueKind) -> Option<Vec<&ValueKind>> {
    match value {
        ValueKind::String(_) => Some(vec![value]),
        ValueKind::Array(items) => Some(items.iter().map(|item| &item.kind).collect()),
        ValueKind::Table(items) => numbered_items(items),
        _ => None,
    }
}

/// Returns the items of a table whose keys are 0, 1 and so on: variables that end in `__0`, `__1`.
fn numbered_items(items: &Map<String, Value>) -> Option<Vec<&ValueKind>> {
    let mut list = Vec::new();
    for index in 0..items.len() {
        list.push(&items.get(&index.to_string())?.kind);
    }
    Some(list)
}
