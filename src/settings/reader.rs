//! Reads the layered settings key by key, and reports every problem with its place.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
    ops::RangeInclusive,
    path::PathBuf,
};

use config::{Config, ValueKind};

use super::{
    Secret, SecretFiles, SecretList, SourceSecret,
    raw::{as_string, as_strings},
    source_names::{SECTION, SourceNames},
    values::{parse_flag, parse_path, parse_path_prefix},
};
use crate::problem::{Problem, Problems};

/// Reads a text as a value of its type. An error describes a valid text.
pub(super) type Parse<T> = fn(&str) -> Result<T, &'static str>;

/// Reads settings by key. Every read registers its key as known, and reports an invalid value.
#[derive(Default)]
pub(super) struct SettingsReader {
    /// The merged layers. Empty before the merge.
    pub(super) merged: Config,
    /// For each key that is set, the place of the last layer that sets it.
    pub(super) places: BTreeMap<String, String>,
    /// Every key that has been asked for.
    pub(super) known_keys: BTreeSet<String>,
    /// The known keys that take a list.
    pub(super) list_keys: Vec<String>,
    /// The keys that a misspelt key probably means, so that they are not reported as missing, too.
    pub(super) explained_keys: Vec<String>,
    pub(super) problems: Problems,
    /// Whether the settings file has a syntax error, so that its keys are not read.
    pub(super) has_broken_file: bool,
    pub(super) warnings: Vec<String>,
    /// The files that have been read.
    pub(super) files: Vec<PathBuf>,
    pub(super) secret_files: SecretFiles,
    /// The names of `[sources.NAME]` in all layers.
    pub(super) source_names: SourceNames,
    /// The level of `RUST_LOG`, if it is set and valid.
    pub(super) log_level: Option<log::LevelFilter>,
}

impl SettingsReader {
    /// Reads a string. Returns `None` if it is not set, or invalid.
    pub(super) fn read_optional<T>(&mut self, key: &str, parse: Parse<T>) -> Option<T> {
        self.read_value(key, |value| parse(as_string(value)?))
    }

    /// Reads a string. Reports it as missing if other keys of its section are set.
    pub(super) fn read_required<T>(&mut self, key: &str, parse: Parse<T>) -> Option<T> {
        let value = self.read_optional(key, parse);
        self.report_if_missing(key, "its section requires it");
        value
    }

    /// Reads a list of strings. Reports it as missing if other keys of its section are set.
    pub(super) fn read_required_list<T>(&mut self, key: &str, parse: Parse<T>) -> Option<Vec<T>> {
        let values = self.read_list(key, parse);
        self.report_if_missing(key, "its section requires it");
        values
    }

    fn read_list<T>(&mut self, key: &str, parse: Parse<T>) -> Option<Vec<T>> {
        self.list_keys.push(key.to_owned());
        self.read_value(key, |value| parse_each(&as_strings(value)?, parse))
    }

    /// Reads secrets: the values of `key`, or the lines of the file that `<key>_file` names. Reports them as missing
    /// if other keys of their section are set.
    pub(super) fn read_secrets(&mut self, key: &str, parse: Parse<Secret>) -> Option<SecretList> {
        let by_value = self.read_list(key, parse);
        let secrets = self.read_value_or_file(key, by_value, parse);
        if !self.is_secret_set(key) {
            self.report_if_missing(key, &format!("set it, or `{key}_file`"));
        }
        secrets
    }

    /// Reads one secret: the value of `key`, or the only line of the file that `<key>_file` names.
    pub(super) fn read_secret(&mut self, key: &str, parse: Parse<Secret>) -> Option<SourceSecret> {
        let by_value = self.read_optional(key, parse).map(|secret| vec![secret]);
        let mut secrets = match self.read_value_or_file(key, by_value, parse)? {
            SecretList::Known(secrets) => secrets,
            // With `SecretFiles::Skip`, or with `SecretFiles::ReadPresent` if the file is absent.
            SecretList::Skipped => return Some(SourceSecret::Skipped),
        };
        let secret = secrets.pop()?;
        if secrets.is_empty() {
            return Some(SourceSecret::Known(secret));
        }
        self.report(&format!("{key}_file"), "the file has several lines; keep one");
        None
    }

    /// Returns `by_value`, the secrets of `key`, or reads those of the file that `<key>_file` names. Reports a problem
    /// if both are set.
    fn read_value_or_file(
        &mut self,
        key: &str,
        by_value: Option<Vec<Secret>>,
        parse: Parse<Secret>,
    ) -> Option<SecretList> {
        let file_key = &format!("{key}_file");
        let path = self.read_optional(file_key, parse_path);
        match (self.is_set(key), self.is_set(file_key)) {
            (true, false) => Some(SecretList::Known(by_value?)),
            (false, true) => self.read_secret_file(file_key, path?, parse),
            (true, true) => {
                self.report(file_key, format!("`{key}` is set as well; keep one of them"));
                None
            }
            (false, false) => None,
        }
    }

