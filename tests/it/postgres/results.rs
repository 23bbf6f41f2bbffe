//! Rows become results.

use std::fmt::Write as _;

use serde_json::json;

use super::server::{Server, ask, question};
use crate::support::Failures;

/// A question about a value, and its result.
struct Asked {
    table: &'static str,
    /// `match` and `ignore_case`.
    keys: &'static str,
    returns: &'static str,
    value: &'static str,
    result: &'static str,
}

#[test]
#[ignore = "needs PostgreSQL; run .ci/postgres"]
fn rows_become_results() {
    let server = Server::new();
    server.sql(
        r#"CREATE TABLE people (id int, email text, active boolean, role text, born date, notes text,
             state text, "We ird" text, "quo""te" text, size numeric, big text);
           INSERT INTO people VALUES
             (1, 'a@example.com', true, 'admin', '2001-02-03', NULL, 'pending', 'w', 'q', 1.50, NULL),
             (2, 'B@example.com', false, '', NULL, 'x', 'used', NULL, NULL, NULL, NULL),
             (3, 'twice', NULL, NULL, NULL, NULL, 'pending', NULL, NULL, NULL, NULL),
             (4, 'twice', NULL, NULL, NULL, NULL, 'pending', NULL, NULL, NULL, NULL),
             (5, 'big', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, repeat('x', 65536)),
             (6, 'bigger', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, repeat('é', 65536)),
             (7, 'kÉlvin', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
           CREATE VIEW active_people AS SELECT email, role FROM people WHERE active;
           CREATE SCHEMA "Ünder""score";
           GRANT USAGE ON SCHEMA "Ünder""score" TO hook;
           CREATE TABLE "Ünder""score"."we ird" AS SELECT * FROM people;
           CREATE VIEW numbers AS SELECT email, role::int AS number FROM people;
           CREATE VIEW broken AS SELECT email, 1 / 0 AS number FROM people;
           CREATE FUNCTION spy(text) RETURNS text LANGUAGE sql AS
             'INSERT INTO people (email) VALUES ($1) RETURNING email';
           CREATE VIEW writing AS SELECT email, spy(email) AS spied FROM people;
           CREATE TABLE forbidden (email text);
           REVOKE ALL ON forbidden FROM hook;"#,
    );
    let database = server.database();
    let mut failures = Failures::default();
    let email = "match = { email = '{email}' }";

    let rows = [
        Asked {
            table: "people",
            keys: email,
            returns: "['role', 'active']",
            value: "a@example.com",
            result: "found active=true role=admin",
        },
        Asked {
            table: "people",
            keys: email,
            returns: "['born', 'size', 'id']",
            value: "a@example.com",
            result: "found born=2001-02-03 id=1 size=1.50",
        },
        Asked {
            table: "people",
            keys: email,
            returns: "['notes', 'role']",
            value: "a@example.com",
            result: "found role=admin",
        },
        Asked {
            table: "people",
            keys: email,
            returns: "['role', 'active', 'notes']",
            value: "B@example.com",
            result: "found active=false notes=x",
        },
        Asked {
            table: "people",
            keys: email,
            returns: "",
            value: "a@example.com",
            result: "found ",
        },
        Asked {
            table: "people",
            keys: email,
            returns: "",
            value: "b@example.com",
            result: "not found",
        },
        Asked {
            table: "people",
            keys: "match = { email = '{email}' }\nignore_case = ['email']",
            returns: "['id']",
            value: "b@EXAMPLE.com",
            result: "found id=2",
        },
        Asked {
            table: "people",
            keys: "match = { email = '{email}', state = 'pending' }",
            returns: "['id']",
            value: "a@example.com",
            result: "found id=1",
        },
        Asked {
            table: "people",
            keys: "match = { email = '{email}', state = 'pending' }",
            returns: "['id']",
            value: "B@example.com",
            result: "not found",
        },
        Asked {
            table: "people",
            keys: "match = { email = '{email}', active = true, id = 1 }",
            returns: "['id']",
            value: "a@example.com",
            result: "found id=1",
        },
        Asked {
            table: "people",
            keys: email,
            returns: "['id']",
            value: "twice",
            result: "Ambiguous",
        },
        Asked { table: "people", keys: email, returns: "", value: "big", result: "found " },
        Asked {
            table: "people",
            keys: email,
            returns: "['big']",
            value: "bigger",
            result: "TooLarge",
        },
        Asked {
            table: "people",
            keys: email,
            returns: "['id', 'big']",
            value: "big",
            result: "TooLarge",
        },
        Asked {
            table: "active_people",
            keys: email,
            returns: "['role']",
            value: "a@example.com",
            result: "found role=admin",
        },
        Asked {
            table: "active_people",
            keys: email,
            returns: "['role']",
            value: "B@example.com",
            result: "not found",
        },
        Asked {
            table: "Ünder\"score.we ird",
            keys: email,
            returns: r#"['We ird', 'quo"te']"#,
            value: "a@example.com",
            result: "found We ird=w quo\"te=q",
        },
        Asked {
            table: "public.people",
            keys: email,
            returns: "['id']",
            value: "a@example.com",
            result: "found id=1",
        },
        // ASCII case only: a Kelvin sign is not a `k`.
        Asked {
            table: "people",
            keys: "match = { email = '{email}' }\nignore_case = ['email']",
            returns: "['id']",
            value: "KÉLVIN",
            result: "found id=7",
        },
        Asked {
            table: "people",
            keys: "match = { email = '{email}' }\nignore_case = ['email']",
            returns: "['id']",
            value: "\u{212a}Élvin",
            result: "not found",
        },
        Asked {
            table: "people",
            keys: "match = { email = '{email}' }\nignore_case = ['email']",
            returns: "['id']",
            value: "kélvin",
            result: "not found",
        },
        // A value that does not fit the type of its column.
        Asked {
            table: "people",
            keys: "match = { id = '{email}' }",
            returns: "",
            value: "abc",
            result: "not found",
        },
        Asked {
            table: "people",
            keys: "match = { id = '{email}' }",
            returns: "",
            value: "99999999999",
            result: "not found",
        },
        Asked {
            table: "people",
            keys: "match = { born = '{email}' }",
            returns: "",
            value: "2001-02-30",
            result: "not found",
        },
        Asked {
            table: "people",
            keys: "match = { active = '{email}' }",
            returns: "",
            value: "maybe",
            result: "not found",
        },
        Asked { table: "people", keys: email, returns: "", value: "a\0", result: "not found" },
        Asked {
            table: "people",
            keys: "match = { email = '{email}' }\nignore_case = ['email']",
            returns: "",
            value: "a\0",
            result: "not found",
        },
        // An error in the data, and not in the value, must not look like an absent row.
        Asked {
            table: "broken",
            keys: email,
            returns: "['number']",
            value: "a@example.com",
            result: "refused 22012",
        },
        Asked {
            table: "people",
            keys: "match = { email = '{email}', born = 'soon' }",
            returns: "",
            value: "a",
            result: "refused 22007",
        },
        Asked {
            table: "people",
            keys: "match = { born = 'soon', id = '{email}' }",
            returns: "",
            value: "abc",
            result: "refused 22007",
        },
        Asked {
            table: "numbers",
            keys: email,
            returns: "['number']",
            value: "a@example.com",
            result: "refused 22P02",
        },
        Asked {
            table: "writing",
            keys: email,
            returns: "['spied']",
            value: "a@example.com",
            result: "refused 25006",
        },
        Asked { table: "nowhere", keys: email, returns: "", value: "a", result: "refused 42P01" },
        Asked { table: "PEOPLE", keys: email, returns: "", value: "a", result: "refused 42P01" },
        Asked {
            table: "people",
            keys: "match = { nothing = '{email}' }",
            returns: "",
            value: "a",
            result: "refused 42703",
        },
        Asked {
            table: "people",
            keys: email,
            returns: "['nothing']",
            value: "a",
            result: "refused 42703",
        },
        Asked { table: "forbidden", keys: email, returns: "", value: "a", result: "refused 42501" },
    ];
    for Asked { table, keys, returns, value, result } in rows {
        let mut keys = format!("table = '{table}'\n{keys}");
        if !returns.is_empty() {
            write!(keys, "\nreturns = {returns}").unwrap();
        }
        let found = ask(&database, &question(&keys, &json!({ "email": value }).to_string()));
        failures.check_eq(format!("{keys} for {value}"), found, result);
    }

    failures.assert_none();
    assert_eq!(server.sql("SELECT count(*) FROM people"), "7", "the session may not write");
}

#[test]
#[ignore = "needs PostgreSQL; run .ci/postgres"]
fn a_column_of_another_type_than_text_finds_each_spelling_of_its_value() {
    let server = Server::new();
    server.sql(
        "CREATE TABLE spellings (number int, size numeric, active boolean, born date, code char(5), id uuid);
         INSERT INTO spellings VALUES (100417, 12.5, true, current_date, 'ann',
           'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')",
    );
    let database = server.database();
    let mut failures = Failures::default();

    for (column, spellings) in [
        ("number", &["100417", "0100417", "+100417", " 100417\t"][..]),
        ("size", &["12.5", "12.50", "1.25e1"]),
        ("active", &["true", "t", "yes", "on", "1"]),
        ("born", &["today"]),
        ("code", &["ann", "ann  "]),
        ("id", &["A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "{a0eebc999c0b4ef8bb6d6bb9bd380a11}"]),
    ] {
        for spelling in spellings {
            let keys = format!("table = 'spellings'\nmatch = {{ {column} = '{{email}}' }}");
            let question = question(&keys, &json!({ "email": spelling }).to_string());
            failures.check_eq(spelling, ask(&database, &question), "found ");
        }
    }

    failures.assert_none();
}
