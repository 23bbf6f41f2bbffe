//! Lookups in an HTTP API: the questions that it gets, and the meaning of its responses.

use std::io::Write as _;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    api::{Api, Asked, Then, Wire, write_response},
    lookup_service::{ask, decision, found, hook, lookup_line, service, service_of, write},
    support::{AUTHORIZATION, Answer, Failures, JSON, registration, request},
};

/// Responds with the status and body that the question holds.
fn echo(asked: &Asked, wire: &mut dyn Wire) -> Then {
    let question: Value = serde_json::from_slice(&asked.body).unwrap();
    let text = |name: &str| question[name].as_str().unwrap().to_owned();
    write_response(wire, &format!("{} Status", text("status")), text("body").as_bytes())
}

/// A response, and the decision to which it leads by further keys of the lookup.
struct Response {
    keys: &'static str,
    status: &'static str,
    body: &'static str,
    decision: &'static str,
}

#[test]
fn the_keys_of_a_lookup_decide_what_a_response_means() {
    let rows = [
        Response { keys: "", status: "200", body: r#"{"level":"gold"}"#, decision: "level gold" },
        // A template has no text for a decimal number.
        Response { keys: "", status: "200", body: r#"{"level":1.50}"#, decision: "allow" },
        Response {
            keys: "",
            status: "200",
            body: r#"{"level":123456789012345678901234567890}"#,
            decision: "level 123456789012345678901234567890",
        },
        Response { keys: "", status: "200", body: r#"{"level":false}"#, decision: "level false" },
        Response {
            keys: "",
            status: "200",
            body: r#"{"level":"g\u00f6ld\n"}"#,
            decision: "level göld\n",
        },
        Response { keys: "", status: "200", body: r#"{"level":null}"#, decision: "allow" },
        Response { keys: "", status: "200", body: r#"{"level":""}"#, decision: "allow" },
        Response { keys: "", status: "200", body: r#"{}"#, decision: "allow" },
        Response { keys: "", status: "200", body: r#"[]"#, decision: "allow" },
        Response { keys: "", status: "200", body: r#""gold""#, decision: "allow" },
        Response { keys: "", status: "404", body: "anything", decision: "NO_ACCOUNT" },
        Response { keys: "", status: "410", body: "{}", decision: "LOOKUP_FAILED" },
        Response {
            keys: "not_found = [404, 410]",
            status: "410",
            body: "{}",
            decision: "NO_ACCOUNT",
        },
        Response { keys: "not_found = []", status: "404", body: "{}", decision: "LOOKUP_FAILED" },
        Response {
            keys: "found = '/results/0'",
            status: "200",
            body: r#"{"results":[]}"#,
            decision: "NO_ACCOUNT",
        },
        Response {
            keys: "found = '/results/0'",
            status: "200",
            body: r#"{"results":[null]}"#,
            decision: "NO_ACCOUNT",
        },
        Response {
            keys: "found = '/results/0'",
            status: "200",
            body: r#"{"results":[false]}"#,
            decision: "NO_ACCOUNT",
        },
        Response {
            keys: "found = '/results/0'",
            status: "200",
            body: r#"{"results":[{}],"level":"x"}"#,
            decision: "level x",
        },
        Response {
            keys: "found = '/results/0'",
            status: "200",
            body: r#"{"results":[0],"level":"x"}"#,
            decision: "level x",
        },
        Response {
            keys: "found = '/results/0'",
            status: "200",
            body: r#"{"results":{"0":""},"level":"x"}"#,
            decision: "level x",
        },
        Response {
            keys: "found = '/results/0'",
            status: "200",
            body: r#"{"results":"0"}"#,
            decision: "NO_ACCOUNT",
        },
        Response {
            keys: "found = '/results/00'",
            status: "200",
            body: r#"{"results":[1]}"#,
            decision: "NO_ACCOUNT",
        },
        Response {
            keys: "found = '/results/+0'",
            status: "200",
            body: r#"{"results":[1]}"#,
            decision: "NO_ACCOUNT",
        },
        Response {
            keys: "found = '/results/-'",
            status: "200",
            body: r#"{"results":[1]}"#,
            decision: "NO_ACCOUNT",
        },
        Response {
            keys: "found = '/results/1'",
            status: "200",
            body: r#"{"results":[1]}"#,
            decision: "NO_ACCOUNT",
        },
        Response { keys: "found = ''", status: "200", body: "false", decision: "NO_ACCOUNT" },
        Response { keys: "found = ''", status: "200", body: " null ", decision: "NO_ACCOUNT" },
        Response { keys: "found = ''", status: "200", body: "true", decision: "allow" },
        Response {
            keys: "found = '/a~1b/~0/~01'",
            status: "200",
            body: r#"{"a/b":{"~":{"~1":1}},"level":"x"}"#,
            decision: "level x",
        },
        Response {
            keys: "found = '/'",
            status: "200",
            body: r#"{"":1,"level":"x"}"#,
            decision: "level x",
        },
        Response {
            keys: "found = '/ä'",
            status: "200",
            body: r#"{"\u00e4":1,"level":"x"}"#,
            decision: "level x",
        },
    ];
    let keys = "post = '/'\nbody = { status = '{status1}', body = '{body1}' }\n";
    let mut files = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        files.push((format!("h{index}.toml"), hook(&format!("{keys}{}", row.keys))));
    }
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let api = Api::start(echo);
    let service = service_of(&api, &files, &[]);
    let mut failures = Failures::default();

    for (index, Response { keys, status, body, decision }) in rows.into_iter().enumerate() {
        let form = json!({"status1": status, "body1": body}).to_string();
        let found = ask(&service, &format!("h{index}"), form.as_bytes());
        failures.check_eq(format!("{keys} {status} {body}"), found, decision);
    }

    failures.assert_none();
}

#[test]
fn questions_carry_the_secret_and_no_cookie_on_one_connection() {
    let api = Api::start(|_, wire| {
        write(
            wire,
            "HTTP/1.1 200 OK\r\nSet-Cookie: id=1\r\nContent-Length: 2\r\n\r\n{}",
            Then::KeepOpen,
        )
    });
    let get = hook("get = '/accounts/{email}?org=a%20b&login={login}'");
    let post = hook(
        "post = '/search'\nbody = { email = 'is {email}', list = [1, -2.50, true, {}], 'a\"b' = '\\' }",
    );
    let service = service(
        &format!("http://{}/v1/", api.address),
        &[("get.toml", &get), ("post.toml", &post)],
        &[
            ("HOOK__SOURCES__MEMBERS__HEADER", "x-api-key"),
            ("HOOK__SOURCES__MEMBERS__SECRET", "planted-secret-Yq7"),
            ("RUST_LOG", "trace"),
        ],
    );
    let form = br#"{"email":"planted+Kp4 \"@example.com","login":"a/b?c&d=e"}"#;

    assert_eq!(ask(&service, "get", form), "allow");
    assert_eq!(ask(&service, "post", form), "allow");

    let asked = api.asked();
    let targets: Vec<_> =
        asked.iter().map(|one| (one.method.as_str(), one.target.as_str())).collect();
    assert_eq!(
        targets,
        [
            (
                "GET",
                "/v1/accounts/planted%2BKp4%20%22%40example.com?org=a%20b&login=a%2Fb%3Fc%26d%3De"
            ),
            ("POST", "/v1/search"),
        ]
    );
    assert_eq!(asked[0].body, b"");
    assert_eq!(
        String::from_utf8(asked[1].body.clone()).unwrap(),
        r#"{"email":"is planted+Kp4 \"@example.com","list":[1,-2.50,true,{}],"a\"b":"\\"}"#
    );
    for one in &asked {
        assert_eq!(one.header("x-api-key"), Some("planted-secret-Yq7"));
        assert_eq!(one.header("accept"), Some("application/json"));
        assert_eq!(one.header("cookie"), None);
        assert_eq!(one.header("accept-encoding"), None);
        assert_eq!(one.header("host"), Some(&*api.address.to_string()));
    }
    assert_eq!(asked[1].header("content-type"), Some("application/json"));
    assert_eq!(asked[1].connection, 1);
    let logs = format!("{}{}", service.stdout(), service.stderr());
    assert!(!logs.contains("planted"), "{logs}");
}

#[test]
fn a_question_without_a_usable_value_is_not_asked() {
    let api = Api::start(|_, wire| found(wire));
    let rows = [
        ("get = '/a/{login}'", r#"{"email":"a@okta.com"}"#),
        ("get = '/a/{login}'", r#"{"login":""}"#),
        ("get = '/a/{login}'", r#"{"login":null}"#),
        ("get = '/a/{login}'", r#"{"login":["a"]}"#),
        ("get = '/a/{login}'", r#"{"login":1.5}"#),
        ("get = '/a/{login}'", r#"{"login":"."}"#),
        ("get = '/a/{login}'", r#"{"login":".."}"#),
        ("get = '/a/{login}/b'", r#"{"login":".."}"#),
        ("get = '/a/.{login}'", r#"{"login":"."}"#),
        ("get = '/a/%2e{login}?x'", r#"{"login":"."}"#),
        ("get = '/a/{login};v=1'", r#"{"login":".."}"#),
        ("get = '/a/{login}'", r#"{"login":"../admin"}"#),
        ("get = '/a/{login}?x'", r#"{"login":"x/../../admin"}"#),
        ("get = '/a/x-{login}'", r#"{"login":"/..\\admin"}"#),
        ("get = '/a/{login}{email}'", r#"{"login":".","email":"."}"#),
        ("get = '/a?x={email.domain}'", r#"{"email":"a"}"#),
        ("post = '/a'\nbody = { a = { b = ['{login}'] } }", r#"{"login":""}"#),
        (
            "get = '/a/{login}'\nwhen = [{ attribute = 'email', one_of = ['a'] }]",
            r#"{"login":"a","email":"b"}"#,
        ),
    ];
    let mut files = Vec::new();
    for (index, (keys, _)) in rows.iter().enumerate() {
        files.push((format!("h{index}.toml"), hook(keys)));
    }
    files.push(("asked.toml".to_owned(), hook("get = '/{login}?x=..'")));
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let service = service_of(&api, &files, &[]);
    let mut failures = Failures::default();

    for (index, (keys, form)) in rows.into_iter().enumerate() {
        let hook = format!("h{index}");
        let expected = if keys.contains("when") { "allow" } else { "NO_ACCOUNT" };
        failures.check_eq(
            format!("{keys} {form}"),
            ask(&service, &hook, form.as_bytes()),
            expected,
        );
        failures.check_eq(keys, lookup_line(&service, &hook)["outcome"].clone(), "not_asked");
    }
    let long = json!({"login": "ä".repeat(1000)}).to_string();
    failures.check_eq("too long", ask(&service, "h0", long.as_bytes()), "NO_ACCOUNT");
    failures.check("asked", api.asked().is_empty());
    for login in ["...", ".a", "%2e%2e", "%2F..%2F", "a/..b", "a", " "] {
        let form = json!({"login": login}).to_string();
        failures.check_eq(login, ask(&service, "asked", form.as_bytes()), "level gold");
    }

    failures.assert_none();
}

/// Decodes what is percent-encoded.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        if *first == b'%' {
            let digits = std::str::from_utf8(&after[..2]).unwrap();
            bytes.push(u8::from_str_radix(digits, 16).unwrap());
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn every_value_reaches_the_api_exactly_in_path_query_and_body() {
    let api = Api::start(|_, wire| found(wire));
    let rules = hook("post = '/a-{login}/b?c={login}&d={login}'\nbody = { e = ['<{login}>'] }");
    let service = service_of(&api, &[("hook.toml", &rules)], &[]);
    let connection = service.connect();
    let letters = prop_oneof![
        any::<char>(),
        prop::sample::select(
            "/\\?#&=%;:@+\"'<>{}[].~ \r\n\t\0\u{7f}\u{2028}\u{202e}éß".chars().collect::<Vec<_>>()
        ),
    ];
    let values = prop::collection::vec(letters, 1..40);
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) };
    let mut runner = proptest::test_runner::TestRunner::new(config);

    let result = runner.run(&values, |letters| {
        let value: String = letters.into_iter().collect();
        // The service does not ask a question whose path has a segment `.` or `..`.
        let path = format!("a-{value}");
        prop_assume!(!path.split(['/', '\\']).any(|part| [".", ".."].contains(&part)));
        let body = registration(&json!({"login": value}).to_string());
        let mut connection = connection.try_clone().unwrap();
        connection.write_all(&request("POST", "/hook", &[AUTHORIZATION, JSON], &body)).unwrap();
        prop_assert_eq!(decision(&Answer::read(&mut connection)), "level gold");
        let asked = api.asked().pop().unwrap();
        let (path, query) = asked.target.split_once('?').unwrap();
        let segments: Vec<_> = path.split('/').map(percent_decoded).collect();
        prop_assert_eq!(segments, ["".to_owned(), format!("a-{value}"), "b".to_owned()]);
        let pairs: Vec<_> = query.split('&').map(|pair| pair.split_once('=').unwrap()).collect();
        let pairs: Vec<_> = pairs.iter().map(|(key, text)| (*key, percent_decoded(text))).collect();
        prop_assert_eq!(pairs, [("c", value.clone()), ("d", value.clone())]);
        let body: Value = serde_json::from_slice(&asked.body).unwrap();
        prop_assert_eq!(body, json!({"e": [format!("<{value}>")]}));
        Ok(())
    });

    result.unwrap();
}
