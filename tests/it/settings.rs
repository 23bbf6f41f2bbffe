//! Settings: layers, limits and problems, which show no secret.

use std::{path::PathBuf, time::Duration};

use registration_hook::settings::{Layers, LoadedSettings, LogTarget, SecretFiles, Settings, load};

use crate::support::Failures;

/// Layers with this settings file and these variables, and the folder that has the file.
pub fn layers(file: Option<&str>, variables: &[(&str, &str)]) -> (Layers, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.toml");
    std::fs::write(&path, file.unwrap_or_default()).unwrap();
    let sources = Layers {
        file: Some(path),
        rules: None,
        secret_files: SecretFiles::Read,
        environment: variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
            .collect(),
    };
    (sources, folder)
}

/// The settings of a file and variables that have no problem.
pub fn good(file: &str, variables: &[(&str, &str)]) -> Settings {
    let (sources, _folder) = layers(Some(file), variables);
    loaded(&sources)
}

/// The problems, without the name of the folder.
pub fn problems(file: &str, variables: &[(&str, &str)]) -> Vec<String> {
    let (sources, folder) = layers(Some(file), variables);
    let place = format!("{}/", folder.path().display());
    let LoadedSettings { problems, .. } = load(&sources).unwrap();
    problems.iter().map(|problem| problem.to_string().replace(&place, "")).collect()
}

/// The settings of layers that have no problem.
pub fn loaded(sources: &Layers) -> Settings {
    let LoadedSettings { settings, problems } = load(sources).unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    settings
}

#[test]
fn unset_keys_have_the_documented_defaults() {
    let settings = good("", &[]);

    assert_eq!(settings.server.bind.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.server.body_limit, 256 << 10);
    assert_eq!(settings.server.request_timeout, Duration::from_millis(2500));
    assert_eq!(settings.server.max_connections, 1500);
    assert_eq!(settings.server.keep_alive, Duration::from_secs(75));
    assert_eq!(settings.server.drain_delay, Duration::ZERO);
    assert_eq!(settings.server.shutdown_timeout, Duration::from_secs(10));
    assert_eq!(settings.rules.directory, PathBuf::from("rules"));
    assert_eq!(settings.log.decisions, LogTarget::Stdout);
    assert!(!settings.auth.is_configured());
}

#[test]
fn a_path_prefix_has_a_slash_before_each_segment_and_none_at_the_end() {
    let mut failures = Failures::default();

    for (value, prefix) in [
        ("", ""),
        ("/", ""),
        ("okta", "/okta"),
        ("/okta/", "/okta"),
        ("/a-b/c_d.e~1", "/a-b/c_d.e~1"),
    ] {
        let in_file = good(&format!("server.path_prefix = \"{value}\""), &[]);
        let in_variable = good("", &[("HOOK__SERVER__PATH_PREFIX", value)]);

        failures.check_eq(value, in_file.server.path_prefix, prefix);
        failures.check_eq(value, in_variable.server.path_prefix, prefix);
    }
    for value in ["/a//b", "/a b", "/..", "/a/./b", "/a%20b", "/a?b", "https://x", "/é"] {
        let found = problems(&format!("server.path_prefix = \"{value}\""), &[]);
        let expected = "test.toml:1:8: `server.path_prefix`: expected a path such as `/okta`";
        failures.check(format!("{value}: {found:?}"), found[0].starts_with(expected));
    }

    failures.assert_none();
}

#[test]
fn flags_override_variables_and_variables_override_the_file() {
    let file = "[server]\nbind = \"127.0.0.1:1\"\nworkers = 3\nbody_limit = \"1 MiB\"\n[log]\ndecisions = \"off\"\n";
    let (mut sources, _folder) = layers(
        Some(file),
        &[
            ("HOOK__SERVER__BIND", "127.0.0.1:2"),
            ("HOOK__RULES__DIRECTORY", "b"),
            ("HOOK__SERVER__KEEP_ALIVE", "1 m 5s"),
        ],
    );
    sources.rules = Some("c".into());

    let settings = loaded(&sources);

    assert_eq!(settings.server.bind.to_string(), "127.0.0.1:2");
    assert_eq!(settings.server.workers, 3);
    assert_eq!(settings.server.body_limit, 1 << 20);
    assert_eq!(settings.server.keep_alive, Duration::from_secs(65));
    assert_eq!(settings.rules.directory, PathBuf::from("c"));
    assert_eq!(settings.log.decisions, LogTarget::Off);
}

