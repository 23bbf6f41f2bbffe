//! Settings of lookups and their sources.

use std::{fs, path::PathBuf, time::Duration};

use registration_hook::settings::{SecretFiles, SourceSettings, load};

use crate::{
    settings::{good, layers, loaded, problems},
    support::{CpuTimer, Failures, program, rules_folder, run, text},
};

const HTTP: &str = "[sources.members]\nurl = 'https://members.example'\n";
const POSTGRES: &str = "[sources.people]\nurl = 'postgres://hook@db.example:5432/people'\n";

/// A source in one line: its URL, its header or password, its `ca_file` and its limit.
fn describe(source: Option<&SourceSettings>) -> String {
    match source {
        Some(SourceSettings::Http(source)) => {
            let header = match &source.header {
                Some(header) => format!("{}: {:?}", header.name, header.secret.expose()),
                None => "no header".to_owned(),
            };
            format!("{} {header} {:?} {}", source.url, source.ca_file, source.concurrency)
        }
        Some(SourceSettings::Postgres(source)) => {
            let password = source.password.as_ref().map(|password| password.expose());
            format!("{} {password:?} {:?} {}", source.url, source.ca_file, source.connections)
        }
        None => "none".to_owned(),
    }
}

#[test]
fn sources_have_the_documented_defaults() {
    let settings = good(&format!("{HTTP}{POSTGRES}"), &[]);

    assert_eq!(settings.sources.len(), 2);
    assert_eq!(
        describe(settings.sources.get("members")),
        "https://members.example/ no header None 32"
    );
    assert_eq!(
        describe(settings.sources.get("people")),
        "postgres://hook@db.example:5432/people None None 8"
    );
    assert_eq!(settings.lookups_timeout, Duration::from_millis(1500));
}

#[test]
fn every_key_of_a_source_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    fs::write(&secret, "s3cr3t\n").unwrap();
    let path = secret.display();

    let settings = good(
        &format!(
            "{HTTP}header = 'Authorization'\nsecret_file = '{path}'\nca_file = 'ca'\nconcurrency = 5\n\
             {POSTGRES}password = 'Pa55word'\nca_file = 'ca'\nconnections = '3'\n\
             [sources.socket]\nurl = 'postgres:///people?host=/run/postgresql&user=hook'"
        ),
        &[],
    );

    assert_eq!(
        describe(settings.sources.get("members")),
        "https://members.example/ authorization: Some(\"s3cr3t\") Some(\"ca\") 5"
    );
    assert_eq!(
        describe(settings.sources.get("people")),
        "postgres://hook@db.example:5432/people Some(Some(\"Pa55word\")) Some(\"ca\") 3"
    );
    assert!(settings.sources.contains_key("socket"));
    assert!(settings.files.contains(&secret), "reload watches the secret");

    let printed = format!("{settings:?}");

    assert!(!printed.contains("s3cr3t") && !printed.contains("Pa55word"), "{printed}");
}

