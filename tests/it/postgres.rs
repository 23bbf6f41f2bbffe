//! Lookups in PostgreSQL, tried on a real server. `.ci/postgres` starts one and runs these tests.

mod faults;
mod results;
mod server;
mod service;

use std::{collections::BTreeSet, fmt::Write as _, time::Instant};

use futures_util::future::join_all;
use proptest::{
    prelude::any,
    strategy::{Strategy as _, ValueTree as _},
    test_runner::TestRunner,
};
use serde_json::json;

use crate::support::Failures;
use server::{Server, TIMEOUT, ask, query, question, run, verify};

#[test]
#[ignore = "needs PostgreSQL; run .ci/postgres"]
fn an_index_on_the_column_is_used() {
    let server = Server::new();
    server.sql(
        "CREATE TABLE indexed AS SELECT n::text AS t, n::varchar(20) AS v, n AS i, n::numeric AS d,
           md5(n::text)::uuid AS u, ('User' || n)::citext AS c, 'User' || n AS mixed
         FROM generate_series(1, 20000) AS n;
         CREATE INDEX by_t ON indexed (t); CREATE INDEX by_v ON indexed (v);
         CREATE INDEX by_i ON indexed (i); CREATE INDEX by_d ON indexed (d);
         CREATE INDEX by_u ON indexed (u); CREATE INDEX by_c ON indexed (c);
         CREATE INDEX by_lower ON indexed (lower(mixed));
         ANALYZE indexed;",
    );
    let database = server.database();
    let mut failures = Failures::default();

    let rows = [
        ("match = { t = '{number}' }", "7", "by_t"),
        ("match = { v = '{number}' }", "7", "by_v"),
        ("match = { i = '{number}' }", "7", "by_i"),
        ("match = { d = '{number}' }", "7", "by_d"),
        ("match = { u = '{number}' }", "8f14e45fceea167a5a36dedd4bea2543", "by_u"),
        ("match = { c = '{number}' }", "uSER7", "by_c"),
        ("match = { mixed = '{number}' }\nignore_case = ['mixed']", "uSER7", "by_lower"),
    ];
    for (keys, value, index) in rows {
        let keys = format!("table = 'indexed'\nreturns = ['i']\n{keys}");
        let length = server.log_length();
        let result = ask(&database, &question(&keys, &json!({ "number": value }).to_string()));
        let plan = server.log_after(length);
        failures.check_eq(format!("{keys}: result"), result, "found i=7");
        failures.check(format!("{keys}: {plan}"), plan.contains(&format!(" using {index} ")));
    }

    failures.assert_none();
}

#[test]
#[ignore = "needs PostgreSQL; run .ci/postgres"]
fn faults_of_a_query_or_a_source_are_reported_in_plain_words() {
    let server = Server::new();
    server.sql(
        "CREATE TYPE state AS ENUM ('pending', 'used');
         CREATE TABLE invitations (email text, number int, state state, details json);
         CREATE TABLE secret (email text); REVOKE ALL ON secret FROM hook;",
    );
    let database = server.database();
    let mut failures = Failures::default();

    let rows = [
        ("table = 'invitations'\nmatch = { email = '{email}', state = 'pending' }", ""),
        ("table = 'invitations'\nmatch = { number = '{number}' }\nreturns = ['state']", ""),
        (
            "table = 'invitation'\nmatch = { email = '{email}' }",
            "the database says: relation \"invitation\" does not exist; write `schema.table` if the table is in a schema of its own",
        ),
        (
            "table = 'invitations'\nmatch = { emial = '{email}' }",
            "the database says: column \"emial\" does not exist; Perhaps you meant to reference the column \"invitations.email\".",
        ),
        (
            "table = 'invitations'\nmatch = { email = '{email}' }\nreturns = ['role']",
            "the database says: column \"role\" does not exist",
        ),
        (
            "table = 'invitations'\nmatch = { number = '{number}' }\nignore_case = ['number']",
            "the database says: function lower(integer) does not exist; a column of `ignore_case` must be text, and one of `match` must have an `=`",
        ),
        (
            "table = 'invitations'\nmatch = { details = '{email}' }",
            "the database says: operator does not exist: json = unknown; a column of `ignore_case` must be text, and one of `match` must have an `=`",
        ),
        (
            "table = 'invitations'\nmatch = { email = '{email}', state = 'pendnig' }",
            "a constant of `match` does not fit the type of its column, or the view has an invalid value (SQLSTATE 22P02)",
        ),
        (
            "table = 'secret'\nmatch = { email = '{email}' }",
            "the database says: permission denied for table secret; let the user of the source read it (GRANT SELECT, and USAGE on the schema)",
        ),
    ];
    for (keys, expected) in rows {
        let reported = verify(&database, &query(keys));
        failures.check_eq(keys, reported, expected);
    }
    // Many queries share one connection, and each is tried in time.
    let one =
        server.database_with(&server.socket(), &[("PASSWORD", "first"), ("CONNECTIONS", "1")]);
    let wrong = query("table = 'nowhere'\nmatch = { email = '{email}' }");
    let deadline = tokio::time::Instant::now() + TIMEOUT;
    for result in run(join_all((0..40).map(|_| one.verify(&wrong, deadline)))) {
        failures.check("one of many", result.is_err());
    }
    let known = query("table = 'invitations'\nmatch = { email = '{email}' }");
    let of_settings = [
        (server.socket(), "wrong", "password authentication failed for user \"hook\""),
        (
            server.socket().replace("/people", "/nothing"),
            "first",
            "database \"nothing\" does not exist",
        ),
        // These servers cannot be reached. That may pass, so nothing is reported.
        ("postgres://hook@127.0.0.1:1/people".to_owned(), "first", ""),
        ("postgres://hook@%2Fnowhere/people".to_owned(), "first", ""),
    ];
    for (url, password, expected) in of_settings {
        let database = server.database_with(&url, &[("PASSWORD", password)]);
        let reported = verify(&database, &known);
        failures.check(format!("{url}: {reported}"), reported.contains(expected));
        failures.check(format!("{url}: {reported}"), expected.is_empty() == reported.is_empty());
    }

    failures.assert_none();
}