#[test]
fn port_sets_the_address_unless_bind_is_set() {
    let authentication = "auth.basic.username = 'a'\nauth.basic.password = 'b'";

    assert_eq!(good(authentication, &[("PORT", "9000")]).server.bind.to_string(), "0.0.0.0:9000");

    let settings = good("server.bind = \"127.0.0.1:1\"", &[("PORT", "9000")]);

    assert_eq!(settings.server.bind.to_string(), "127.0.0.1:1");
    assert_eq!(
        problems("", &[("PORT", "x")]),
        [
            "PORT: `server.bind`: expected an address and a port up to 65535, such as `127.0.0.1:8080`"
        ]
    );
}

#[test]
fn values_of_variables_are_taken_literally() {
    let mut failures = Failures::default();

    for password in ["0012", "1.50", "true", "1e3", " a ", "a,b", "null", "é"] {
        let settings = good(
            "",
            &[("HOOK__AUTH__BASIC__USERNAME", "007"), ("HOOK__AUTH__BASIC__PASSWORD", password)],
        );
        let basic = settings.auth.basic.unwrap();

        failures.check_eq(password, basic.username, "007");
        failures.check_eq(password, basic.passwords.expose()[0], password);
    }

    failures.assert_none();
}

#[test]
fn secrets_come_from_a_value_a_list_or_a_file() {
    let exposed = |settings: Settings| -> Vec<String> {
        let secrets = settings.auth.header.unwrap().secrets;
        secrets.expose().into_iter().map(str::to_owned).collect()
    };
    let name = ("HOOK__AUTH__HEADER__NAME", "X-Hook-Secret");

    let from_file =
        good("auth.header.name = \"X-Hook-Secret\"\nauth.header.secret = [\"a\", \"b\"]", &[]);

    assert_eq!(from_file.auth.header.as_ref().unwrap().name, "x-hook-secret");
    assert_eq!(exposed(from_file), ["a", "b"]);

    let from_environment = good(
        "",
        &[name, ("HOOK__AUTH__HEADER__SECRET__0", "01"), ("HOOK__AUTH__HEADER__SECRET__1", "b")],
    );

    assert_eq!(exposed(from_environment), ["01", "b"]);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secrets");
    std::fs::write(&path, "a\r\nb\n").unwrap();
    let file = ("HOOK__AUTH__HEADER__SECRET_FILE", path.to_str().unwrap());

    assert_eq!(exposed(good("", &[name, file])), ["a", "b"]);

    std::fs::write(&path, "\u{feff}a\nb\n\n").unwrap();

    assert_eq!(exposed(good("", &[name, file])), ["a", "b"], "editors leave marks and blank lines");

    std::fs::write(&path, "a\n\nb\n").unwrap();

    assert!(problems("", &[name, file])[0].contains("may not be empty"));

    std::fs::write(&path, "").unwrap();

    assert!(problems("", &[name, file])[0].contains("may not be empty"));

    let both = problems("auth.header.name = \"n\"\nauth.header.secret = \"a\"", &[file]);

    assert_eq!(
        both,
        [
            "HOOK__AUTH__HEADER__SECRET_FILE: `auth.header.secret_file`: `auth.header.secret` is set as well; keep one of them"
        ]
    );
}

#[test]
fn a_time_for_requests_that_okta_does_not_wait_for_is_a_warning() {
    let warnings =
        |timeout: &str| good(&format!("server.request_timeout = \"{timeout}\""), &[]).warnings;

    assert_eq!(warnings("2900ms"), Vec::<String>::new());
    assert_eq!(
        warnings("5s"),
        [
            "server.request_timeout: Okta waits 3 s for an answer, so a later one is lost; shorten it"
        ]
    );
}