#[test]
fn urls_of_sources_are_accepted_or_refused_with_the_reason() {
    let mut failures = Failures::default();

    for (url, reason) in [
        ("https://members.example/base/v1", ""),
        ("HTTPS://members.example:8443", ""),
        ("http://127.0.0.1:9000", ""),
        ("http://[::1]:9000", ""),
        ("http://localhost", ""),
        ("postgres://hook@db.example/people", ""),
        ("postgresql://hook@127.0.0.1:5432/people", ""),
        ("postgres://hook@[::1]:5432/people", ""),
        ("postgres://hook@%2Frun%2Fpostgresql/people", ""),
        ("postgres:///people?host=/run/postgresql", ""),
        ("postgres:///people?host=%2Frun%2Fpostgresql&user=hook", ""),
        ("http://members.example", "expected `https` (`http` only on a loopback address)"),
        ("https://Pa55word@members.example", "a user name, password or fragment is not allowed"),
        ("https://u:Pa55word@members.example", "a user name, password or fragment is not allowed"),
        ("https://members.example#Pa55word", "a user name, password or fragment is not allowed"),
        ("https://members.example?key=Pa55word", "has no query; write it in the lookup"),
        ("https://mem bers.example", "expected an absolute URL"),
        ("members.example", "expected a URL that starts with `https://`"),
        ("postgres://db.example/people", "names no user"),
        ("postgres://db.example/people?user=hook", ""),
        ("postgres://%2Frun%2Fpostgresql/people", ""),
        ("mysql://db.example/people", "expected a URL that starts with `https://`"),
        ("file:///etc/passwd", "expected a URL that starts with `https://`"),
        ("postgres://hook:Pa55word@db.example/people", "use `password_file`"),
        ("postgres://hook@db.example/people#Pa55word", "a fragment is not allowed"),
        (
            "postgres://hook@db.example/people?sslmode=disable",
            "only two parameters are allowed here: `user`, and `host`",
        ),
        (
            "postgres:///people?host=/run&password=Pa55word",
            "only two parameters are allowed here: `user`, and `host`",
        ),
        ("postgres:///people?host=db.example", "`host` must be the absolute path"),
        ("postgres://hook@db.example/people?host=/run", "two hosts"),
        ("postgres://hook@db.example/people?user=other", "two users"),
        ("postgres:///people", "expected a URL such as `postgres://user@db.example.com"),
        ("postgres:people", "expected a URL that starts with"),
        (
            "postgres://hook@db example/people",
            "expected a URL such as `postgres://user@db.example.com",
        ),
    ] {
        let found = problems(&format!("[sources.s]\nurl = '{url}'"), &[]);

        if reason.is_empty() {
            failures.check_eq(url, found, [""; 0]);
            continue;
        }
        failures.check_eq(url, found.len(), 1);
        failures.check_contains(url, &found[0], "test.toml:2:1: `sources.s.url`: ");
        failures.check_contains(url, &found[0], reason);
        failures.check(format!("a value is shown: {}", found[0]), !found[0].contains("Pa55"));
    }

    failures.assert_none();
}

