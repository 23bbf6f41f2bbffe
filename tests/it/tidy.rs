//! What the source must not contain.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::support::repository;

fn sources(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    fs::read_dir(path).unwrap().flat_map(|entry| sources(&entry.unwrap().path())).collect()
}

fn lines(path: &Path) -> Vec<(String, String)> {
    let text = fs::read_to_string(path).unwrap();
    let name = path.strip_prefix(repository("")).unwrap().display().to_string();
    (1..)
        .zip(text.lines())
        .map(|(number, line)| (format!("{name}:{number}"), line.to_owned()))
        .collect()
}

/// Fails, naming the line, where any of these words stands in code (comments may say them).
fn assert_absent(places: &[&str], words: &[&str]) {
    let mut looked_at = 0;
    for path in places.iter().flat_map(|place| sources(&repository(place))) {
        for (place, line) in lines(&path) {
            looked_at += 1;
            if line.trim_start().starts_with("//") {
                continue;
            }
            for word in words {
                assert!(!line.contains(word), "{place} has `{word}`: {line}");
            }
        }
    }
    assert!(looked_at > 100, "{places:?} hold {looked_at} lines");
}

#[test]
fn the_core_knows_no_http_file_environment_clock_or_log() {
    let outside = [
        "actix",
        "std::fs",
        "fs::",
        "std::env",
        "env::",
        "SystemTime",
        "Instant",
        "Timestamp::now",
        "log::",
        "std::io",
        "tokio",
        "println",
    ];
    assert_absent(&["src/okta.rs", "src/okta", "src/rule.rs", "src/rule"], &outside);
}

/// The modules of ours that these files import.
fn imports(places: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for path in places.iter().flat_map(|place| sources(&repository(place))) {
        let text = fs::read_to_string(&path).unwrap();
        for (_, rest) in
            text.match_indices("crate::").map(|(at, word)| text.split_at(at + word.len()))
        {
            // One name, or the first names of a group.
            let mut names = vec![rest];
            if let Some(group) = rest.strip_prefix('{') {
                names.clear();
                let mut depth = 0;
                for part in group.split_inclusive([',', '{', '}']) {
                    if depth == 0 {
                        names.push(part);
                    }
                    depth += i32::from(part.ends_with('{')) - i32::from(part.ends_with('}'));
                    if depth < 0 {
                        break;
                    }
                }
            }
            let name = |text: &str| {
                text.trim_start()
                    .split(|c: char| !c.is_alphanumeric() && c != '_')
                    .next()
                    .unwrap_or("")
                    .to_owned()
            };
            found.extend(names.into_iter().map(name).filter(|name| !name.is_empty()));
        }
    }
    found
}

#[test]
fn directions_hold() {
    for (places, allowed) in [
        (&["src/okta.rs", "src/okta"][..], &["okta"][..]),
        (&["src/rule.rs", "src/rule"], &["okta", "nearest", "rule"]),
        (&["src/auth.rs", "src/auth"], &["escape", "file", "origin"]),
        (
            &["src/settings.rs", "src/settings"],
            &["file", "nearest", "origin", "problem", "toml_bound"],
        ),
        (
            &["src/load.rs", "src/load"],
            &["file", "okta", "nearest", "problem", "rule", "toml_bound"],
        ),
        (&["src/lint.rs", "src/lint"], &["load", "okta", "org", "problem", "rule"]),
        (&["src/org.rs", "src/org"], &["file", "okta", "nearest", "problem"]),
        (&["src/pipeline.rs"], &["okta", "rule"]),
        (&["src/decision_log.rs", "src/decision_log"], &["escape", "rule", "settings", "sink"]),
        (&["src/metrics.rs"], &[]),
        (&["src/credentials.rs"], &["auth", "problem", "settings"]),
        (&["src/certificate.rs"], &["file", "problem", "settings"]),
        (&["src/state.rs"], &["credentials", "rule"]),
        (
            &["src/reload.rs", "src/reload"],
            &[
                "certificate",
                "credentials",
                "file",
                "load",
                "metrics",
                "problem",
                "rule",
                "settings",
                "state",
            ],
        ),
        (&["src/sink.rs"], &["throttle"]),
        (
            &[
                "src/escape.rs",
                "src/file.rs",
                "src/nearest.rs",
                "src/origin.rs",
                "src/problem.rs",
                "src/throttle.rs",
            ],
            &[],
        ),
    ] {
        for name in imports(places) {
            assert!(allowed.contains(&name.as_str()), "{places:?} import `{name}`");
        }
    }
    assert!(imports(&["src/server.rs", "src/server"]).len() > 3, "the search finds nothing");
    assert_absent(&["src/auth.rs", "src/auth"], &["actix"]);
}

/// What holds an end user's values or the service's secrets has nothing that prints it.
#[test]
fn what_may_not_be_printed_cannot_be() {
    for (file, name) in [
        ("src/auth/secrets.rs", "struct Secrets"),
        ("src/auth.rs", "struct Authenticator"),
        ("src/auth.rs", "struct SecretHeader"),
        ("src/okta.rs", "enum Value"),
        ("src/okta.rs", "struct Attribute"),
        ("src/okta.rs", "struct Form"),
        ("src/okta.rs", "struct Request<"),
        ("src/okta.rs", "struct Assignment"),
        ("src/okta/language.rs", "struct LanguageTag"),
    ] {
        let text = fs::read_to_string(repository(file)).unwrap();
        let (before, _) = text.split_once(name).expect(name);
        let above = before.rsplit("\n\n").next().unwrap();
        let bare = name.split([' ', '<']).nth(1).unwrap();
        for printing in ["Debug", "Display"] {
            assert!(!above.contains(printing), "{name}: {above}");
            assert!(!text.contains(&format!("{printing} for {bare}")), "{name}: {printing}");
        }
    }
}

#[test]
fn command_names_stand_in_one_file() {
    let elsewhere: Vec<_> = sources(&repository("src"))
        .into_iter()
        .filter(|path| !path.ends_with("okta/flow.rs"))
        .collect();
    for path in elsewhere {
        for (place, line) in lines(&path) {
            let named =
                line.contains("com.okta.") && !line.contains("com.okta.user.pre-registration");
            assert!(!named, "{place}: {line}");
        }
    }
}

#[test]
fn only_settings_read_the_environment() {
    let others: Vec<_> = sources(&repository("src"))
        .into_iter()
        .filter(|path| !path.ends_with("src/settings.rs"))
        .collect();
    for path in others {
        for (place, line) in lines(&path) {
            assert!(!line.contains("env::var"), "{place}: {line}");
        }
    }
}

#[test]
fn files_are_short() {
    for path in sources(&repository("src")) {
        let count = lines(&path).len();
        assert!(count <= 300, "{}: {count} lines; split it by idea", path.display());
    }
}