#[test]
fn unknown_keys_are_reported_in_every_layer() {
    let found = problems(
        "[server]\nbnd = \"x\"\n\"tls.key\" = \"x\"\n[sever]\nbind = \"x\"\n[auth.basic]\nusername.x = 1\n",
        &[
            ("HOOK__SERVER__WORKER", "2"),
            ("hook__server__worker_s", "2"),
            ("HOOK__SERVER", "x"),
            ("HOOK__SERVER__BIND__0", "x"),
            ("HOOKS__X", "ignored"),
        ],
    );
    let mut found = found.iter().map(String::as_str).collect::<Vec<_>>();

    found.sort_unstable();

    assert_eq!(
        found,
        [
            "HOOK__SERVER: `server` is a section; set the keys in it",
            "HOOK__SERVER__BIND__0: unknown key `server.bind.0`; did you mean `HOOK__SERVER__BIND`?",
            "HOOK__SERVER__WORKER: unknown key `server.worker`; did you mean `HOOK__SERVER__WORKERS`?",
            "auth.basic.password: this is missing; set it, or `auth.basic.password_file`",
            "hook__server__worker_s: unknown key `server.worker_s`; did you mean `HOOK__SERVER__WORKERS`?",
            "test.toml:2:1: unknown key `server.bnd`; did you mean `server.bind`?",
            "test.toml:3:1: unknown key `server.tls\\.key`; did you mean `server.tls.key`?",
            "test.toml:4:2: unknown key `sever`; did you mean `server`?",
            "test.toml:7:1: `auth.basic.username`: expected a string, in quotes",
        ]
    );
}

#[test]
fn invalid_values_are_reported_with_the_expected_form() {
    let mut failures = Failures::default();

    for (key, value, message) in [
        (
            "server.bind",
            "\"localhost\"",
            "expected an address and a port up to 65535, such as `127.0.0.1:8080`",
        ),
        ("server.bind", "8080", "expected a string, in quotes"),
        ("server.workers", "2.7", "expected a whole number"),
        ("server.workers", "0", "expected 1 to 512"),
        ("server.workers", "\"many\"", "expected a whole number"),
        ("server.body_limit", "\"1 GB\"", "expected bytes, such as `256 KiB`"),
        ("server.body_limit", "\"1 kib\"", ""),
        ("server.body_limit", "0", "expected 1 to 64 MiB"),
        ("server.request_timeout", "\"2500\"", "expected a duration, such as `2500ms` or `75s`"),
        ("server.request_timeout", "2500", "expected a duration, such as `2500ms` or `75s`"),
        ("server.request_timeout", "\"0s\"", "expected 1ms to 60s"),
        ("server.keep_alive", "\"1m ago\"", "expected a duration, such as `2500ms` or `75s`"),
        ("rules.directory", "\"\"", "this may not be empty"),
        ("rules.directory", "5", "expected a string, in quotes"),
        ("response.debug_context", "1", "expected `true` or `false`"),
        ("log.format", "\"jsn\"", "expected `auto`, `human` or `json`"),
    ] {
        let file = format!("{key} = {value}");
        let column = key.rfind('.').unwrap() + 2;
        // A row without a message has a valid value.
        if message.is_empty() {
            good(&file, &[]);
            continue;
        }

        failures.check_eq(
            &file,
            problems(&file, &[]),
            [format!("test.toml:1:{column}: `{key}`: {message}")],
        );
    }

    failures.assert_none();
}

#[test]
fn values_up_to_their_limits_are_accepted_and_larger_ones_refused() {
    let (one_and_a_half, hour) = (Some("1500ms"), "3600s");
    let mut failures = Failures::default();

    for (key, least, between, most) in [
        ("server.workers", "1", None, "512"),
        ("server.body_limit", "1", Some("64 KiB"), "64 MiB"),
        ("server.request_timeout", "1ms", one_and_a_half, "60s"),
        ("server.max_connections", "1", None, "1000000"),
        ("server.keep_alive", "1s", one_and_a_half, hour),
        ("server.drain_delay", "0s", one_and_a_half, hour),
        ("server.shutdown_timeout", "0s", one_and_a_half, hour),
        ("auth.oauth.leeway", "0s", one_and_a_half, "600s"),
        ("auth.oauth.max_stale", "1s", one_and_a_half, "720h"),
        ("rules.reload", "100ms", one_and_a_half, hour),
        ("rules.reload", "100ms", Some("off"), hour),
    ] {
        let reported = |value: &str| {
            let file = format!("{key} = \"{value}\"");
            let reported = problems(&file, &[]).into_iter();
            // The section of the key may require other keys.
            reported.filter(|problem| !problem.contains("this is missing")).collect::<Vec<_>>()
        };
        for good in [Some(least), between, Some(most)].into_iter().flatten() {
            failures.check(format!("{key} = {good}"), reported(good).is_empty());
        }
        // A further digit makes the largest value larger: `160s` for `60s`.
        let beyond = format!("1{most}");
        failures.check_eq(format!("{key} = {beyond}"), reported(&beyond).len(), 1);
        failures.check(key, reported(&beyond)[0].ends_with(&format!("expected {least} to {most}")));
    }

    failures.assert_none();

    assert_eq!(good("rules.reload = \"off\"", &[]).rules.reload, None);
}