#[test]
fn invalid_keys_of_sources_are_reported_with_their_places() {
    let mut failures = Failures::default();

    for (file, message) in [
        ("[sources.x]\nconcurrency = 4", "sources.x.url: this is missing; its section requires it"),
        (
            "[sources.x]\nulr = 'https://x.example'\nurl = 'https://x.example'",
            "test.toml:2:1: unknown key `sources.x.ulr`; did you mean `sources.x.url`?",
        ),
        (
            "[source.x]\nurl = 'https://x.example'",
            "test.toml:1:2: unknown key `source`; did you mean `sources`?",
        ),
        ("[sources]", "test.toml:1:2: `sources` is a section; set the keys in it"),
        ("[sources.x]", "test.toml:1:10: `sources.x` is a section; set the keys in it"),
        (
            "sources.x = 'https://x.example'",
            "test.toml:1:9: `sources.x` is a section; set the keys in it",
        ),
        (
            "[sources.'a b']\nurl = 'https://x.example'",
            "test.toml:1:10: `a b` is not a name of a source; use ASCII letters, digits, `_` and `-`",
        ),
        (
            "[sources.'a.b']\nurl = 'https://x.example'",
            "test.toml:1:10: `a\\.b` is not a name of a source; use ASCII letters, digits, `_` and `-`",
        ),
        (
            "[sources.'']\nurl = 'https://x.example'",
            "test.toml:1:10: `` is not a name of a source; use ASCII letters, digits, `_` and `-`",
        ),
        (
            &format!("{HTTP}concurrency = 0"),
            "test.toml:3:1: `sources.members.concurrency`: expected 1 to 1024",
        ),
        (
            &format!("{HTTP}concurrency = 1025"),
            "test.toml:3:1: `sources.members.concurrency`: expected 1 to 1024",
        ),
        (
            &format!("{POSTGRES}connections = 1025"),
            "test.toml:3:1: `sources.people.connections`: expected 1 to 1024",
        ),
        (
            &format!("{HTTP}connections = 8"),
            "test.toml:3:1: `sources.members.connections`: an HTTP source has no such key; use `concurrency`",
        ),
        (
            &format!("{HTTP}password = 'Pa55word'"),
            "test.toml:3:1: `sources.members.password`: an HTTP source has no such key; use `secret`",
        ),
        (
            &format!("{POSTGRES}concurrency = 8"),
            "test.toml:3:1: `sources.people.concurrency`: a PostgreSQL source has no such key; use `connections`",
        ),
        (
            &format!("{POSTGRES}header = 'authorization'"),
            "test.toml:3:1: `sources.people.header`: a PostgreSQL source has no such key; use `password_file`",
        ),
        (
            &format!("{POSTGRES}secret = 'Pa55word'"),
            "test.toml:3:1: `sources.people.secret`: a PostgreSQL source has no such key; use `password`",
        ),
        (
            &format!("{HTTP}header = 'authorization'"),
            "sources.members.secret: this is missing; set the header's value, or `sources.members.secret_file`",
        ),
        (
            &format!("{HTTP}secret = 'Pa55word'"),
            "sources.members.header: this is missing; name the header that carries the secret",
        ),
        (
            &format!("{HTTP}header = 'a b'\nsecret = 'Pa55word'"),
            "test.toml:3:1: `sources.members.header`: this is not a header name; use letters, digits and hyphens",
        ),
        (
            &format!("{HTTP}header = 'a'\nsecret = ['Pa55word']"),
            "test.toml:4:1: `sources.members.secret`: expected a string, in quotes",
        ),
        (
            &format!("{HTTP}header = 'a'\nsecret = ''"),
            "test.toml:4:1: `sources.members.secret`: this may not be empty",
        ),
        (
            &format!("{HTTP}header = 'a'\nsecret = 'Pa55word'\nsecret_file = 'f'"),
            "test.toml:5:1: `sources.members.secret_file`: `sources.members.secret` is set as well; keep one of them",
        ),
        (
            &format!("{POSTGRES}password_file = '/nonexistent'"),
            "test.toml:3:1: `sources.people.password_file`: cannot read the file: No such file or directory (os error 2)",
        ),
        (
            "lookups.timout = '1s'",
            "test.toml:1:9: unknown key `lookups.timout`; did you mean `lookups.timeout`?",
        ),
    ] {
        failures.check_eq(file, problems(file, &[]), [message]);
    }

    failures.assert_none();
}

#[test]
fn a_secret_of_a_source_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    let file = format!("{POSTGRES}password_file = '{}'", path.display());
    let mut failures = Failures::default();

    for (text, reason) in [
        ("s3cr3t\r\n", ""),
        ("\n", "this may not be empty"),
        ("", "this may not be empty"),
        ("s3cr3t\nother\n", "the file has several lines; keep one"),
        ("s3cr3t\u{7}\n", "control characters are not allowed; remove them"),
    ] {
        fs::write(&path, text).unwrap();
        let mut expected = Vec::new();
        if !reason.is_empty() {
            expected.push(format!("test.toml:3:1: `sources.people.password_file`: {reason}"));
        }

        failures.check_eq(format!("{text:?}"), problems(&file, &[]), expected);
    }

    failures.assert_none();
}

#[test]
fn secret_files_of_sources_are_read_only_when_secrets_are_needed() {
    let file = format!("{HTTP}header = 'a'\nsecret_file = '/nonexistent'");
    let (mut layers, _folder) = layers(Some(&file), &[]);

    assert_eq!(load(&layers).unwrap().problems.len(), 1);

    layers.secret_files = SecretFiles::Skip;

    assert_eq!(
        describe(loaded(&layers).sources.get("members")),
        "https://members.example/ a: None None 32"
    );
}

