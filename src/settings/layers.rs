//! The layers that settings come from, each looked through for keys it does not know before the
//! `config` crate merges them: after that nobody can tell who set what.

use std::{collections::BTreeMap, fs, io, ops::Range, path::PathBuf, rc::Rc};

use config::{Config, Environment, File, FileFormat, Value, ValueKind};
use toml::de::{DeTable, DeValue};

use super::{DEFAULT_FILE, Sources};
use crate::{nearest::did_you_mean, problem::Problem};

/// What the names of our variables start with.
pub(super) const PREFIX: &str = "HOOK__";

/// Every key there is.
const KEYS: &[&str] = &[
    "server.bind",
    "server.workers",
    "server.body_limit",
    "server.request_timeout",
    "server.max_connections",
    "server.keep_alive",
    "server.drain_delay",
    "server.shutdown_timeout",
    "server.tls.certificate",
    "server.tls.key",
    "metrics.bind",
    "auth.basic.username",
    "auth.basic.password",
    "auth.basic.password_file",
    "auth.header.name",
    "auth.header.secret",
    "auth.header.secret_file",
    "auth.oauth.issuer",
    "auth.oauth.audience",
    "auth.oauth.client_ids",
    "auth.oauth.scope",
    "auth.oauth.jwks_uri",
    "auth.oauth.ca_file",
    "auth.oauth.leeway",
    "auth.oauth.max_stale",
    "rules.directory",
    "rules.reload",
    "log.decisions",
    "log.format",
    "response.debug_context",
];

/// Keys that take a list, too, which the environment gives element by element.
const LISTS: &[&str] = &["auth.basic.password", "auth.header.secret", "auth.oauth.client_ids"];

/// The merged layers, and what set each key last.
pub(super) struct Layers {
    pub(super) merged: Value,
    pub(super) setters: BTreeMap<String, Setter>,
    pub(super) port: Option<Vec<u8>>,
    pub(super) log_level: Option<Vec<u8>>,
    pub(super) problems: Vec<Problem>,
}

/// What set a key, for problems.
#[derive(Clone)]
pub(super) enum Setter {
    /// A place in the settings file.
    File { name: String, text: Rc<str>, at: usize },
    /// A variable or a flag.
    Named(String),
}

impl Setter {
    pub(super) fn problem(&self, message: String) -> Problem {
        match self {
            Self::File { name, text, at } => Problem::in_secret_text(name, text, *at, message),
            Self::Named(name) => Problem::named(name, message),
        }
    }
}

/// Reads every layer and merges them.
pub(super) fn collect(sources: &Sources) -> Result<Layers, Problem> {
    let mut layers = Layers {
        merged: Value::new(None, ValueKind::Table(config::Map::new())),
        setters: BTreeMap::new(),
        port: variable(sources, "PORT"),
        log_level: variable(sources, "RUST_LOG"),
        problems: Vec::new(),
    };
    let mut builder = Config::builder();
    if let Some((name, text)) = read_file(sources)?
        && layers.look_through_file(&name, &text)
    {
        builder = builder.add_source(File::from_str(&text, FileFormat::Toml));
    }
    builder = builder.add_source(layers.look_through_environment(sources));
    let mut merged = builder.build();
    if let (Ok(config), Some(rules)) = (&merged, &sources.rules) {
        let key = "rules.directory";
        layers.note(key, Setter::Named("--rules".to_owned()));
        merged = Config::builder()
            .add_source(config.clone())
            .set_override(key, rules.display().to_string())
            .and_then(|builder| builder.build());
    }
    match merged {
        Ok(config) => layers.merged = config.cache,
        // Its own message would show values.
        Err(_) if layers.problems.is_empty() => layers.problems.push(Problem::named(
            "settings",
            "the layers do not fit together; a section is set as if it were a key",
        )),
        Err(_) => {}
    }
    Ok(layers)
}

fn variable(sources: &Sources, name: &str) -> Option<Vec<u8>> {
    let (_, value) = sources.environment.iter().find(|(other, _)| other == name)?;
    Some(value.clone())
}

