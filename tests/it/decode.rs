//! Decoding: strict about JSON, tolerant of unknown members.

use proptest::prelude::*;
use registration_hook::okta::{
    Flow, Request,
    request::{DEPTH, DecodeError, decode},
};

use crate::support::{Failures, registration, repository};

/// The body of a registration with this `data`.
fn with_data(data: &str) -> String {
    format!(
        r#"{{"eventType":"com.okta.user.pre-registration","requestType":"self.service.registration","data":{data}}}"#
    )
}

fn is_syntax_error(body: impl AsRef<[u8]>) -> bool {
    matches!(decode(body.as_ref()), Err(DecodeError::Syntax { .. } | DecodeError::Encoding { .. }))
}

fn request(body: &str) -> Request<'_> {
    decode(body.as_bytes()).unwrap_or_else(|error| panic!("{error}: {body}"))
}

#[test]
fn text_that_is_not_json_is_a_syntax_error() {
    let good = String::from_utf8(registration(r#"{"email":"a@okta.com"}"#)).unwrap();
    let mut failures = Failures::default();

    for body in [
        "",
        " \n\t",
        "{",
        "{'a':1}",
        "// x\n{}",
        "{\"a\":NaN}",
        "{\"a\":0x10}",
        "{\"a\":01}",
        "{\"a\":+1}",
        "{\"a\":.5}",
        "{\"a\":1.}",
        "{\"a\":1,}",
        "[1,]",
        "nul",
        "{\"a\" 1}",
        "\"a",
        "{a:1}",
    ] {
        failures.check(format!("{body:?}"), is_syntax_error(body));
    }
    for body in
        [format!("\u{feff}{good}"), format!("{good}x"), format!("{good}{{}}"), format!("{good},")]
    {
        failures.check(format!("{body:?}"), is_syntax_error(&body));
    }

    failures.assert_none();

    let utf16: Vec<_> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();

    assert!(is_syntax_error(utf16));
    assert!(decode(format!(" \r\n{good}\t\n").as_bytes()).is_ok());
}

/// A decoder that reads only the members it needs would miss these.
#[test]
fn invalid_json_is_a_syntax_error_at_every_level() {
    let faults: [&[u8]; 12] = [
        br#"{"a":1,"a":2}"#,
        br#"{"a":1,"\u0061":2}"#,
        br#"[{"a":[{"b":1,"b":1}]}]"#,
        br#""\ud800""#,
        br#""\ud800\u0061""#,
        br#""\udc00""#,
        b"\"\xff\"",
        b"\"\xc0\xaf\"",
        b"\"a\x01b\"",
        b"1e400",
        b"-1e999999999999",
        br#""\x""#,
    ];
    let places = [
        r#"{"eventType":"com.okta.user.pre-registration","requestType":"self.service.registration","x":?,"data":{"userProfile":{}}}"#,
        r#"{"eventType":"com.okta.user.pre-registration","requestType":"self.service.registration","data":{"userProfile":{}},"eventId":?}"#,
        r#"{"eventType":"com.okta.user.pre-registration","requestType":"self.service.registration","data":{"context":?,"userProfile":{}}}"#,
        r#"{"eventType":"com.okta.user.pre-registration","requestType":"self.service.registration","data":{"userProfile":{"a":?}}}"#,
        r#"{"eventType":"com.okta.user.pre-registration","requestType":"self.service.registration","data":{"userProfile":{"a":[?]}}}"#,
        r#"{"eventType":"com.okta.user.pre-registration","requestType":"self.service.registration","data":{"userProfileUpdate":{"a":?},"userProfile":{}}}"#,
        "[?]",
        "?",
    ];
    let mut failures = Failures::default();

    for place in places {
        let (before, after) = place.split_once('?').unwrap();
        for fault in faults {
            let body = [before.as_bytes(), fault, after.as_bytes()].concat();

            failures.check(
                format!("{place}: {}", String::from_utf8_lossy(&body)),
                is_syntax_error(&body),
            );
        }
    }

    failures.assert_none();
}

#[test]
fn numbers_beyond_a_double_are_a_syntax_error_however_they_are_written() {
    let zeros = "0".repeat(400);
    let largest = "17976931348623157".to_owned() + &"0".repeat(292);
    let mut failures = Failures::default();

    for (number, is_double) in [
        (format!("1{zeros}"), false),
        (format!("-1{zeros}.5"), false),
        (format!("0.{zeros}1"), true),
        (format!("1{zeros}e-400"), true),
        (format!("0.{zeros}1e700"), true),
        (format!("0.{zeros}1e999999"), false),
        (format!("0e{zeros}999"), true),
        (largest.clone(), true),
        (format!("{largest}0"), false),
        ("1.7976931348623157e308".to_owned(), true),
        ("1.7976931348623159e308".to_owned(), false),
    ] {
        let body = with_data(&format!(r#"{{"userProfile":{{"a":{number}}}}}"#));

        failures.check_eq(&number, !is_syntax_error(&body), is_double);
    }

    failures.assert_none();
}

#[test]
fn a_repeated_name_is_a_syntax_error() {
    let mut failures = Failures::default();

    for body in [
        r#"{"requestType":"progressive.profile","eventType":"com.okta.user.pre-registration","requestType":"self.service.registration","data":{"userProfile":{}}}"#.to_owned(),
        with_data(r#"{"userProfile":{"email":"a@evil.example","email":"a@okta.com"}}"#),
        with_data(r#"{"userProfile":{"email":"a@evil.example","em\u0061il":"a@okta.com"}}"#),
        with_data(r#"{"userProfile":{},"userProfile":{}}"#),
        with_data(r#"{"userProfile":{}},"data":{"userProfile":{}}"#),
    ] {
        failures.check(&body, is_syntax_error(&body));
    }

    failures.assert_none();

    // Names that differ in case are different names.
    let body = with_data(r#"{"userProfile":{"Email":"a@evil.example","email":"a@okta.com"}}"#);
    let request = request(&body);

    assert_eq!(request.form.get("email").unwrap().json, r#""a@okta.com""#);
}

#[test]
fn nesting_beyond_the_limit_is_a_syntax_error() {
    let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    let depth = usize::from(DEPTH);

    // The top level, `data` and the form are three levels.
    let in_form = |levels| with_data(&format!(r#"{{"userProfile":{{"a":{}}}}}"#, nested(levels)));

    assert!(decode(in_form(depth - 3).as_bytes()).is_ok());
    assert!(is_syntax_error(in_form(depth - 2)));

    let ignored = |levels| with_data(&format!(r#"{{"userProfile":{{}},"x":{}}}"#, nested(levels)));

    assert!(decode(ignored(depth - 2).as_bytes()).is_ok());
    assert!(is_syntax_error(ignored(depth - 1)));
    assert!(is_syntax_error(nested(100_000)));
    assert!(is_syntax_error("{\"a\":".repeat(50_000)));
}

#[test]
fn json_that_is_not_a_hook_request_is_refused_with_the_reason() {
    let mut failures = Failures::default();

    for (body, why) in [
        ("null", "it is not an object"),
        ("[]", "it is not an object"),
        ("\"a\"", "it is not an object"),
        ("{}", "`eventType` is missing"),
        (r#"{"data":{}}"#, "`eventType` is missing"),
        (r#"{"eventType":null}"#, "`eventType` is not that of a registration inline hook"),
        (
            r#"{"eventType":"com.okta.saml.tokens.transform","data":{}}"#,
            "`eventType` is not that of a registration inline hook",
        ),
        (r#"{"eventType":"com.okta.user.pre-registration"}"#, "`data` is not an object"),
        (&with_data("null"), "`data` is not an object"),
        (&with_data("[]"), "`data` is not an object"),
        (&with_data(r#"{"userProfile":[]}"#), "the form `userProfile` is not an object"),
        (&with_data(r#"{"userProfile":null}"#), "the form `userProfile` is not an object"),
        (
            &with_data(r#"{"userProfile":{},"userProfileUpdate":"x"}"#),
            "the form `userProfileUpdate` is not an object",
        ),
        (&with_data("{}").replace("self.service.registration", ""), "`requestType` is unknown"),
        (
            &with_data("{}").replace("self.service.registration", "self.service.registration "),
            "`requestType` is unknown",
        ),
        (
            &with_data("{}").replace(r#""self.service.registration""#, "null"),
            "`requestType` is unknown",
        ),
        (
            &with_data("{}").replace(r#""self.service.registration""#, "7"),
            "`requestType` is unknown",
        ),
        (
            r#"{"eventType":"com.okta.user.pre-registration","data":{}}"#,
            "it has neither `requestType` nor `data.userProfile`",
        ),
    ] {
        let Some(DecodeError::NotHookRequest { why: found, .. }) = decode(body.as_bytes()).err()
        else {
            failures.add(body);
            continue;
        };
        failures.check_eq(body, found, why);
    }

    failures.assert_none();
}

#[test]
fn event_type_and_request_type_of_a_foreign_request_are_kept_for_the_log_and_not_shown_to_the_caller()
 {
    let body = r#"{"requestType":"x","data":{},"eventType":"com.okta.\u0041"}"#;

    let error = decode(body.as_bytes()).err().unwrap();

    assert!(!error.to_string().contains("com.okta"), "{error}");
    let DecodeError::NotHookRequest { event_type, request_type, .. } = error else {
        panic!("{error}")
    };
    assert_eq!((event_type.as_deref(), request_type.as_deref()), (Some("com.okta.A"), Some("x")));
}

#[test]
fn unknown_members_and_missing_forms_are_tolerated() {
    let bodies = [
        r#"{"eventType":"com.okta.user.pre-registration","requestType":"progressive.profile","data":{"action":null}}"#,
        r#"{"eventTypeVersion":1,"cloudEventVersion":0.1,"eventType":"com.okta.user.pre-registration","requestType":"progressive.profile","data":{"userProfileUpdate":{}},"source":{}}"#,
        r#"{"eventType":"com.okta.user.pre-registration","requestType":"progressive.profile","eventId":7,"data":{"context":[],"userProfile":{"a":1}}}"#,
    ];
    let mut failures = Failures::default();

    for body in bodies {
        let request = request(body);

        failures.check_eq(body, request.flow, Flow::ProgressiveProfile);
        failures.check(body, request.event_id.is_none());
        failures.check(body, request.form.get("a").is_none());
    }

    failures.assert_none();

    let classic = request(
        r#"{"eventType":"com.okta.user.pre-registration","eventId":"x","data":{"userProfile":{"a":1}}}"#,
    );

    assert_eq!(classic.flow, Flow::Classic);
    assert_eq!(classic.event_id.as_deref(), Some("x"));
}

#[test]
fn values_are_kept_as_submitted() {
    let body = with_data(
        r#"{"userProfile":{"text":"a\u0062","integer":123456789012345678901234567890,"fraction":1.50e0,"yes":true,"list":[1, "a"],"object":{},"null":null,"empty":"","none":[]}}"#,
    );
    let request = request(&body);

    let submitted = |name| request.form.get_even_if_empty(name).map(|attribute| attribute.json);

    assert_eq!(submitted("text"), Some(r#""a\u0062""#));
    assert_eq!(submitted("integer"), Some("123456789012345678901234567890"));
    assert_eq!(submitted("fraction"), Some("1.50e0"));
    assert_eq!(submitted("list"), Some(r#"[1, "a"]"#));
    assert_eq!(submitted("null"), None);
    assert_eq!(submitted("empty"), Some(r#""""#));

    let text = |name| {
        request.form.get(name).and_then(|attribute| attribute.value.text().map(str::to_owned))
    };

    assert_eq!(text("text").as_deref(), Some("ab"));
    assert_eq!(text("integer").as_deref(), Some("123456789012345678901234567890"));
    assert_eq!(text("yes").as_deref(), Some("true"));
    let mut failures = Failures::default();

    for name in ["fraction", "list", "object", "null", "empty", "none", "absent"] {
        failures.check_eq(name, text(name), None);
    }

    failures.assert_none();
}

#[test]
fn syntax_errors_name_the_position_and_no_content() {
    let body = "{\n  \"eventType\": \"com.okta.user.pre-registration\",\n  \"secret\": trx\n}";

    let error = decode(body.as_bytes()).err().unwrap();

    assert!(matches!(error, DecodeError::Syntax { line: 3, .. }), "{error}");
    assert!(!error.to_string().contains("secret"), "{error}");
}

/// The place is where the fault shows: at the second of two equal names, in the number, at the escape or at the bracket.
#[test]
fn each_fault_of_strict_json_is_named_with_its_place() {
    let many: Vec<String> = (0..40).map(|number| format!("\"n{number}\":0")).collect();
    let many = format!("{{{},\n\"n39\":0,\"n7\":0}}", many.join(","));
    let deep = format!("{{\"a\":\n{}", "[".repeat(usize::from(DEPTH)));
    let twice = "since a name occurs twice in an object,";
    let surrogate = "since it has a lone surrogate,";
    let range = "since a number is beyond the range of a double,";
    let nesting = "since arrays and objects are nested more than 127 deep,";
    let mut failures = Failures::default();

    for (body, problem, line, column) in [
        ("{\"a\":1,\n  \"a\":2,\n\"a\":3}", twice, 2, 3),
        ("{\"a\":1,\"b\":{\"c\":1,\"d\":2, \"c\":3}}", twice, 1, 26),
        ("{\"a\":1,\"\\u0061\":2}", twice, 1, 8),
        ("{\"a\":1,\"b\":1,\"b\":1,\"a\":1}", twice, 1, 14),
        (&many, twice, 2, 1),
        (&deep, nesting, 2, 127),
        ("{\"a\":\n1e999}", range, 2, 1),
        ("[\n\"a\\ud800\"]", surrogate, 2, 3),
        ("[\n\"a\\udc00\\ud800\"]", surrogate, 2, 3),
        ("[\n\"a\\ud800\\u0041\"]", surrogate, 2, 3),
        ("[\n\"a\\ud800\\n\"]", surrogate, 2, 3),
        ("[\n01]", "since a number begins with 0,", 2, 2),
        ("{\"a\":00}", "since a number begins with 0,", 1, 7),
        ("{a:1}", "since a name is not in quotes,", 1, 2),
        ("{\"a\":1, b_2 : 1}", "since a name is not in quotes,", 1, 9),
        ("{\"a\":True}", "since `true`, `false` or `null` is not in lower case,", 1, 6),
        ("{\"a\":1 \"b\":2}", "since a comma or a colon is missing,", 1, 8),
        ("{\"a\" 1}", "since a comma or a colon is missing,", 1, 6),
        ("[{} {}]", "since a comma or a colon is missing,", 1, 5),
        ("<html>", "since it begins like HTML or XML,", 1, 1),
        ("a=b", "since it does not begin like JSON,", 1, 1),
        ("{\"a\":1}\0", "since more follows its end,", 1, 8),
        ("{\"a\":@}", "(RFC 8259)", 1, 6),
        ("{\"a\":[1,\n]}", "since a comma precedes a closing bracket,", 2, 1),
        ("{\"a\":1,}", "since a comma precedes a closing bracket,", 1, 8),
        ("{“a”:1}", "since a quote is curly,", 1, 2),
        ("{'a':1}", "since a quote is single,", 1, 2),
        ("{ // a\n}", "since it has a comment,", 1, 3),
        ("{\"a\":\"\n\"}", "since a text has a raw line break or control character,", 1, 7),
        ("{\"a\":1}\n{}", "since more follows its end,", 2, 1),
    ] {
        let error = decode(body.as_bytes()).err().unwrap().to_string();

        let comma = if problem.starts_with("since") { "," } else { "" };
        let expected =
            format!("the body is not strict JSON{comma} {problem} at line {line}, column {column}");
        failures.check_eq(body, error, expected);
    }

    failures.assert_none();
}

#[test]
fn another_encoding_is_named_with_the_place_of_the_first_byte_that_shows_it() {
    let mut failures = Failures::default();

    for (body, problem, line, column) in [
        (&b"{\n\"a\":\"\xff\"}"[..], "is not UTF-8", 2, 6),
        (b"\xef\xbb\xbf{}", "begins with a byte order mark", 1, 1),
        (b"\xff\xfe{\0}\0", "is UTF-16", 1, 1),
        (b"\xfe\xff\0{\0}", "is UTF-16", 1, 1),
        (b"{\0}\0", "is UTF-16", 1, 1),
        (b"\0{\0}", "is UTF-16", 1, 1),
        (b"\xff\xfe\0\0{\0\0\0", "is UTF-32", 1, 1),
        (b"\0\0\xfe\xff\0\0\0{", "is UTF-32", 1, 3),
        (b"{\0\0\0}\0\0\0", "is UTF-32", 1, 1),
        (b"\0\0\0{\0\0\0}", "is UTF-32", 1, 1),
    ] {
        let expected = DecodeError::Encoding { problem, line, column };

        failures.check_eq(format!("{body:?}"), decode(body).err(), Some(expected));
    }

    failures.assert_none();
}

/// Any JSON value, with names that sometimes repeat.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        any::<f64>()
            .prop_filter("JSON has no NaN", |value| value.is_finite())
            .prop_map(|value| format!("{value:?}")),
        "[a-z\\\\\"\u{e9}]{0,6}".prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(("[a-d]", inner), 0..4).prop_map(|members| {
                let members: Vec<_> =
                    members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

/// Whether an object has a name twice. `serde_json` keeps one member of each name, so that it then has fewer members
/// than the text.
fn has_repeated_name(json: &str) -> bool {
    let value: serde_json::Value = serde_json::from_str(json).unwrap();
    let written = json.matches("\":").count();
    count_members(&value) < written
}

/// The number of members of all objects in a value.
fn count_members(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Array(items) => items.iter().map(count_members).sum(),
        serde_json::Value::Object(object) => {
            object.len() + object.values().map(count_members).sum::<usize>()
        }
        _ => 0,
    }
}

proptest! {
    #[test]
    fn any_json_is_accepted_unless_a_name_repeats(value in json()) {
        // A text with `":` in it would be counted as a member.
        prop_assume!(!value.contains("\\\":"));
        for body in [
            with_data(&format!(r#"{{"userProfile":{{"a":{value}}}}}"#)),
            with_data(&format!(r#"{{"userProfile":{{}},"x":{value}}}"#)),
        ] {
            prop_assert_eq!(decode(body.as_bytes()).is_ok(), !has_repeated_name(&value), "{}", body);
        }
    }

    #[test]
    fn any_string_is_read_as_it_was_written(characters in prop::collection::vec((any::<char>(), any::<bool>()), 0..40)) {
        let mut text = String::new();
        let mut json = String::new();
        for (character, escaped) in characters {
            text.push(character);
            if escaped {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    json.push_str(&format!("\\u{unit:04x}"));
                }
            } else {
                let quoted = serde_json::to_string(&character).unwrap();
                json.push_str(&quoted[1..quoted.len() - 1]);
            }
        }
        let body = with_data(&format!(r#"{{"userProfile":{{"a":"{json}"}}}}"#));
        let request = request(&body);
        let read = request.form.get_even_if_empty("a").and_then(|attribute| attribute.value.text().map(str::to_owned));

        prop_assert_eq!(read, Some(text));
    }

    #[test]
    fn every_accepted_body_is_json_for_serde_json_too(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let path = repository("tests/guide/fixtures/registrationHookPP/guide-update.request.json");
        let mut body = std::fs::read(path).unwrap();
        let at = at.index(body.len());
        body[at] = byte;
        if decode(&body).is_ok() {
            prop_assert!(serde_json::from_slice::<serde_json::Value>(&body).is_ok());
        }
    }
}
