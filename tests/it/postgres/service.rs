//! The whole service with the example `invited-people`, on a real database.

use std::{fs, time::Duration};

use serde_json::json;

use super::server::Server;
use crate::{
    lookup_service::{REGISTRATION, ask, hook_of, service_with},
    support::{
        AUTHORIZATION, BASIC, Failures, JSON, Service, Stopwatch, registration, repository,
        request, wait_until,
    },
};

/// A value that must be in no log.
const PLANTED: &str = "PLANTED-7f3a";

/// Posts a form, and returns the body of the answer.
fn register(service: &Service, email: &str) -> String {
    let form = json!({ "email": email, "login": email, "firstName": "A", "lastName": "B" });
    let body = registration(&form.to_string());
    service.send(&request("POST", "/invited", &[AUTHORIZATION, JSON], &body)).text().to_owned()
}

#[test]
#[ignore = "needs PostgreSQL; run .ci/postgres"]
fn the_service_admits_by_a_table_survives_faults_and_logs_no_value() {
    let server = Server::new();
    server.sql("DROP TABLE IF EXISTS invitations");
    let rules = repository("examples/invited-people/rules");
    let folder = tempfile::tempdir().unwrap();
    let password = folder.path().join("password");
    fs::write(&password, "first\n").unwrap();
    let mut variables = BASIC.to_vec();
    let url = server.socket();
    variables.extend([
        ("HOOK__RULES__DIRECTORY", rules.to_str().unwrap()),
        ("HOOK__RULES__RELOAD", "100ms"),
        ("HOOK__SOURCES__PEOPLE__URL", &url),
        ("HOOK__SOURCES__PEOPLE__PASSWORD_FILE", password.to_str().unwrap()),
        ("RUST_LOG", "trace"),
    ]);
    let mut failures = Failures::default();

    let service = Service::start(&variables);
    service.wait_for_log("relation \"invitations\" does not exist");
    failures.check_contains(
        "no table",
        &register(&service, "a@example.com"),
        "Please try again in a minute",
    );
    server.sql(&format!(
        "CREATE TABLE invitations (email text, status text, role text);
         INSERT INTO invitations VALUES ('{PLANTED}@example.com', 'pending', '{PLANTED}-role'),
           ('twice@example.com', 'pending', 'x'), ('twice@example.com', 'pending', 'y')"
    ));
    let invited = format!("{PLANTED}@EXAMPLE.com");
    failures.check_contains("invited", &register(&service, &invited), &format!("{PLANTED}-role"));
    failures.check_contains(
        "not invited",
        &register(&service, "b@example.com"),
        "You need an invitation",
    );
    failures.check_contains(
        "invited twice",
        &register(&service, "twice@example.com"),
        "LOOKUP_FAILED",
    );
    failures.check_contains(
        "NUL",
        &register(&service, &format!("{PLANTED}\0")),
        "You need an invitation",
    );

    server.signal("STOP");
    let clock = Stopwatch::start();
    let answer = register(&service, &invited);
    let (passed, time) = (clock.passed(), clock.taken());
    server.signal("CONT");
    failures.check(format!("{passed:?}"), time < Duration::from_millis(2500));
    failures.check_contains("stopped", &answer, "Please try again in a minute");
    failures.check_contains("continued", &register(&service, &invited), "-role");

    server.sql("ALTER ROLE hook PASSWORD 'second'; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'hook'");
    failures.check_contains("old password", &register(&service, &invited), "LOOKUP_FAILED");
    fs::write(&password, "second\n").unwrap();
    wait_until("the new password", || register(&service, &invited).contains("-role"));
    server.sql("ALTER ROLE hook PASSWORD 'first'");

    let output = service.stdout() + &service.stderr();
    for value in [PLANTED, "twice@example.com", "first\n", "second"] {
        let lines: Vec<_> = output.lines().filter(|line| line.contains(value)).collect();
        failures.check(format!("{value}: {lines:?}"), lines.is_empty());
    }
    failures.assert_none();
}

#[test]
#[ignore = "needs PostgreSQL; run .ci/postgres"]
fn trying_many_lookups_at_the_start_leaves_connections_for_requests() {
    let server = Server::new();
    server.sql(
        "CREATE TABLE tried (email text);
         CREATE TABLE asked (email text, level text); INSERT INTO asked VALUES ('ann@example.com', 'gold')",
    );
    let mut slow = "[self_service_registration]\nallow_all = true\n".to_owned();
    for number in 0..20 {
        slow += &format!(
            "[self_service_registration.lookups.l{number}]\nsource = 'people'\ntable = 'tried'\nmatch = {{ email = '{{email}}' }}\n"
        );
    }
    let fast = hook_of(
        "source = 'people'\ntable = 'asked'\nmatch = { email = '{email}' }\nreturns = ['level']",
    );
    let url = server.socket();
    let settings = [
        ("HOOK__SOURCES__PEOPLE__URL", url.as_str()),
        ("HOOK__SOURCES__PEOPLE__PASSWORD", "first"),
        ("HOOK__SOURCES__PEOPLE__CONNECTIONS", "2"),
    ];
    // Each trial of `a-slow` waits for the lock.
    let lock = server.lock("tried");

    let service = service_with(&[("a-slow.toml", &slow), ("fast.toml", &fast)], &settings);

    for _ in 0..20 {
        assert_eq!(ask(&service, "fast", REGISTRATION), "level gold");
    }
    drop(lock);
}