#[test]
fn variables_set_sources_of_the_file_and_new_ones() {
    let settings = good(
        &format!("{HTTP}[sources.Staff-2]\nurl = 'https://staff.example'\nconcurrency = 7\n"),
        &[
            ("HOOK__SOURCES__MEMBERS__CONCURRENCY", "5"),
            ("HOOK__SOURCES__STAFF-2__URL", "https://other.example"),
            ("HOOK__SOURCES__NEW_ONE__URL", "postgres://hook@db.example/people"),
            ("HOOK__SOURCES__007__URL", "https://seven.example"),
        ],
    );
    let mut failures = Failures::default();

    failures.check_eq("count", settings.sources.len(), 4);
    for (name, source) in [
        ("members", "https://members.example/ no header None 5"),
        ("Staff-2", "https://other.example/ no header None 7"),
        ("new_one", "postgres://hook@db.example/people None None 8"),
        ("007", "https://seven.example/ no header None 32"),
    ] {
        failures.check_eq(name, describe(settings.sources.get(name)), source);
    }

    failures.assert_none();
}

#[test]
fn a_variable_prefers_the_source_in_lower_case() {
    let file =
        "[sources.Staff]\nurl = 'https://a.example'\n[sources.staff]\nurl = 'https://b.example'";

    let settings = good(file, &[("HOOK__SOURCES__STAFF__CONCURRENCY", "5")]);

    assert_eq!(describe(settings.sources.get("Staff")), "https://a.example/ no header None 32");
    assert_eq!(describe(settings.sources.get("staff")), "https://b.example/ no header None 5");
}

#[test]
fn invalid_variables_of_sources_are_reported() {
    let mut failures = Failures::default();

    for (name, value, message) in [
        (
            "HOOK__SOURCES__MEMBERS__ULR",
            "x",
            "HOOK__SOURCES__MEMBERS__ULR: unknown key `sources.members.ulr`; did you mean `HOOK__SOURCES__MEMBERS__URL`?",
        ),
        (
            "HOOK__SOURCES__MEMBERS",
            "x",
            "HOOK__SOURCES__MEMBERS: `sources.members` is a section; set the keys in it",
        ),
        ("HOOK__SOURCES", "x", "HOOK__SOURCES: `sources` is a section; set the keys in it"),
        (
            "HOOK__SOURCES__A B__URL",
            "https://x.example",
            "HOOK__SOURCES__A B__URL: `a b.url` is not a name of a source; use ASCII letters, digits, `_` and `-`",
        ),
        (
            "HOOK__SOURCES__MEMBERS__URL",
            "https://u:Pa55word@members.example",
            "HOOK__SOURCES__MEMBERS__URL: `sources.members.url`: a user name, password or fragment is not allowed here",
        ),
    ] {
        failures.check_eq(name, problems(HTTP, &[(name, value)]), [message]);
    }

    failures.assert_none();
}

#[test]
fn lookups_end_before_the_request_does() {
    let mut failures = Failures::default();

    for (file, timeout) in [
        ("", Some(1500)),
        ("server.request_timeout = '60s'", Some(1500)),
        ("server.request_timeout = '1s'", Some(600)),
        ("lookups.timeout = '2400ms'", Some(2400)),
        ("lookups.timeout = '3s'\nserver.request_timeout = '4s'", Some(3000)),
        ("lookups.timeout = '2500ms'", None),
        ("lookups.timeout = '1s'\nserver.request_timeout = '1s'", None),
    ] {
        if let Some(timeout) = timeout {
            let expected = Duration::from_millis(timeout);
            failures.check_eq(file, good(file, &[]).lookups_timeout, expected);
            continue;
        }
        let message = "test.toml:1:9: `lookups.timeout`: this is not less than `server.request_timeout`; lower it, or raise that setting";
        failures.check_eq(file, problems(file, &[]), [message]);
    }

    failures.assert_none();
}

