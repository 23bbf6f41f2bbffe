//! Reloading of rules, lists, maps, settings and secrets while the service runs.

use std::{
    fs,
    os::unix::fs::symlink,
    path::Path,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use serde_json::json;

use crate::issuer::{self, Behaviour, Issuer};
use crate::support::{
    BASIC, Failures, JSON, Service, program, registration, repository, request, rules_folder,
    wait_until,
};

pub const HOOK: &str = "/hook";
pub const READY: &str = r#"{"ready":true,"rules":"ok","keys":"none","draining":false}"#;
pub const STALE: &str = r#"{"ready":true,"rules":"stale","keys":"none","draining":false}"#;

/// Rules that admit this domain and name it in their message.
pub fn rules(domain: &str) -> String {
    format!(
        r#"[self_service_registration]
[[self_service_registration.rules]]
id = "domain"
attribute = "email"
domains = ["{domain}"]
message = "Only {domain}."
"#
    )
}

pub fn start(rules: &Path, more: &[(&str, &str)]) -> Service {
    let mut command = program();
    command.envs(BASIC).env("HOOK__SERVER__BIND", "127.0.0.1:0").args(["--rules".as_ref(), rules]);
    Service::spawn(command.envs(more.iter().copied()))
}

/// Eleven hooks are added, of which the log names ten.
#[test]
fn a_reload_names_the_hooks_that_it_adds_and_removes() {
    let folder =
        rules_folder(&[("hook.toml", &rules("a.example")), ("old.toml", &rules("x.example"))]);
    let service = start(folder.path(), &[("HOOK__RULES__RELOAD", "off")]);
    for number in 10..21 {
        fs::write(folder.path().join(format!("new{number}.toml")), rules("a.example")).unwrap();
    }
    fs::remove_file(folder.path().join("old.toml")).unwrap();
    service.signal("HUP");

    let log = service.wait_for_log("SIGHUP: ");

    assert!(log.contains("; hooks added: `new10`, `new11`, `new12`, "), "{log}");
    assert!(log.contains(", `new19` and 1 more; hooks removed: `old`\n"), "{log}");

    replace_file(folder.path(), "hook.toml", &rules("b.example"));
    service.signal("HUP");
    let log = service.wait_for_log_count("rules: reloaded", 2);

    assert_eq!(log.matches("hooks added").count(), 1, "{log}");
}

/// The answer to an address at this domain.
fn answer(service: &Service, domain: &str) -> String {
    let answer = service.post(HOOK, &registration(&format!(r#"{{"email":"a@{domain}"}}"#)));
    assert_eq!(answer.status, 200);
    answer.text().to_owned()
}

pub fn admits(service: &Service, domain: &str) -> bool {
    answer(service, domain).contains("ALLOW")
}

pub fn readiness(service: &Service) -> String {
    let answer = service.send(&request("GET", "/readyz", &[], b""));
    assert_eq!(answer.status, 200, "stale rules are still ready");
    answer.text().to_owned()
}

/// Replaces a file as editors do: by a new one of the same name.
pub fn replace_file(folder: &Path, name: &str, text: &str) {
    let new = folder.join("new~");
    fs::write(&new, text).unwrap();
    fs::rename(new, folder.join(name)).unwrap();
}

#[test]
fn valid_rules_replace_the_active_ones_without_failing_a_request() {
    let folder = rules_folder(&[("hook.toml", &rules("old.example"))]);
    // A file that cannot be read does not hide changes of the others.
    symlink("nowhere", folder.path().join("a-link")).unwrap();
    let service = start(folder.path(), &[("HOOK__RULES__RELOAD", "200ms")]);
    let (done, count) = (AtomicBool::new(false), AtomicU64::new(0));

    thread::scope(|scope| {
        let load = scope.spawn(|| {
            while !done.load(Ordering::Acquire) {
                let text = answer(&service, "old.example");
                let whole = text.contains("ALLOW") || text.contains("Only new.example.");
                assert!(whole, "{text}");
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
        for round in 0..10 {
            let domain = if round % 2 == 0 { "new.example" } else { "old.example" };
            replace_file(folder.path(), "hook.toml", &rules(domain));
            wait_until("the rules to be active", || admits(&service, domain));
        }
        done.store(true, Ordering::Release);
        load.join().unwrap();
    });

    assert!(count.load(Ordering::Relaxed) > 10);

    let log = service.wait_for_log_count("rules: reloaded; revision ", 10);

    assert_eq!(log.matches("rules: reloaded; revision ").count(), 10, "{log}");

    let revisions = service.stdout();
    let first = log.split_once("revision ").unwrap().1.split_whitespace().next().unwrap();

    assert!(revisions.contains(first), "decision lines say which rules decided");
}

#[test]
fn invalid_rules_change_nothing_and_are_reported_once() {
    for (reload, by_signal) in [("200ms", false), ("off", true)] {
        let folder = rules_folder(&[("hook.toml", &rules("good.example"))]);
        let service = start(folder.path(), &[("HOOK__RULES__RELOAD", reload)]);
        let reload_by_signal = || {
            if by_signal {
                service.signal("HUP");
            }
        };
        for bad in [rules(""), "[self_service_registration]\n".to_owned(), "[".to_owned()] {
            replace_file(folder.path(), "hook.toml", &bad);
            reload_by_signal();
            wait_until("readiness to change", || readiness(&service) == STALE);
            assert!(admits(&service, "good.example"));
            replace_file(folder.path(), "hook.toml", &rules("good.example"));
            reload_by_signal();
            wait_until("readiness to change", || readiness(&service) == READY);
        }
        fs::remove_file(folder.path().join("hook.toml")).unwrap();
        reload_by_signal();
        wait_until("readiness to change", || readiness(&service) == STALE);
        assert!(admits(&service, "good.example"), "a vanished file keeps the last good one");
        let log = service.wait_for_log_count("rules: not reloaded", 4);
        let errors = log.lines().filter(|line| line.contains("rules: not reloaded"));
        let reported: Vec<_> = errors.collect();
        assert_eq!(reported.len(), 4, "{log}");
        assert!(reported[0].contains("hook.toml:5:12: "), "{log}");
        assert!(
            !log.contains("rules: reloaded"),
            "unchanged rules are not reported as reloaded: {log}"
        );
        assert_eq!(log.matches("rules: valid and unchanged").count(), 3, "{log}");
    }
}

#[test]
fn with_reload_off_only_sighup_reloads() {
    let folder = rules_folder(&[("hook.toml", &rules("old.example"))]);
    let service = start(folder.path(), &[("HOOK__RULES__RELOAD", "off")]);
    replace_file(folder.path(), "hook.toml", &rules("new.example"));

    thread::sleep(Duration::from_millis(500));

    assert!(admits(&service, "old.example"));

    service.signal("HUP");
    wait_until("the rules to be active", || admits(&service, "new.example"));
}

/// The files are links into the folder that `..data` points to, and `..data` is replaced.
#[test]
fn a_symlink_swap_as_in_kubernetes_reloads_the_rules() {
    let folder = tempfile::tempdir().unwrap();
    let version = |name: &str, domain: &str| {
        fs::create_dir(folder.path().join(name)).unwrap();
        fs::write(folder.path().join(name).join("hook.toml"), rules(domain)).unwrap();
        symlink(name, folder.path().join("..new")).unwrap();
        fs::rename(folder.path().join("..new"), folder.path().join("..data")).unwrap();
    };
    version("..1", "old.example");
    symlink("..data/hook.toml", folder.path().join("hook.toml")).unwrap();

    let service = start(folder.path(), &[("HOOK__RULES__RELOAD", "200ms")]);

    assert!(admits(&service, "old.example"));

    version("..2", "new.example");
    wait_until("the rules to be active", || admits(&service, "new.example"));
}

/// Writes rules for longer than two checks take, and asserts that they are loaded only when they are whole. Returns
/// whether no pause between two writes was as long as that between two checks, which is half of `reload`.
fn writes_slowly(reload: &str) -> bool {
    let folder = rules_folder(&[("hook.toml", &rules("old.example"))]);
    let service = start(folder.path(), &[("HOOK__RULES__RELOAD", reload)]);
    let seconds: u64 = reload.trim_end_matches('s').parse().unwrap();
    let within = Duration::from_secs(seconds);
    let start = Instant::now();
    // Every beginning of this text is invalid or admits everything, so an admitted request shows that a part is loaded.
    let mut growing = "[self_service_registration]\nallow_all = true\n".to_owned();
    let mut last_write = start;

    while start.elapsed() < within * 2 + Duration::from_secs(1) {
        growing.push_str("# more\n");
        fs::write(folder.path().join("hook.toml"), &growing).unwrap();
        let admitted = admits(&service, "any.example");
        if last_write.elapsed() > within * 2 / 5 {
            return false;
        }
        assert!(!admitted, "half-written rules are active");
        last_write = Instant::now();
        thread::sleep(Duration::from_millis(50));
    }

    assert_eq!(readiness(&service), READY);

    wait_until("the whole to be active", || admits(&service, "any.example"));
    true
}

#[test]
fn a_file_that_is_still_being_written_is_not_loaded() {
    // The first interval is short. A busy machine may pause between two writes for longer than that.
    let written = ["1s", "6s", "12s"].into_iter().any(writes_slowly);

    assert!(written, "this machine pauses for seconds");
}

#[test]
fn a_changed_list_file_is_reloaded_and_a_damaged_or_missing_one_changes_nothing() {
    let text = rules("x").replace(r#"["x"]"#, r#"{ file = "domains.txt" }"#);
    let folder = rules_folder(&[("hook.toml", &text), ("domains.txt", "old.example\n")]);

    let service = start(folder.path(), &[("HOOK__RULES__RELOAD", "200ms")]);

    assert!(admits(&service, "old.example"));

    replace_file(folder.path(), "domains.txt", "new.example\n");
    wait_until("the list to be active", || admits(&service, "new.example"));
    // After a crash, a file system may leave zeros in a file.
    replace_file(folder.path(), "domains.txt", &"\0".repeat(4096));
    wait_until("readiness to change", || readiness(&service) == STALE);

    assert!(admits(&service, "new.example"));

    replace_file(folder.path(), "domains.txt", "new.example\n");
    wait_until("the rules to be valid again", || readiness(&service) != STALE);
    fs::remove_file(folder.path().join("domains.txt")).unwrap();
    wait_until("readiness to change", || readiness(&service) == STALE);

    assert!(admits(&service, "new.example"));
}

#[test]
fn a_changed_map_file_is_reloaded_and_an_invalid_one_changes_nothing() {
    let text = rules("okta.com")
        + "[self_service_registration.set]\ndepartment = { from = 'email', map = { file = 'map.csv' } }\n";
    let folder =
        rules_folder(&[("hook.toml", &text), ("map.csv", "email,department\na@okta.com,Old\n")]);

    let service = start(folder.path(), &[("HOOK__RULES__RELOAD", "200ms")]);

    assert!(answer(&service, "okta.com").contains("Old"));

    replace_file(folder.path(), "map.csv", "email,department\na@okta.com,New\n");
    wait_until("the map to be active", || answer(&service, "okta.com").contains("New"));
    replace_file(folder.path(), "map.csv", "email,department\na@okta.com,A\na@okta.com,B\n");
    wait_until("readiness to change", || readiness(&service) == STALE);

    assert!(answer(&service, "okta.com").contains("New"));
}

pub fn status(service: &Service, password: &str) -> u16 {
    let pair = STANDARD.encode(format!("admin:{password}"));
    let header = format!("Authorization: Basic {pair}");
    let body = registration(r#"{"email":"a@okta.com","login":"a@okta.com"}"#);
    service.send(&request("POST", "/registrationHookSSR", &[&header, JSON], &body)).status
}

#[test]
fn a_secret_is_rotated_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (settings, secret) = (folder.path().join("settings.toml"), folder.path().join("secret"));
    let by_file = format!("username = \"admin\"\npassword_file = '{}'\n", secret.display());
    let by_value = |list: &str| format!("username = \"admin\"\npassword = {list}\n");
    let write = |auth: &str| {
        let text = format!("rules.reload = \"200ms\"\n[auth.basic]\n{auth}");
        fs::write(&settings, text).unwrap();
    };
    fs::write(&secret, "A\nB\n").unwrap();
    write(&by_file);
    let mut command = program();
    command.env("HOOK__SERVER__BIND", "127.0.0.1:0").arg("--config").arg(&settings);

    let service = Service::spawn(&mut command);

    assert_eq!((status(&service, "A"), status(&service, "B")), (200, 200));

    fs::write(&secret, "B\n").unwrap();
    wait_until("the secret A to go", || status(&service, "A") == 401);

    assert_eq!(status(&service, "B"), 200);

    write(&by_value(r#"["B", "C"]"#));
    wait_until("the new one", || status(&service, "C") == 200);
    // Invalid settings change nothing: an empty secret, no secret, invalid TOML.
    for bad in [by_value("\"\""), "username = \"admin\"\n".to_owned(), "[".to_owned()] {
        let reported = service.stderr().matches("credentials: not reloaded").count();
        write(&bad);
        wait_until("the fault to be reported", || {
            service.stderr().matches("credentials: not reloaded").count() > reported
        });
        assert_eq!((status(&service, "B"), status(&service, "A")), (200, 401));
    }
    let log = service.stderr();

    assert!(!log.contains("restart"), "only credentials have changed: {log}");

    write(&(by_value("\"B\"") + "[server]\nbody_limit = 1000\n"));
    service.wait_for_log("changes outside of [auth] and [sources] need a restart");
    wait_until("the secret C to go", || status(&service, "C") == 401);
}

#[test]
fn a_secret_file_that_appears_later_is_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let (settings, secret) = (folder.path().join("settings.toml"), folder.path().join("secret"));
    let write = |password: &str| {
        let text = format!("rules.reload = '200ms'\nauth.basic.username = 'admin'\n{password}\n");
        fs::write(&settings, text).unwrap();
    };
    write("auth.basic.password = 'A'");
    let mut command = program();
    command.env("HOOK__SERVER__BIND", "127.0.0.1:0").arg("--config").arg(&settings);
    let service = Service::spawn(&mut command);
    write(&format!("auth.basic.password_file = '{}'", secret.display()));

    service.wait_for_log("credentials: not reloaded");

    assert_eq!(status(&service, "A"), 200);

    fs::write(&secret, "B\n").unwrap();
    wait_until("the new password", || status(&service, "B") == 200);

    assert_eq!(status(&service, "A"), 401);
}

#[test]
fn a_pipe_in_place_of_a_list_is_reported_and_reloading_goes_on() {
    let text = rules("x").replace(r#"["x"]"#, r#"{ file = "domains.txt" }"#);
    let folder = rules_folder(&[("hook.toml", &text), ("domains.txt", "old.example\n")]);
    let service = start(folder.path(), &[("HOOK__RULES__RELOAD", "200ms")]);
    let list = folder.path().join("domains.txt");

    fs::remove_file(&list).unwrap();

    assert!(std::process::Command::new("mkfifo").arg(&list).status().unwrap().success());

    wait_until("readiness to change", || readiness(&service) == STALE);

    service.wait_for_log("this is a pipe, not a regular file");

    fs::remove_file(&list).unwrap();
    fs::write(&list, "new.example\n").unwrap();
    wait_until("the list to be active", || admits(&service, "new.example"));
}

#[test]
fn every_sighup_is_answered_in_the_log() {
    let folder = rules_folder(&[("hook.toml", &rules("a.example"))]);
    let service = start(folder.path(), &[("HOOK__RULES__RELOAD", "off")]);
    for (text, reported, answer) in [
        (rules("a.example"), "rules: valid and unchanged", "read again, unchanged"),
        (rules("b.example"), "rules: reloaded; revision", "read again and active"),
        (rules(""), "rules: not reloaded", "rejected"),
        (rules(""), "rules: not reloaded", "rejected"),
    ] {
        replace_file(folder.path(), "hook.toml", &text);
        let answer = format!("SIGHUP: credentials: read again, unchanged; rules: {answer}\n");
        let [reports, answers] =
            [reported, &answer].map(|part| service.stderr().matches(part).count());
        service.signal("HUP");
        let log = service.wait_for_log_count(&answer, answers + 1);
        assert_eq!(log.matches(reported).count(), reports + 1, "{log}");
    }
}

#[test]
fn changed_token_settings_apply_and_unchanged_ones_keep_the_keys() {
    let issuer = Issuer::start(Behaviour::default());
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("settings.toml");
    let write = |scope: &str, password: &str| {
        let mut text = format!("rules.reload = '200ms'\n[auth.oauth]\nscope = '{scope}'\n");
        for (name, value) in issuer::settings(issuer.address) {
            let key = name.rsplit("__").next().unwrap().to_lowercase();
            if key != "scope" {
                text += &format!("{key} = '{value}'\n");
            }
        }
        text += &format!("[auth.basic]\nusername = 'admin'\npassword = '{password}'\n");
        fs::write(&settings, text).unwrap();
    };
    write(issuer::SCOPE, "A");
    let mut command = program();
    command.env("HOOK__SERVER__BIND", "127.0.0.1:0").arg("--config").arg(&settings);
    let service = Service::spawn(&mut command);
    let header = format!("Authorization: Bearer {}", issuer.token(&json!({})));

    let call = || {
        let body = registration(r#"{"email":"a@okta.com","login":"a@okta.com"}"#);
        service.send(&request("POST", "/registrationHookSSR", &[&header, JSON], &body)).status
    };

    assert_eq!(call(), 200);

    write(issuer::SCOPE, "B");
    wait_until("the new password", || status(&service, "B") == 200);

    assert_eq!((call(), issuer.fetches()), (200, 1), "the keys are kept");

    // Another scope needs no new keys. The issuer would not give any.
    issuer.change(|behaviour| behaviour.status = 500);
    write("another.scope", "B");
    wait_until("the token to be refused", || call() == 403);
}

#[test]
fn a_changed_ca_file_of_the_issuer_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.crt");
    let write = |name: &str| {
        fs::copy(repository(&format!("tests/tls/{name}.crt")), &file).unwrap();
    };
    write("issuer");
    let issuer = Issuer::start(Behaviour::default());
    let mut settings = issuer::settings(issuer.address);
    settings.push(("HOOK__AUTH__OAUTH__CA_FILE", file.to_str().unwrap().to_owned()));
    settings.push(("HOOK__RULES__RELOAD", "100ms".to_owned()));
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, &**value)).collect();
    let service = Service::start(&settings);

    write("p256");

    service.wait_for_log("the new settings of [auth] are active");
}

#[test]
fn a_world_readable_secret_is_logged_as_a_warning() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    fs::write(&secret, "A\n").unwrap();
    let mut failures = Failures::default();

    for (mode, warned) in [(0o644, true), (0o640, false)] {
        fs::set_permissions(&secret, fs::Permissions::from_mode(mode)).unwrap();
        let service = Service::start(&[
            BASIC[0],
            ("HOOK__AUTH__BASIC__PASSWORD_FILE", secret.to_str().unwrap()),
        ]);
        // The warning follows the curl line of the startup banner.
        service.wait_for_log("curl ");
        let warning = "every user of this machine";
        if warned {
            service.wait_for_log(warning);
        }
        thread::sleep(Duration::from_millis(100));

        failures.check_eq(mode, service.stderr().contains(warning), warned);
    }

    failures.assert_none();
}

/// A panic in the excerpt of a long line once ended the reload thread.
#[test]
fn a_problem_in_a_very_long_line_does_not_end_reloading() {
    let folder = rules_folder(&[("hook.toml", &rules("old.example"))]);
    let service = start(folder.path(), &[("HOOK__RULES__RELOAD", "200ms")]);
    let far = rules("x").replace("[\"x\"]", &format!("[{}x]", " ".repeat(70_000)));
    replace_file(folder.path(), "hook.toml", &far);
    wait_until("readiness to change", || readiness(&service) == STALE);
    replace_file(folder.path(), "hook.toml", &rules("new.example"));

    wait_until("the rules to be active", || admits(&service, "new.example"));

    wait_until("readiness to recover", || readiness(&service) == READY);
}

#[test]
fn many_problems_are_logged_as_a_few_lines_and_a_count() {
    let folder = rules_folder(&[("hook.toml", &rules("old.example"))]);
    let service = start(folder.path(), &[("HOOK__RULES__RELOAD", "200ms")]);
    let keys: String = (0..4000).map(|index| format!("key{index} = 1\n")).collect();
    let bad = rules("old.example") + &keys;
    replace_file(folder.path(), "hook.toml", &bad);

    let log = service.wait_for_log("more problems; `registration-hook check` shows the first 100");

    assert_eq!(log.matches("rules: not reloaded").count(), 11, "{log}");
    assert!(log.len() < 10_000, "{log}");
}

/// Without a file descriptor, the service cannot read the new secret.
#[test]
#[cfg(target_os = "linux")]
fn an_unreadable_secret_is_reported_once_and_read_again() {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};

    let folder = rules_folder(&[("hook.toml", &rules("old.example"))]);
    let secret = folder.path().join("secret");
    fs::write(&secret, "A\n").unwrap();
    let mut command = program();
    command.arg("--rules").arg(folder.path());
    command.env("HOOK__SERVER__BIND", "127.0.0.1:0").env("HOOK__SERVER__WORKERS", "1");
    command.env("HOOK__RULES__RELOAD", "200ms").env(BASIC[0].0, BASIC[0].1);
    command.env("HOOK__AUTH__BASIC__PASSWORD_FILE", &secret);
    let service = Service::spawn(&mut command);

    let admitted = |password: &str| {
        let pair = STANDARD.encode(format!("admin:{password}"));
        let header = format!("Authorization: Basic {pair}");
        let request = request("POST", HOOK, &[&header, JSON], &registration("{}"));
        service.send(&request).status == 200
    };

    assert!(admitted("A"));

    let id = Pid::from_raw(service.child.id().cast_signed());
    let none = Rlimit { current: Some(0), maximum: Some(1 << 10) };
    prlimit(id, Resource::Nofile, none).unwrap();
    fs::write(&secret, "B\n").unwrap();
    let log = service.wait_for_log("credentials: not reloaded");

    assert!(log.contains("os error 24"), "{log}");

    thread::sleep(Duration::from_millis(500));
    let reported = service.stderr().matches("credentials: not reloaded").count();

    assert_eq!(reported, 1, "it is reported once: {}", service.stderr());

    let many = Rlimit { current: Some(1 << 10), maximum: Some(1 << 10) };
    prlimit(id, Resource::Nofile, many).unwrap();
    wait_until("the new password", || admitted("B"));
}