#[test]
fn a_number_beyond_64_bits_is_reported() {
    let found = problems("server.workers = 99999999999999999999\nserver.x = 1", &[]);

    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[1].contains("a number is too large"), "{found:?}");
}

#[test]
fn incomplete_or_unusable_authentication_settings_are_reported() {
    let mut failures = Failures::default();

    for (file, message) in [
        (
            "auth.basic.username = \"a\"",
            "auth.basic.password: this is missing; set it, or `auth.basic.password_file`",
        ),
        (
            "auth.basic.password = \"Pa55word\"",
            "auth.basic.username: this is missing; its section requires it",
        ),
        (
            "auth.basic.username = \"a:b\"\nauth.basic.password = \"Pa55word\"",
            "test.toml:1:12: `auth.basic.username`: a user name with a colon cannot be sent (RFC 7617 §2); choose another",
        ),
        (
            "auth.basic.username = \"a\"\nauth.basic.password = \"\"",
            "test.toml:2:12: `auth.basic.password`: this may not be empty",
        ),
        (
            "auth.basic.username = \"a\"\nauth.basic.password = [\"Pa55word\", \"\"]",
            "test.toml:2:12: `auth.basic.password`: this may not be empty",
        ),
        (
            "auth.basic.username = \"a\"\nauth.basic.password = []",
            "test.toml:2:12: `auth.basic.password`: this may not be empty",
        ),
        (
            "auth.basic.username = \"a\"\nauth.basic.password = 12345",
            "test.toml:2:12: `auth.basic.password`: expected a string or a list of strings, in quotes; number the variables of a list from `__0`",
        ),
        (
            "auth.basic.username = \"a\"\nauth.basic.password = \"Pa55\\u0007word\"",
            "test.toml:2:12: `auth.basic.password`: control characters are not allowed; remove them",
        ),
        (
            "auth.header.name = \"Content-Type\"\nauth.header.secret = \"Pa55word\"",
            "test.toml:1:13: `auth.header.name`: HTTP or the caller sets this header itself; choose another, such as `x-hook-secret`",
        ),
        (
            "auth.header.name = \"x y\"\nauth.header.secret = \"Pa55word\"",
            "test.toml:1:13: `auth.header.name`: this is not a header name; use letters, digits and hyphens",
        ),
        (
            "auth.header.name = \"x\"\nauth.header.secret = \" Pa55word\"",
            "test.toml:2:13: `auth.header.secret`: white space at the start or end would be lost in transit; remove it",
        ),
        (
            "auth.header.name = \"x\"\nauth.header.secret = \"Pä55word\"",
            "test.toml:2:13: `auth.header.secret`: a header can only carry ASCII; choose a secret without other characters",
        ),
        (
            "auth.header.name = \"x\"\nauth.header.secret_file = \"/nonexistent\"",
            "test.toml:2:13: `auth.header.secret_file`: cannot read the file: No such file or directory (os error 2)",
        ),
    ] {
        failures.check_eq(file, problems(file, &[]), [message]);
    }

    failures.assert_none();
}