    /// Reads a value between two bounds. A number may stand in quotes or not. The default and the bounds are texts, as
    /// in a settings file.
    pub(super) fn read_bounded<T: PartialOrd + Default>(
        &mut self,
        key: &str,
        parse: Parse<T>,
        default: &str,
        bounds: RangeInclusive<&str>,
    ) -> T {
        match self.read_value(key, |value| parse_bounded(&value.to_string(), parse, &bounds)) {
            Some(value) => value,
            None => parse(default).unwrap_or_default(),
        }
    }

    /// Reads a flag that is off by default.
    pub(super) fn read_flag(&mut self, key: &str) -> bool {
        self.read_value(key, |value| parse_flag(&value.to_string())).unwrap_or(false)
    }

    /// Reads a path prefix. Unlike other strings, it may be empty, as it is by default.
    pub(super) fn read_path_prefix(&mut self, key: &str) -> String {
        let prefix = self.read_value(key, |value| match value {
            ValueKind::String(text) => parse_path_prefix(text),
            _ => Err("expected a string, in quotes"),
        });
        prefix.unwrap_or_default()
    }

    /// Whether a layer sets this key, to a valid value or not.
    pub(super) fn is_set(&self, key: &str) -> bool {
        self.places.contains_key(key)
    }

    /// Whether a layer sets this secret, by value or by `<key>_file`.
    pub(super) fn is_secret_set(&self, key: &str) -> bool {
        self.is_set(key) || self.is_set(&format!("{key}_file"))
    }

    /// Whether a key is set to exactly this text.
    pub(super) fn is_set_to(&self, key: &str, text: &str) -> bool {
        matches!(self.merged.get_string(key), Ok(value) if value == text)
    }

    /// Reads the value of a key. Returns `None` if it is not set, or invalid.
    fn read_value<T, E: Display>(
        &mut self,
        key: &str,
        parse: impl Fn(&ValueKind) -> Result<T, E>,
    ) -> Option<T> {
        self.known_keys.insert(key.to_owned());
        // This fails only if the key is not set.
        let value = self.merged.get::<config::Value>(key).ok()?;
        self.ok_or_report(key, parse(&value.kind))
    }

    /// Unwraps `Ok`. Reports `Err` and returns `None` otherwise.
    pub(super) fn ok_or_report<T>(
        &mut self,
        key: &str,
        value: Result<T, impl Display>,
    ) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(why) => {
                self.report(key, why);
                None
            }
        }
    }

    /// Reports why the value of a key is invalid.
    pub(super) fn report(&mut self, key: &str, why: impl Display) {
        self.problems.push(Problem::named(self.place(key), format!("`{key}`: {why}")));
    }

    /// The place of a key in the last layer that sets it. The key itself if none does.
    pub(super) fn place(&self, key: &str) -> String {
        match self.places.get(key) {
            Some(place) => place.clone(),
            None => key.to_owned(),
        }
    }

    /// Reports a key that is not set, if other keys of its section are.
    fn report_if_missing(&mut self, key: &str, hint: &str) {
        let Some((section, _)) = key.rsplit_once('.') else {
            return;
        };
        let start = format!("{section}.");
        // The keys are sorted, so the first one from `start` on is in the section if any is.
        let is_section_used = match self.places.range(start.clone()..).next() {
            Some((first, _)) => first.starts_with(&start),
            None => false,
        };
        if is_section_used && !self.is_set(key) {
            self.report_missing(key, hint);
        }
    }

    /// Reports that a key is missing, unless it was perhaps meant by a misspelt key, or is in a file with a syntax
    /// error.
    pub(super) fn report_missing(&mut self, key: &str, hint: &str) {
        if !self.has_broken_file && !self.explained_keys.iter().any(|other| other == key) {
            self.problems.push(Problem::named(key, format!("this is missing; {hint}")));
        }
    }

    /// Whether this is the name of a section: it is `sources`, or known keys begin with it.
    pub(super) fn is_section(&self, name: &str) -> bool {
        if name == SECTION {
            return true;
        }
        let start = format!("{name}.");
        // The keys are sorted, so the first one from `start` on is in the section if any is.
        let first = self.known_keys.range(start.clone()..).next();
        first.is_some_and(|first| first.starts_with(&start))
    }
}

pub(super) fn parse_each<T>(texts: &[&str], parse: Parse<T>) -> Result<Vec<T>, &'static str> {
    texts.iter().map(|text| parse(text)).collect()
}

fn parse_bounded<T: PartialOrd>(
    text: &str,
    parse: Parse<T>,
    bounds: &RangeInclusive<&str>,
) -> Result<T, String> {
    let (least, most) = (*bounds.start(), *bounds.end());
    let value = parse(text)?;
    if parse(least)? <= value && value <= parse(most)? {
        return Ok(value);
    }
    Err(format!("expected {least} to {most}"))
}