/// The name and text of the file that was named, or of the default one where it is there.
fn read_file(sources: &Sources) -> Result<Option<(String, String)>, Problem> {
    let (path, place) = match &sources.file {
        Some(path) => (path.clone(), "--config"),
        None => (PathBuf::from(DEFAULT_FILE), "settings"),
    };
    let name = path.display().to_string();
    let why = match fs::read(&path).map(String::from_utf8) {
        Ok(Ok(text)) => return Ok(Some((name, text))),
        Err(error) if error.kind() == io::ErrorKind::NotFound && sources.file.is_none() => {
            return Ok(None);
        }
        Ok(Err(_)) => format!("`{name}` is not UTF-8"),
        Err(error) => format!("cannot read `{name}`: {error}"),
    };
    Err(Problem::named(place, why))
}

impl Layers {
    /// Notes every key of the file; false if its syntax is at fault.
    fn look_through_file(&mut self, name: &str, text: &str) -> bool {
        let shared: Rc<str> = text.into();
        let (document, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let at = error.span().map_or(0, |span| span.start);
            // The parser's own message may quote the line.
            self.problems.push(Problem::in_secret_text(
                name,
                text,
                at,
                "the syntax of TOML is broken here; see https://toml.io",
            ));
        }
        if !errors.is_empty() {
            return false;
        }
        let mut keys = Vec::new();
        flatten(document.get_ref(), "", &mut keys);
        keys.sort_by_key(|(_, span)| span.start);
        for (key, span) in keys {
            let setter =
                Setter::File { name: name.to_owned(), text: shared.clone(), at: span.start };
            self.note(&key, setter);
        }
        true
    }

    /// Notes every variable of ours, and gives them as a source for merging.
    fn look_through_environment(&mut self, sources: &Sources) -> Environment {
        let mut variables = config::Map::new();
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in &sources.environment {
            let path = name.to_ascii_lowercase().replace("__", ".");
            let Some(path) = path.strip_prefix("hook.") else {
                continue;
            };
            let setter = Setter::Named(name.clone());
            let Ok(value) = String::from_utf8(value.clone()) else {
                self.problems.push(setter.problem("the value is not UTF-8".to_owned()));
                continue;
            };
            // `…password.0` is an element of a list.
            let list = path.rsplit_once('.').and_then(|(list, index)| {
                let is_index = !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit());
                (LISTS.contains(&list) && is_index).then_some(list)
            });
            // Which of two would win, chance would decide: the same key in another case, or a list
            // as a whole and by its elements.
            let elements = format!("{path}.");
            let rival = seen.iter().find(|(other, _)| {
                let of_list = LISTS.contains(&path) && other.starts_with(&elements);
                *other == path || Some(other.as_str()) == list || of_list
            });
            if let Some((_, rival)) = rival {
                self.problems
                    .push(setter.problem(format!("`{rival}` sets the same key; keep one")));
                continue;
            }
            seen.insert(path.to_owned(), name.clone());
            variables.insert(name.clone(), value);
            self.note(list.unwrap_or(path), setter);
        }
        Environment::with_prefix("HOOK")
            .prefix_separator("__")
            .separator("__")
            .source(Some(variables))
    }

    /// Notes that this key is set here, or that there is no such key.
    fn note(&mut self, key: &str, setter: Setter) {
        if KEYS.contains(&key) {
            self.setters.insert(key.to_owned(), setter);
            return;
        }
        let message = if is_section(key) {
            format!("`{key}` is a section; set the keys in it")
        } else {
            let sections = KEYS.iter().filter_map(|key| Some(key.rsplit_once('.')?.0));
            let suggestion = did_you_mean(key, KEYS.iter().copied().chain(sections));
            format!("unknown key `{key}`{suggestion}")
        };
        self.problems.push(setter.problem(message));
    }
}

fn is_section(path: &str) -> bool {
    KEYS.iter().any(|key| key.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
}

/// The dotted keys of a table and where each stands. A table that is no section of ours is a key.
fn flatten(table: &DeTable<'_>, prefix: &str, keys: &mut Vec<(String, Range<usize>)>) {
    for (key, value) in table {
        let path = format!("{prefix}{}", key.get_ref());
        match value.get_ref() {
            DeValue::Table(inner) if is_section(&path) && !inner.is_empty() => {
                flatten(inner, &format!("{path}."), keys);
            }
            _ => keys.push((path, key.span())),
        }
    }
}
