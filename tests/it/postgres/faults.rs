//! Faults of a database: each ends by the deadline and has its own failure; afterwards, all questions have answers again.

use std::{collections::BTreeSet, thread, time::Duration};

use futures_util::future::join_all;
use registration_hook::{lookup::postgres::Database, rule::lookup::PostgresQuestion};

use super::server::{Server, TIMEOUT, ask, ask_within, describe, question, run};
use crate::support::{Failures, Stopwatch, wait_until};

const SHORT: Duration = Duration::from_millis(400);

/// A table of one row, and the question that finds it.
fn table(server: &Server, name: &str) -> PostgresQuestion {
    server.sql(&format!(
        "CREATE TABLE {name} (email text, role text); INSERT INTO {name} VALUES ('a', 'x')"
    ));
    let keys = format!("table = '{name}'\nmatch = {{ email = '{{email}}' }}\nreturns = ['role']");
    question(&keys, r#"{"email": "a"}"#)
}

fn connections(server: &Server) -> String {
    server.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'registration-hook'")
}

/// Asks `count` times at once.
fn ask_at_once(
    database: &Database,
    question: &PostgresQuestion,
    count: usize,
    time: Duration,
) -> Vec<String> {
    let deadline = tokio::time::Instant::now() + time;
    let mut results = Vec::new();
    for result in run(join_all((0..count).map(|_| database.ask(question, deadline)))) {
        results.push(describe(&result));
    }
    results
}

/// Asks a question that gets no answer, and checks that it fails at its deadline, and not long after.
fn check_late(database: &Database, question: &PostgresQuestion, what: &str) {
    let clock = Stopwatch::start();
    let result = ask_within(database, question, SHORT);
    let (passed, time) = (clock.passed(), clock.taken());
    assert_eq!(result, "Timeout", "{what}");
    assert!(passed >= SHORT && time < SHORT + Duration::from_secs(1), "{what}: {passed:?}");
}

#[test]
#[ignore = "needs PostgreSQL; run .ci/postgres"]
fn a_stopped_server_times_out_and_recovers() {
    let server = Server::new();
    let question = table(&server, "stopped");
    let (connected, unconnected) = (server.database(), server.database());
    assert_eq!(ask(&connected, &question), "found role=x");

    server.signal("STOP");
    check_late(&connected, &question, "with an open connection");
    check_late(&connected, &question, "without one any more");
    check_late(&unconnected, &question, "without one");
    server.signal("CONT");

    assert_eq!(ask(&connected, &question), "found role=x");
    assert_eq!(ask(&unconnected, &question), "found role=x");
}

#[test]
#[ignore = "needs PostgreSQL; run .ci/postgres"]
fn a_killed_backend_and_a_restart_go_unnoticed() {
    let server = Server::new();
    let question = table(&server, "restarted");
    let database = server.database();
    for _ in 0..3 {
        assert_eq!(ask_at_once(&database, &question, 8, TIMEOUT), ["found role=x"; 8]);
        server.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE application_name = 'registration-hook'",
        );
        assert_eq!(ask(&database, &question), "found role=x");
    }
    assert_eq!(ask_at_once(&database, &question, 8, TIMEOUT), ["found role=x"; 8]);

    server.restart();

    assert_eq!(ask_at_once(&database, &question, 8, TIMEOUT), ["found role=x"; 8]);
}

#[test]
#[ignore = "needs PostgreSQL; run .ci/postgres"]
fn a_backend_killed_in_a_question_fails_only_this_question() {
    let server = Server::new();
    let question = table(&server, "killed");
    let database = server.database();
    assert_eq!(ask(&database, &question), "found role=x");

    // The backend of the question is killed twice: the second try is the last.
    let lock = server.lock("killed");
    let result = thread::scope(|scope| {
        let asked = scope.spawn(|| ask(&database, &question));
        let mut killed = BTreeSet::new();
        wait_until("two killed backends", || {
            let backend = server.sql(
                "SELECT pid FROM pg_stat_activity
                 WHERE CASE WHEN application_name = 'registration-hook' AND wait_event_type = 'Lock'
                   THEN pg_terminate_backend(pid) END",
            );
            if !backend.is_empty() {
                killed.insert(backend);
            }
            killed.len() == 2
        });
        asked.join().unwrap()
    });
    drop(lock);

    assert_eq!(result, "down 57P01");
    assert_eq!(ask(&database, &question), "found role=x");
}