#[test]
fn problems_and_debug_output_show_no_secret() {
    let mut failures = Failures::default();

    for file in [
        "auth.basic.password = Pa55word",
        "auth.basic.password = \"Pa55word",
        "auth.basic.pasword = \"Pa55word\"",
        "[auth.basic]\nusername = 7\npassword = { a = \"Pa55word\" }",
        "[auth.basic.password]\nx = \"Pa55word\"",
        "server.bind = \"Pa55word\"",
        "server.request_timeout = \"Pa55word\"",
        "auth = \"Pa55word\"",
        "auth.header.secret = [\"Pa55word\", 7]",
    ] {
        for problem in problems(
            file,
            &[
                ("HOOK__AUTH__BASIC__PASSWORD__X", "Pa55word"),
                ("HOOK__SERVER__WORKERS", "Pa55word"),
            ],
        ) {
            failures.check(format!("{file}: {problem}"), !problem.contains("Pa55"));
        }
    }

    failures.assert_none();

    let settings = good(
        "",
        &[("HOOK__AUTH__BASIC__USERNAME", "a"), ("HOOK__AUTH__BASIC__PASSWORD", "Pa55word")],
    );

    assert!(!format!("{settings:?}").contains("Pa55"));
}

#[test]
fn a_variable_that_is_not_utf_8_is_reported() {
    let (mut sources, _folder) = layers(None, &[]);
    sources.environment.push(("HOOK__AUTH__BASIC__PASSWORD".to_owned(), b"Pa55\xff".to_vec()));

    let LoadedSettings { problems, .. } = load(&sources).unwrap();

    assert_eq!(problems[0].to_string(), "HOOK__AUTH__BASIC__PASSWORD: the value is not UTF-8");
}

#[test]
fn a_missing_config_file_is_an_error() {
    let sources = Layers { file: Some("/nonexistent.toml".into()), ..Layers::default() };

    let problem = load(&sources).unwrap_err();

    assert!(
        problem.to_string().starts_with("--config: cannot read `/nonexistent.toml`: "),
        "{problem}"
    );
}

#[test]
fn a_public_address_needs_an_authentication_method() {
    let found = problems("server.bind = \"0.0.0.0:1\"", &[]);

    assert!(found[0].contains("set `auth.basic.username`"), "{found:?}");

    good("server.bind = \"[::1]:1\"", &[]);
    let basic = |password: &str| {
        format!(
            "server.bind = '0.0.0.0:1'\nauth.basic.username = 'a'\nauth.basic.password = {password}"
        )
    };
    good(&basic("'b'"), &[]);
    let found = problems(&basic("''"), &[]);

    assert_eq!(found.len(), 1, "an invalid method is reported once: {found:?}");
}

#[test]
fn two_variables_for_one_key_are_reported() {
    let set = |name: &'static str| (name, "x");
    let mut failures = Failures::default();

    for (variables, message) in [
        (
            ["HOOK__AUTH__BASIC__PASSWORD", "HOOK__AUTH__BASIC__PASSWORD__0"],
            "HOOK__AUTH__BASIC__PASSWORD__0: `HOOK__AUTH__BASIC__PASSWORD` sets the same key; keep one",
        ),
        (
            ["HOOK__AUTH__BASIC__PASSWORD__0", "HOOK__AUTH__BASIC__PASSWORD"],
            "HOOK__AUTH__BASIC__PASSWORD: `HOOK__AUTH__BASIC__PASSWORD__0` sets the same key; keep one",
        ),
        (
            ["HOOK__AUTH__BASIC__PASSWORD", "hook__auth__basic__password"],
            "hook__auth__basic__password: `HOOK__AUTH__BASIC__PASSWORD` sets the same key; keep one",
        ),
    ] {
        let found = problems(
            "",
            &[("HOOK__AUTH__BASIC__USERNAME", "a"), set(variables[0]), set(variables[1])],
        );

        failures.check_eq(format!("{variables:?}"), found, [message]);
    }

    failures.assert_none();

    let found =
        problems("", &[("HOOK__AUTH__BASIC__USERNAME", "a"), set("HOOK__AUTH__BASIC__PASSWORD__")]);

    assert!(found[0].contains("unknown key"), "{found:?}");
}

#[test]
fn secret_files_are_read_only_when_secrets_are_needed() {
    let (mut sources, _folder) = layers(
        Some("auth.basic.username = \"a\"\nauth.basic.password_file = \"/nonexistent\""),
        &[],
    );

    assert_eq!(load(&sources).unwrap().problems.len(), 1);

    sources.secret_files = SecretFiles::Skip;

    assert!(loaded(&sources).auth.is_configured());
}
