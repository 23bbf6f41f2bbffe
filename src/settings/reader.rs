//! Takes typed values out of the merged layers and keeps every problem with its place.

use std::{
    fmt, fs,
    net::SocketAddr,
    ops::RangeInclusive,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use config::{Value, ValueKind};
use jiff::SignedDuration;

use super::{Secret, layers::Layers};
use crate::{nearest::did_you_mean, problem::Problem};

const LIST: &str =
    "expected a string or a list of strings (in variables numbered from `__0`), in quotes";
const MISSING: &str = "this is missing; its section is not complete without it";

/// Reads key by key; one at fault gives its default now and a problem at the end.
pub(super) struct Reader {
    layers: Layers,
    /// Whether files with secrets are read; if not, there are none in them.
    secrets: bool,
    /// What is no problem and should be changed.
    pub(super) warnings: Vec<String>,
    /// What was read, and should be watched.
    pub(super) files: Vec<PathBuf>,
}

impl Reader {
    pub(super) fn new(layers: Layers, secrets: bool) -> Self {
        Self { layers, secrets, warnings: Vec::new(), files: Vec::new() }
    }

    /// Warns of a secret that every user of this machine can read.
    pub(super) fn warn_if_open(&mut self, key: &str, path: impl AsRef<Path>) {
        let path = path.as_ref();
        if self.secrets
            && fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o004 > 0)
        {
            let path = path.display();
            self.warnings.push(format!(
                "{key}: every user of this machine can read `{path}`; `chmod o-r` it"
            ));
        }
    }

    /// Every problem found.
    pub(super) fn finish(self) -> Vec<Problem> {
        self.layers.problems
    }

    /// Whether any key of this section is set.
    pub(super) fn has(&self, section: &str) -> bool {
        let prefix = format!("{section}.");
        self.layers.setters.keys().any(|key| key.starts_with(&prefix))
    }

    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        match &self.value(key)?.kind {
            ValueKind::String(text) if text.is_empty() => self.wrong(key, "this may not be empty"),
            ValueKind::String(text) => Some(text.clone()),
            _ => self.wrong(key, "expected a string, in quotes"),
        }
    }

    /// A string that must be there and be valid.
    pub(super) fn required_text(
        &mut self,
        key: &str,
        valid: impl Fn(&str) -> Result<(), &'static str>,
    ) -> Option<String> {
        if self.value(key).is_none() {
            return self.wrong(key, MISSING);
        }
        self.valid_text(key, valid)
    }

    /// A string that is valid if it is there.
    pub(super) fn valid_text(
        &mut self,
        key: &str,
        valid: impl Fn(&str) -> Result<(), &'static str>,
    ) -> Option<String> {
        let text = self.text(key)?;
        match valid(&text) {
            Ok(()) => Some(text),
            Err(why) => self.wrong(key, why),
        }
    }

    /// One valid string or a list of them, which must be there.
    pub(super) fn required_list(
        &mut self,
        key: &str,
        valid: impl Fn(&str) -> Result<(), &'static str>,
    ) -> Option<Vec<String>> {
        let Some(value) = self.value(key) else {
            return self.wrong(key, MISSING);
        };
        match list(value) {
            Some(list) => self.all_valid(key, list, valid),
            None => self.wrong(key, LIST),
        }
    }

    fn all_valid(
        &mut self,
        key: &str,
        list: Vec<String>,
        valid: impl Fn(&str) -> Result<(), &'static str>,
    ) -> Option<Vec<String>> {
        if list.is_empty() || list.iter().any(String::is_empty) {
            return self.wrong(key, "this may not be empty");
        }
        match list.iter().find_map(|one| valid(one).err()) {
            Some(why) => self.wrong(key, why),
            None => Some(list),
        }
    }

    pub(super) fn address(&mut self, key: &str) -> Option<SocketAddr> {
        let address = self.text(key)?.parse().ok();
        address
            .or_else(|| self.wrong(key, "expected an address and a port, such as `127.0.0.1:8080`"))
    }

    /// `PORT`, where the environment has it.
    pub(super) fn port(&mut self) -> Option<u16> {
        let value = self.layers.port.take()?;
        let port = std::str::from_utf8(&value).ok().and_then(|text| text.parse().ok());
        port.or_else(|| self.wrong("PORT", "expected a port, from 0 to 65535"))
    }

    /// `RUST_LOG`, where it is a level's name.
    pub(super) fn level(&mut self) -> log::LevelFilter {
        let value = self.layers.log_level.take();
        value
            .and_then(|value| String::from_utf8(value).ok()?.parse().ok())
            .unwrap_or(log::LevelFilter::Info)
    }

    pub(super) fn count(
        &mut self,
        key: &str,
        default: usize,
        range: RangeInclusive<usize>,
    ) -> usize {
        let parse = |text: &str| text.parse().ok();
        self.number(key, range, parse, "a whole number").unwrap_or(default)
    }

    /// A number of bytes.
    pub(super) fn size(
        &mut self,
        key: &str,
        default: usize,
        range: RangeInclusive<usize>,
    ) -> usize {
        self.number(key, range, parse_size, "bytes, such as `256 KiB`").unwrap_or(default)
    }

    pub(super) fn duration(
        &mut self,
        key: &str,
        default: Duration,
        range: RangeInclusive<Duration>,
    ) -> Duration {
        let duration = match self.value(key).map(|value| &value.kind) {
            None => return default,
            Some(ValueKind::String(text)) => parse_duration(text),
            Some(_) => None,
        };
        match duration {
            Some(duration) if range.contains(&duration) => duration,
            Some(_) => {
                let (least, most) = range.into_inner();
                self.wrong(key, format!("expected {} to {}", shown(least), shown(most)))
                    .unwrap_or(default)
            }
            None => {
                self.wrong(key, "expected a duration, such as `2500ms` or `75s`").unwrap_or(default)
            }
        }
    }

    /// Like [`Reader::duration`], and nothing where it is `off`.
    pub(super) fn interval(
        &mut self,
        key: &str,
        default: Duration,
        range: RangeInclusive<Duration>,
    ) -> Option<Duration> {
        let off = self.value(key).is_some_and(|value| value.kind == ValueKind::from("off"));
        (!off).then(|| self.duration(key, default, range))
    }

    /// `true` or `false`, which a variable can only say as text; false where it is not said.
    pub(super) fn flag(&mut self, key: &str) -> bool {
        let flag = match self.value(key).map(|value| &value.kind) {
            None => Some(false),
            Some(ValueKind::Boolean(flag)) => Some(*flag),
            Some(ValueKind::String(text)) => text.parse().ok(),
            Some(_) => None,
        };
        flag.or_else(|| self.wrong(key, "expected `true` or `false`")).unwrap_or_default()
    }

    /// One of some names; the first is the default.
    pub(super) fn choice<T: Copy>(&mut self, key: &str, choices: &[(&str, T); 3]) -> T {
        let [(_, default), ..] = *choices;
        let Some(text) = self.text(key) else {
            return default;
        };
        match choices.iter().find(|(name, _)| *name == text) {
            Some((_, choice)) => *choice,
            None => {
                let suggestion = did_you_mean(&text, choices.iter().map(|(name, _)| *name));
                self.wrong(key, format!("unknown choice{suggestion}")).unwrap_or(default)
            }
        }
    }

    /// The secrets of a key: one or a list by value, or one a line of the file that `<key>_file`
    /// names. Nothing, and a problem, where there is none.
    pub(super) fn secrets(
        &mut self,
        key: &str,
        valid: impl Fn(&str) -> Result<(), &'static str>,
    ) -> Option<Vec<Secret>> {
        let file_key = format!("{key}_file");
        let secrets = match (self.value(key), self.value(&file_key)) {
            (None, None) => self.wrong(key, format!("this is missing; set it, or `{file_key}`")),
            (Some(_), Some(_)) => {
                self.wrong(&file_key, format!("`{key}` is set as well; keep one of them"))
            }
            (Some(_), None) => self.required_list(key, valid),
            (None, Some(_)) => {
                let path = self.text(&file_key)?;
                if !self.secrets {
                    return Some(Vec::new());
                }
                self.warn_if_open(&file_key, &path);
                self.files.push(path.clone().into());
                match fs::read_to_string(path) {
                    Ok(text) => {
                        self.all_valid(&file_key, text.lines().map(str::to_owned).collect(), valid)
                    }
                    Err(error) => self.wrong(&file_key, format!("cannot read the file: {error}")),
                }
            }
        };
        Some(secrets?.into_iter().map(Secret::new).collect())
    }

    fn number(
        &mut self,
        key: &str,
        range: RangeInclusive<usize>,
        parse: impl Fn(&str) -> Option<usize>,
        what: &str,
    ) -> Option<usize> {
        let number = match &self.value(key)?.kind {
            ValueKind::I64(number) => usize::try_from(*number).ok(),
            ValueKind::String(text) => parse(text),
            _ => None,
        };
        match number {
            Some(number) if range.contains(&number) => Some(number),
            Some(_) => {
                let (least, most) = range.into_inner();
                self.wrong(key, format!("expected {least} to {most}"))
            }
            None => self.wrong(key, format!("expected {what}")),
        }
    }

    fn value(&self, key: &str) -> Option<&Value> {
        key.split('.').try_fold(&self.layers.merged, |value, name| match &value.kind {
            ValueKind::Table(table) => table.get(name),
            _ => None,
        })
    }

    /// Notes a problem of this key where it was set, and gives nothing.
    fn wrong<T>(&mut self, key: &str, message: impl fmt::Display) -> Option<T> {
        let problem = match self.layers.setters.get(key) {
            Some(setter) => setter.problem(format!("`{key}`: {message}")),
            None => Problem::named(key, message.to_string()),
        };
        self.layers.problems.push(problem);
        None
    }
}

/// A string, or a list of them; the environment's list is a table of its indices.
fn list(value: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| match &value.kind {
        ValueKind::String(text) => Some(text.clone()),
        _ => None,
    };
    match &value.kind {
        ValueKind::String(text) => Some(vec![text.clone()]),
        ValueKind::Array(items) => items.iter().map(text).collect(),
        ValueKind::Table(indices) => {
            (0..indices.len()).map(|index| text(indices.get(&index.to_string())?)).collect()
        }
        _ => None,
    }
}

fn shown(duration: Duration) -> String {
    match duration.as_millis() {
        millis if millis % 1000 != 0 => format!("{millis}ms"),
        _ => format!("{}s", duration.as_secs()),
    }
}

fn parse_duration(text: &str) -> Option<Duration> {
    text.parse::<SignedDuration>().ok()?.try_into().ok()
}

/// `256 KiB`, `64KiB`, `1 MiB` or `1000`, in bytes.
fn parse_size(text: &str) -> Option<usize> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let factor = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        _ => return None,
    };
    number.parse::<usize>().ok()?.checked_mul(factor)
}