#[test]
#[ignore = "needs PostgreSQL; run .ci/postgres"]
fn an_abandoned_question_is_never_mixed_up_with_the_next() {
    let server = Server::new();
    let question = table(&server, "locked");
    let other = table(&server, "free");
    server.sql("UPDATE free SET role = 'y'");
    let database =
        server.database_with(&server.socket(), &[("PASSWORD", "first"), ("CONNECTIONS", "1")]);
    assert_eq!(ask(&database, &question), "found role=x");

    let lock = server.lock("locked");
    check_late(&database, &question, "a lock");
    for _ in 0..20 {
        assert_eq!(ask(&database, &other), "found role=y");
    }
    drop(lock);

    assert_eq!(ask(&database, &question), "found role=x");
    assert_eq!(ask(&database, &other), "found role=y");
    wait_until("only the live connection", || connections(&server) == "1");
}

#[test]
#[ignore = "needs PostgreSQL; run .ci/postgres"]
fn a_statement_ends_on_the_server_as_well() {
    let server = Server::new();
    server.sql("CREATE VIEW slow AS SELECT 'a' AS email, pg_sleep(30)::text AS role");
    let keys = "table = 'slow'\nmatch = { email = '{email}' }\nreturns = ['role']";
    let question = question(keys, r#"{"email": "a"}"#);
    let database = server.database();

    // The server ends the statement at the timeout of the source, long before this deadline.
    assert_eq!(ask_within(&database, &question, Duration::from_secs(10)), "Timeout");
    assert_eq!(ask_within(&database, &question, SHORT), "Timeout");

    wait_until("no statement that still runs", || {
        server.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == "0"
    });
}

#[test]
#[ignore = "needs PostgreSQL; run .ci/postgres"]
fn questions_beyond_the_connections_fail_after_a_short_wait() {
    let server = Server::new();
    let question = table(&server, "busy");
    let database =
        server.database_with(&server.socket(), &[("PASSWORD", "first"), ("CONNECTIONS", "4")]);

    let lock = server.lock("busy");
    let (results, (passed, time)) = thread::scope(|scope| {
        let hanging = scope.spawn(|| ask_at_once(&database, &question, 4, TIMEOUT));
        wait_until("four questions", || connections(&server) == "4");
        let clock = Stopwatch::start();
        let results = ask_at_once(&database, &question, 3, TIMEOUT);
        let times = (clock.passed(), clock.taken());
        // With a deadline before the end of the wait, the failure is not a timeout, either: only a connection is missing.
        let soon = Duration::from_millis(40);
        assert_eq!(ask_at_once(&database, &question, 3, soon), ["Busy"; 3]);
        drop(lock);
        assert_eq!(hanging.join().unwrap(), ["found role=x"; 4]);
        (results, times)
    });

    assert_eq!(results, ["Busy"; 3]);
    // The deadline is much later.
    assert!(passed > Duration::from_millis(90) && time < Duration::from_secs(2), "{passed:?}");
    // All questions are answered if connections become free within the wait, which a busy machine may miss.
    wait_until("forty answers", || {
        ask_at_once(&database, &question, 40, TIMEOUT) == ["found role=x"; 40]
    });
    assert_eq!(connections(&server), "4");
}

#[test]
#[ignore = "needs PostgreSQL; run .ci/postgres"]
fn a_dropped_caller_gives_its_connection_back() {
    let server = Server::new();
    let question = table(&server, "dropped");
    let database =
        server.database_with(&server.socket(), &[("PASSWORD", "first"), ("CONNECTIONS", "1")]);

    for _ in 0..50 {
        run(async {
            let deadline = tokio::time::Instant::now() + SHORT;
            let asked = database.ask(&question, deadline);
            let _ = tokio::time::timeout(Duration::from_micros(200), asked).await;
        });
    }

    assert_eq!(ask(&database, &question), "found role=x");
    assert_eq!(connections(&server), "1");
}

#[test]
#[ignore = "needs PostgreSQL; run .ci/postgres"]
fn a_changed_table_is_noticed_at_once() {
    let server = Server::new();
    let question = table(&server, "changed");
    let database = server.database();
    let mut failures = Failures::default();

    for (change, expected) in [
        ("SELECT 1", "found role=x"),
        ("ALTER TABLE changed DROP COLUMN role", "refused 42703"),
        ("ALTER TABLE changed ADD COLUMN role int DEFAULT 7", "found role=7"),
        ("ALTER TABLE changed ALTER COLUMN email TYPE varchar(7)", "found role=7"),
        ("ALTER TABLE changed RENAME TO changing", "refused 42P01"),
        ("ALTER TABLE changing RENAME TO changed", "found role=7"),
        ("REVOKE SELECT ON changed FROM hook", "refused 42501"),
        ("GRANT SELECT ON changed TO hook", "found role=7"),
    ] {
        server.sql(change);
        failures.check_eq(change, ask(&database, &question), expected);
    }

    failures.assert_none();
}

#[test]
#[ignore = "needs PostgreSQL; run .ci/postgres"]
fn a_rotated_password_needs_a_new_database_only_for_new_connections() {
    let server = Server::new();
    let question = table(&server, "rotated");
    let database = server.database();
    assert_eq!(ask(&database, &question), "found role=x");

    server.sql("ALTER ROLE hook PASSWORD 'second'");
    let open = ask(&database, &question);
    server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'hook'");
    let refused = ask(&database, &question);
    let renewed = server.database_with(&server.socket(), &[("PASSWORD", "second")]);
    let accepted = ask(&renewed, &question);
    let without = ask(&server.database_with(&server.socket(), &[]), &question);
    server.sql("ALTER ROLE hook PASSWORD 'first'");

    assert_eq!(open, "found role=x");
    assert_eq!(refused, "down 28P01");
    assert_eq!(accepted, "found role=x");
    assert_eq!(without, "SignIn");
    assert_eq!(ask(&database, &question), "found role=x");
}

#[test]
#[ignore = "needs PostgreSQL; run .ci/postgres"]
fn tls_is_verified() {
    let server = Server::new();
    let question = table(&server, "encrypted");
    let (authority, other) = (server.file("authority.crt"), server.file("other-authority.crt"));
    let renewed = server.file("renewed-authority.crt");
    let password = ("PASSWORD", "first");
    let mut failures = Failures::default();

    for (host, ca_file, expected) in [
        ("localhost", &authority, "found role=x"),
        // The certificate is for `localhost` only, and signed by the first authority.
        ("127.0.0.1", &authority, "Certificate(OtherHost)"),
        ("localhost", &other, "Certificate(UnknownAuthority)"),
        ("localhost", &renewed, "Certificate(Signature)"),
    ] {
        let database = server.database_with(&server.tcp(host), &[password, ("CA_FILE", ca_file)]);
        failures.check_eq(format!("{host} {ca_file}"), ask(&database, &question), expected);
    }
    let encrypted =
        server.database_with(&server.tcp("localhost"), &[password, ("CA_FILE", &authority)]);
    assert_eq!(ask(&encrypted, &question), "found role=x");
    let uses_tls = server.sql("SELECT bool_or(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'hook'");
    failures.check_eq("uses TLS", uses_tls, "t");
    let plain = server.database_with(&server.tcp("127.0.0.1"), &[password]);
    failures.check_eq("plain on loopback", ask(&plain, &question), "found role=x");

    // A server without TLS, or somebody between, must not get the password in plain text.
    server.sql("ALTER SYSTEM SET ssl = off");
    server.restart();
    let result = ask(&encrypted, &question);
    server.sql("ALTER SYSTEM RESET ssl");
    server.restart();
    failures.check_eq("without TLS", result, "NoTls");
    failures.check_eq("with TLS again", ask(&encrypted, &question), "found role=x");

    failures.assert_none();
}

#[test]
#[ignore = "needs PostgreSQL; run .ci/postgres"]
fn a_server_that_takes_no_connection_is_a_failure_of_the_source() {
    let server = Server::new();
    let question = table(&server, "crowded");
    server.sql("ALTER ROLE hook CONNECTION LIMIT 0");
    let refused = ask(&server.database(), &question);
    server.sql("ALTER ROLE hook CONNECTION LIMIT -1");

    assert_eq!(refused, "down 53300");
    let nowhere = server.database_with("postgres://hook@127.0.0.1:1/people", &[]);
    assert_eq!(ask(&nowhere, &question), "Refused");
}