/// Values that are special in SQL, in the protocol or in texts, and random ones.
fn values() -> BTreeSet<String> {
    let mut values = BTreeSet::new();
    for special in [
        "' OR 1=1 --",
        "'; DROP TABLE echo; --",
        "$1",
        "\\",
        "\\'",
        "\"",
        "%",
        "_",
        "NULL",
        "{email}",
        "\u{feff}",
        "\u{202e}",
        "é",
        "e\u{301}",
        "\n",
        "\r\n",
        "\t",
        "a\u{7f}",
        "\u{10ffff}",
        "$$",
        "E'\\x'",
    ] {
        values.insert(special.to_owned());
    }
    let mut runner = TestRunner::deterministic();
    while values.len() < 500 {
        let value = any::<String>().new_tree(&mut runner).unwrap().current();
        if !value.is_empty() && !value.contains('\0') {
            values.insert(value);
        }
    }
    values
}

#[test]
#[ignore = "needs PostgreSQL; run .ci/postgres"]
fn any_value_reaches_the_server_as_it_is() {
    let server = Server::new();
    let values = values();
    // The test writes the values in hexadecimal digits, so that psql has nothing to escape.
    let mut statements = "CREATE TABLE echo (value text);\n".to_owned();
    for value in &values {
        let digits: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
        let bytes = format!("convert_from(decode('{digits}', 'hex'), 'UTF8')");
        writeln!(statements, "INSERT INTO echo VALUES ({bytes});").unwrap();
    }
    server.sql(&statements);
    let database = server.database();
    let keys = "table = 'echo'\nmatch = { value = '{email}' }\nreturns = ['value']";
    let mut failures = Failures::default();

    for value in &values {
        let form = json!({ "email": value }).to_string();
        failures.check_eq(
            format!("{value:?}"),
            ask(&database, &question(keys, &form)),
            format!("found value={value}"),
        );
        let form = json!({ "email": format!("{value}\u{1}") }).to_string();
        failures.check_eq(
            format!("{value:?} and more"),
            ask(&database, &question(keys, &form)),
            "not found",
        );
    }

    failures.assert_none();
}

#[test]
#[ignore = "needs PostgreSQL; run .ci/postgres"]
#[expect(clippy::print_stdout, reason = "the times are for docs/lookup-details.md")]
fn a_round_trip_takes_little_time() {
    let server = Server::new();
    server.sql(
        "CREATE TABLE fast AS SELECT n AS id, 'user' || n || '@example.com' AS email, 'x' AS role
         FROM generate_series(1, 100000) AS n;
         CREATE UNIQUE INDEX ON fast (email); ANALYZE fast;",
    );
    let keys = "table = 'fast'\nmatch = { email = '{email}' }\nreturns = ['role']";
    let question = question(keys, r#"{"email": "user777@example.com"}"#);
    let authority = server.file("authority.crt");
    let password = ("PASSWORD", "first");

    for (name, database) in [
        ("socket", server.database()),
        ("TCP", server.database_with(&server.tcp("127.0.0.1"), &[password])),
        (
            "TLS",
            server.database_with(&server.tcp("localhost"), &[password, ("CA_FILE", &authority)]),
        ),
    ] {
        let start = Instant::now();
        assert_eq!(ask(&database, &question), "found role=x", "{name}");
        let first = start.elapsed();
        let mut times = Vec::new();
        for _ in 0..1000 {
            let start = Instant::now();
            assert_eq!(ask(&database, &question), "found role=x", "{name}");
            times.push(start.elapsed());
        }
        times.sort();
        println!("{name}: first {first:.1?}, p50 {:.0?}, p99 {:.0?}", times[500], times[990]);
        // The fastest tenth, which other work of this machine delays least.
        assert!(times[100].as_millis() < 20, "{name}: {:?}", times[100]);
    }
}