#[test]
fn changed_sources_do_not_need_a_restart_and_a_changed_timeout_does() {
    let settings = good(HTTP, &[]);

    assert!(settings.equals_apart_from_reloaded_parts(&good(POSTGRES, &[])));
    assert!(!settings.equals_apart_from_reloaded_parts(&good("lookups.timeout = '1s'", &[])));
}

#[test]
fn ten_thousand_sources_are_read_in_reasonable_time() {
    let mut file = String::new();
    for number in 0..10_000 {
        file.push_str(&format!("[sources.s{number}]\nurl = 'https://x.example'\n"));
    }

    let timer = CpuTimer::start();
    let settings = good(&file, &[]);

    assert_eq!(settings.sources.len(), 10_000);
    assert!(timer.taken() < Duration::from_secs(20), "{:?}", timer.taken());
}

#[test]
fn the_certificates_of_a_source_are_not_read_with_the_settings() {
    let settings = good(&format!("{HTTP}ca_file = '/nonexistent'"), &[]);

    let Some(SourceSettings::Http(source)) = settings.sources.get("members") else {
        panic!("an HTTP source");
    };
    assert_eq!(source.ca_file, Some(PathBuf::from("/nonexistent")));
}

#[test]
fn an_authorization_header_without_its_scheme_gets_a_warning() {
    let mut failures = Failures::default();

    for (header, secret, count) in [
        ("authorization", "3f9c", 1),
        ("Authorization", "3f9c", 1),
        ("authorization", "Bearer 3f9c", 0),
        ("x-api-key", "3f9c", 0),
    ] {
        let settings = good(&format!("{HTTP}header = '{header}'\nsecret = '{secret}'"), &[]);
        failures.check_eq(format!("{header}: {secret}"), settings.warnings.len(), count);
        for warning in settings.warnings {
            failures.check_contains(&warning, &warning, "sources.members.secret: ");
            failures.check(&warning, !warning.contains("3f9c"));
        }
    }

    failures.assert_none();
}

/// The service does not start with these faults, either.
#[test]
fn certificates_and_hosts_of_sources_that_cannot_be_used_are_problems_of_check() {
    let folder = rules_folder(&[
        ("rules/join.toml", "[self_service_registration]\nallow_all = true\n"),
        ("none.pem", "x"),
        ("invalid.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
    ]);
    let source = |url: &str, keys: &str| format!("[sources.x]\nurl = \"{url}\"\n{keys}\n");
    let api = "https://members.example";
    let database = "postgres://u@db.example/people";
    let mut failures = Failures::default();

    for (settings, expected) in [
        (source(api, "ca_file = 'missing.pem'"), "sources.x.ca_file: cannot read `missing.pem`: "),
        (
            source(api, "ca_file = 'none.pem'"),
            "sources.x.ca_file: `none.pem` has no PEM certificate\n",
        ),
        (
            source(database, "ca_file = 'invalid.pem'"),
            "sources.x.ca_file: `invalid.pem` has an invalid PEM certificate\n",
        ),
        (
            source("postgres://u@h1,h2/people", ""),
            "sources.x: `url` names several hosts; name one\n",
        ),
    ] {
        fs::write(folder.path().join("settings.toml"), &settings).unwrap();
        for (subcommand, code) in [("check", 1), ("serve", 2)] {
            let mut command = program();
            command.args([subcommand, "--config", "settings.toml"]).current_dir(&folder);
            command.env("HOOK__SERVER__BIND", "127.0.0.1:0");
            let output = run(&mut command, b"");
            let printed = text(&output.stdout).to_owned() + text(&output.stderr);

            failures.check_eq(&settings, output.status.code(), Some(code));
            failures.check_contains(&settings, &printed, expected);
        }
    }

    failures.assert_none();
}
