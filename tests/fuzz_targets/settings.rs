//! A settings file and variables → the settings, or their problems.

use std::fs;

use registration_hook::settings::{
    self, Layers, LoadedSettings, SecretFiles, Settings, SourceSettings,
};

/// The line between the file and the variables, of which each has a line of its own.
const VARIABLES: &str = "\n#variables\n";
/// Texts that occur in values only. No problem may repeat them.
const SECRETS: [&str; 2] = ["s3cr3t", "31337"];

/// Loads settings. No problem repeats a value, and valid settings are within the documented bounds.
pub fn settings(data: &[u8]) {
    let (file, variables) = split(data);
    let folder = tempfile::tempdir().expect("a folder for the settings");
    let path = folder.path().join("settings.toml");
    fs::write(&path, file).expect("the settings can be written");
    let environment = read_variables(variables);
    let mut names = names_in_file(file);
    names.extend(environment.iter().map(|(name, _)| name.clone()));
    let sources =
        Layers { file: Some(path), rules: None, environment, secret_files: SecretFiles::Read };
    match settings::load(&sources) {
        Err(problem) => assert_has_no_secret(&problem.to_string(), &names),
        Ok(LoadedSettings { settings, problems }) => {
            for problem in problems.iter() {
                assert_has_no_secret(&problem.to_string(), &names);
            }
            if problems.is_empty() {
                assert_is_within_bounds(&settings);
            }
        }
    }
}

/// The file and the variables.
fn split(data: &[u8]) -> (&[u8], &[u8]) {
    for at in 0..data.len() {
        if data[at..].starts_with(VARIABLES.as_bytes()) {
            return (&data[..at], &data[at + VARIABLES.len()..]);
        }
    }
    (data, &[])
}

/// The variables of lines as `NAME=VALUE`; other lines are left out.
fn read_variables(lines: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut variables = Vec::new();
    for line in lines.split(|byte| *byte == b'\n') {
        let Some(equals) = line.iter().position(|byte| *byte == b'=') else {
            continue;
        };
        if let Ok(name) = str::from_utf8(&line[..equals]) {
            variables.push((name.to_owned(), line[equals + 1..].to_vec()));
        }
    }
    variables
}

/// Every key of the file, which a problem may name. If the file is not TOML for another reader, these
/// are all texts that may be a key: the lines with a bracket, and the text before an equals sign.
fn names_in_file(file: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    let Ok(text) = str::from_utf8(file) else {
        return names;
    };
    if let Ok(table) = text.trim_start_matches('\u{feff}').parse::<toml::Table>() {
        add_names(&table, &mut names);
        return names;
    }
    for line in text.lines() {
        match line.split_once('=') {
            Some((key, _)) => names.push(key.to_owned()),
            None if line.contains('[') => names.push(line.to_owned()),
            None => {}
        }
    }
    names
}

fn add_names(table: &toml::Table, names: &mut Vec<String>) {
    for (name, value) in table {
        names.push(name.clone());
        if let toml::Value::Table(inner) = value {
            add_names(inner, names);
        }
    }
}

fn assert_has_no_secret(problem: &str, names: &[String]) {
    for secret in SECRETS {
        // A name is not a secret: a problem may say which key is not known.
        let is_in_name = names.iter().any(|name| name.to_lowercase().contains(secret));
        if !is_in_name {
            assert!(!problem.to_lowercase().contains(secret), "a value is shown: {problem}");
        }
    }
}

/// The bounds of the documentation, and that nobody is let in without credentials.
fn assert_is_within_bounds(settings: &Settings) {
    let server = &settings.server;
    assert!((1..=512).contains(&server.workers));
    assert!((1..=64 << 20).contains(&server.body_limit));
    assert!((1..=60_000).contains(&server.request_timeout.as_millis()));
    assert!((1..=1_000_000).contains(&server.max_connections));
    assert!((1..=3600).contains(&server.keep_alive.as_secs()));
    assert!(server.drain_delay.as_secs() <= 3600);
    assert!(server.shutdown_timeout.as_secs() <= 3600);
    if let Some(reload) = settings.rules.reload {
        assert!((100..=3_600_000).contains(&reload.as_millis()));
    }
    assert!(settings.lookups_timeout < server.request_timeout);
    settings.sources.values().for_each(assert_is_valid_source);
    assert!(
        settings.auth.is_configured() || server.bind.ip().is_loopback(),
        "anybody who reaches the address is let in"
    );
    if let Some(basic) = &settings.auth.basic {
        assert!(!basic.username.is_empty() && !basic.username.contains(':'));
        assert!(!basic.passwords.expose().is_empty());
        assert!(basic.passwords.expose().iter().all(|password| !password.is_empty()));
    }
    if let Some(header) = &settings.auth.header {
        assert!(!header.name.is_empty());
        assert!(!header.secrets.expose().is_empty());
        assert!(header.secrets.expose().iter().all(|secret| !secret.is_empty()));
    }
}

fn assert_is_valid_source(source: &SourceSettings) {
    match source {
        SourceSettings::Http(source) => {
            assert!((1..=1024).contains(&source.concurrency));
            assert!(source.url.password().is_none() && source.url.query().is_none());
        }
        SourceSettings::Postgres(source) => {
            assert!((1..=1024).contains(&source.connections));
            assert!(source.url.password().is_none());
            for (name, _) in source.url.query_pairs() {
                assert!(matches!(name.as_ref(), "host" | "user"));
            }
        }
    }
}
