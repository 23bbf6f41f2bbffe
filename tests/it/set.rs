//! The attributes that a hook sets: the kinds of sources, and the reasons why one is not written.

use std::{collections::BTreeSet, os::unix::fs::symlink};

use jiff::civil::date;
use registration_hook::{
    lint::Lints,
    org::Org,
    pipeline,
    rule::{Facts, Hook},
};

use crate::support::{
    CpuTimer, Failures, hook as hook_of, lint_rules, load_rules, program, registration,
    rules_folder, run, text,
};

const FACTS: Facts = Facts::of_day(date(2026, 11, 21));

/// A hook that allows every registration and sets `x` by this source.
fn with_source(source: &str) -> Hook {
    hook_of(&format!(
        "[self_service_registration]\nallow_all = true\n[self_service_registration.set]\nx = {source}\n"
    ))
}

/// The JSON that the hook writes to `x`. Returns "none" if it writes nothing.
fn written(hook: &Hook, form: &str) -> String {
    let body = registration(form);
    let answer = pipeline::answer(hook, &body, &FACTS).unwrap();
    match text(&answer.body).split_once(r#""value":{"x":"#) {
        Some((_, rest)) => rest.split_once("}}").unwrap().0.to_owned(),
        None => "none".to_owned(),
    }
}

/// Compares what sources write to `x`: a source, a form, the JSON.
fn check_written(rows: &[(&str, &str, &str)]) {
    let mut failures = Failures::default();
    for (source, form, expected) in rows {
        failures.check_eq(
            format!("{source} {form}"),
            written(&with_source(source), form),
            *expected,
        );
    }
    failures.assert_none();
}

/// The lines of `eval --explain` about `set`.
fn explained(set: &str, body: &[u8]) -> String {
    let rules = format!(
        "[self_service_registration]\nallow_all = true\n[self_service_registration.set]\n{set}"
    );
    let folder = rules_folder(&[("hook.toml", &rules), ("map.csv", "key,value\na,b\n")]);
    let mut command = program();
    command.args(["eval", "hook", "--explain", "--rules"]).arg(folder.path());
    let output = run(&mut command, body);
    let explanation = text(&output.stderr);
    let lines = explanation.lines().filter(|line| {
        line.starts_with("  set ") || line.starts_with("  leave ") || line.starts_with("  deny ")
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_default_is_written_only_where_the_form_has_no_value() {
    check_written(&[
        (r#"{ default = "user" }"#, "{}", r#""user""#),
        (r#"{ default = "user" }"#, r#"{"x":null}"#, r#""user""#),
        (r#"{ default = "user" }"#, r#"{"x":""}"#, r#""user""#),
        (r#"{ default = "user" }"#, r#"{"x":[]}"#, r#""user""#),
        (r#"{ default = "user" }"#, r#"{"x":"a"}"#, "none"),
        (r#"{ default = "user" }"#, r#"{"x":false}"#, "none"),
        (r#"{ default = ["a", 1] }"#, "{}", r#"["a",1]"#),
        (r#"{ default = "{a}!" }"#, r#"{"a":"b"}"#, r#""b!""#),
        (r#"{ default = "{a}!" }"#, "{}", "none"),
    ]);
}

#[test]
fn the_first_branch_that_holds_is_written() {
    let source = r#"[
  { when = [{ attribute = "email.domain", one_of = ["ext.example"] }, { attribute = "a", digits = 1 }], value = "both" },
  { when = [{ attribute = "email.domain", one_of = ["ext.example"] }], value = "{a}" },
  { when = [{ attribute = "a", one_of = ["z"], optional = true }], value = true },
  { value = 7 },
]"#;
    check_written(&[
        (source, r#"{"email":"a@ext.example","a":"1"}"#, r#""both""#),
        (source, r#"{"email":"a@EXT.example","a":"ab"}"#, r#""ab""#),
        (source, r#"{"email":"a@okta.com","a":"z"}"#, "true"),
        (source, r#"{"email":"a@okta.com"}"#, "true"),
        (source, r#"{"email":"a@okta.com","a":"1"}"#, "7"),
        // The branch is taken although its template lacks a value.
        (source, r#"{"email":"a@ext.example"}"#, "none"),
        (r#"[{ when = [{ attribute = "a", digits = 1 }], value = "x" }]"#, "{}", "none"),
    ]);
}

/// In a rule's `when`, such a condition holds.
#[test]
fn a_condition_of_a_branch_that_cannot_be_read_does_not_hold() {
    let mut failures = Failures::default();
    for (condition, form) in [
        ("attribute = 'email.domain', one_of = ['okta.com']", r#"{"email":"a@okta.com "}"#),
        ("attribute = 'email.domain', not_one_of = ['okta.com']", r#"{"email":["a"]}"#),
        ("attribute = 'email', domains = ['okta.com']", r#"{"email":"okta.com"}"#),
        ("attribute = 'a', one_of = ['b']", r#"{"a":["b"]}"#),
        ("attribute = 'a', age = { max = 17 }", r#"{"a":"31.01.2020"}"#),
        ("attribute = 'a', range = { min = 1 }", r#"{"a":"many"}"#),
    ] {
        let hook = with_source(&format!("[{{ when = [{{ {condition} }}], value = 1 }}]"));
        failures.check_eq(format!("{condition}: {form}"), written(&hook, form), "none");
    }
    failures.assert_none();
}

#[test]
fn eval_explains_which_branch_writes_and_why_others_do_not() {
    let set = r#"
a = "constant"
b = "{email} {missing}"
c = "{tags}"
d = "{tags.domain}"
e = { normalize = ["trim"] }
f = { default = "x" }
g = [{ when = [{ attribute = "email", domains = ["ext.example"] }], value = "1" }, { value = "2" }]
h = [{ when = [{ attribute = "email", domains = ["ext.example"] }], value = "1" }]
i = [{ value = "{missing}" }]
j = { from = "f", map = { y = "1" } }
k = { from = "f", map = { file = "map.csv" }, else = "2" }
l = { from = "f", map = { x = "1" } }
m = { from = "missing", map = { x = "1" }, else = "2" }
n = { from = "email", pattern = '(?<name>[^@]+)@.*', value = "{name}" }
o = { from = "email", pattern = '(?<name>[^@]+)', value = "{name}" }
p = { from = "email", pattern = '.*(?<name>z)?', value = "{name}" }
q = { from = "long", pattern = '(?<name>.*)', value = "{name}" }
"#;
    let long = "x".repeat(1025);
    let body =
        registration(&format!(r#"{{"email":"a@okta.com","f":"y","tags":["z"],"long":"{long}"}}"#));

    let expected = "  set   a
  leave b: `missing` is missing or empty
  leave c: `tags` is neither a text nor a whole number nor a boolean
  leave d: `tags.domain` is missing: the attribute is not a plain email address
  leave e: the form does not have it
  leave f: the form has a value
  set   g, branch 2
  leave h: no branch holds
  leave i, branch 1: `missing` is missing or empty
  set   j, by the map
  set   k, by `else`
  leave l: the map does not have the value of `f`
  leave m: `missing` is missing or empty
  set   n
  leave o: the value of `email` does not match the pattern
  leave p: the group `name` of the pattern is empty
  leave q: the value of `long` is too long or takes too long to read";

    assert_eq!(explained(set, &body), expected);
}

#[test]
fn a_map_gives_the_value_of_an_exact_text() {
    let map = r#"{ from = "email.domain", map = { "eng.okta.com" = "Engineering", "it.okta.com" = "{a}", "7.okta.com" = 7 }, else = "General" }"#;
    let of_a = r#"{ from = "a", map = { "7" = "seven", true = "yes" } }"#;
    check_written(&[
        (map, r#"{"email":"a@ENG.okta.com"}"#, r#""Engineering""#),
        (map, r#"{"email":"a@7.okta.com"}"#, "7"),
        (map, r#"{"email":"a@it.okta.com","a":"IT"}"#, r#""IT""#),
        (map, r#"{"email":"a@it.okta.com"}"#, "none"),
        (map, r#"{"email":"a@okta.com"}"#, r#""General""#),
        (map, r#"{"email":"okta.com"}"#, "none"),
        (map, r#"{"email":""}"#, "none"),
        (map, "{}", "none"),
        (of_a, r#"{"a":7}"#, r#""seven""#),
        (of_a, r#"{"a":true}"#, r#""yes""#),
        (of_a, r#"{"a":"7 "}"#, "none"),
        (of_a, r#"{"a":7.0}"#, "none"),
        (r#"{ from = "a", map = { a = "b" }, else = "c" }"#, r#"{"a":["a"]}"#, r#""c""#),
    ]);
}

const MAP_FILE: &str = "[self_service_registration]\nallow_all = true\n[self_service_registration.set]\nx = { from = 'a', map = { file = 'map.csv' } }\n";

#[test]
fn a_map_is_read_from_a_csv_file() {
    let csv = "\u{feff}code,name\r\n\r\na,\"One, \"\"1\"\"\"\r\n\"b\nc\",{d}\n d ,\n";
    let folder = rules_folder(&[("hook.toml", MAP_FILE), ("map.csv", csv)]);
    let rules = load_rules(folder.path()).unwrap();
    let hook = &rules.hooks["hook"];
    let mut failures = Failures::default();

    for (form, expected) in [
        (r#"{"a":"a"}"#, r#""One, \"1\"""#),
        (r#"{"a":"b\nc"}"#, r#""{d}""#),
        (r#"{"a":" d "}"#, r#""""#),
        (r#"{"a":"d"}"#, "none"),
        (r#"{"a":"code"}"#, "none"),
    ] {
        failures.check_eq(form, written(hook, form), expected);
    }

    failures.assert_none();
}

#[test]
fn a_csv_file_that_is_not_a_map_is_a_problem_with_its_line() {
    let mut failures = Failures::default();
    for (csv, message) in [
        ("", "the file is empty, so it was probably cut off; its first line names the columns"),
        (
            "key,value\na,b\n\0\0,\0\n",
            "cannot read `map.csv`: line 3 has a control character, U+0000; if the file is damaged, restore it, else delete the character",
        ),
        (
            "key,value\n",
            "the file has no entry; add a key and a value below the line that names the columns",
        ),
        ("key\na,b\n", "in line 1 of the file: expected two columns, a key and a value, found 1"),
        (
            "key,value\r\n\r\na,b,c\r\n",
            "in line 3 of the file: expected two columns, a key and a value, found 3",
        ),
        (
            "key,value\na,b\n\"c\nd\",e\n\na,f\n",
            "in line 6 of the file: the key is in line 2 as well; remove one of them",
        ),
        ("key,value\n,b\n", "in line 2 of the file: the key is empty"),
        (
            "key,value\n\"a,b\nc,d\n",
            "in line 2 of the file: the quotes of a cell are not closed; double a quotation mark that belongs to the cell",
        ),
    ] {
        let folder = rules_folder(&[("hook.toml", MAP_FILE), ("map.csv", csv)]);
        let problems = load_rules(folder.path()).err().unwrap();
        failures.check_eq(csv, (problems.total(), problems[0].message.as_str()), (1, message));
    }
    failures.assert_none();
}

#[test]
fn a_map_outside_the_rules_folder_is_a_problem() {
    let outside = rules_folder(&[("map.csv", "key,value\na,b\n")]);
    let folder = rules_folder(&[("hook.toml", MAP_FILE)]);
    symlink(outside.path().join("map.csv"), folder.path().join("map.csv")).unwrap();
    let problems = load_rules(folder.path()).err().unwrap();

    assert!(problems[0].message.contains("it is not in the rules folder"), "{}", problems[0]);
}

#[test]
fn the_schema_refuses_values_of_a_map_in_a_file() {
    let schema = crate::support::repository("tests/org/schema.json");
    let org = Org::read_files(Some(&schema), None).unwrap();
    let rules = MAP_FILE.replace("x =", "size =").replace("'a'", "'city'");
    let folder = rules_folder(&[("hook.toml", &rules), ("map.csv", "k,v\na,S\nb,XL\n")]);
    let problems = lint_rules(folder.path(), &Lints { org, probe: false }).err().unwrap();

    assert_eq!(problems.total(), 1);
    let expected = "in line 3 of the file: Okta does not write this: `size` is";
    assert!(problems[0].message.starts_with(expected), "{}", problems[0]);
}

#[test]
fn a_pattern_gives_a_template_the_texts_of_its_groups() {
    let login =
        r#"{ from = "email", pattern = '(?<name>[^@]+)@.*', value = "{name}@example.com" }"#;
    let names = r#"{ from = "name", pattern = '(?<last>\pL+), (?<first>\pL+)( (?<middle>\pL+))?', value = "{first} {last}" }"#;
    let middle = names.replace("{first} {last}", "{middle}");
    let choice = r#"{ from = "a", pattern = '(?<a>x)|(?<b>y+?)y*', value = "{b}" }"#;
    let code = r#"{ from = "a", pattern = '[0-9](?<rest>[0-9]+)', value = "{rest}/{rest}" }"#;
    check_written(&[
        (login, r#"{"email":"rosario@okta.com"}"#, r#""rosario@example.com""#),
        (login, r#"{"email":"rosario"}"#, "none"),
        (login, r#"{"email":"@okta.com"}"#, "none"),
        (login, "{}", "none"),
        (names, r#"{"name":"Müller, Ana"}"#, r#""Ana Müller""#),
        (names, r#"{"name":"Müller, Ana Lena"}"#, r#""Ana Müller""#),
        (names, r#"{"name":"Müller,Ana"}"#, "none"),
        (names, r#"{"name":["Müller, Ana"]}"#, "none"),
        (&middle, r#"{"name":"Müller, Ana Lena"}"#, r#""Lena""#),
        (&middle, r#"{"name":"Müller, Ana"}"#, "none"),
        (choice, r#"{"a":"yyy"}"#, r#""y""#),
        (choice, r#"{"a":"x"}"#, "none"),
        (code, r#"{"a":1234}"#, r#""234/234""#),
        (r#"{ from = "a", pattern = '.+', value = true }"#, r#"{"a":"x"}"#, "true"),
        (
            r#"{ from = "a", pattern = '(?x) (?<a>b) # ends', value = "{a}" }"#,
            r#"{"a":"b"}"#,
            r#""b""#,
        ),
    ]);
}

#[test]
fn groups_of_a_costly_pattern_take_bounded_time() {
    let source = r#"{ from = "a", pattern = '(?<a>(\pL{1,8} ?){1,8})x', value = "{a}" }"#;
    let hook = with_source(source);
    let timer = CpuTimer::start();
    for text in ["é".repeat(500), "é ".repeat(340), "a".repeat(1024)] {
        written(&hook, &format!(r#"{{"a":"{text}"}}"#));
    }

    // Generous: the test guards the order of magnitude in a debug build.
    assert!(timer.taken().as_secs() < 10, "{:?}", timer.taken());
}

#[test]
fn e164_converts_what_is_certain_and_leaves_the_rest_as_typed() {
    let hook = with_source(r#"{ normalize = ["e164"] }"#);
    let mut failures = Failures::default();

    for (typed, stored) in [
        ("+44 20 7946 0000", "+442079460000"),
        ("+44 (20) 7946-0000", "+442079460000"),
        ("0044 20 7946 0000", "+442079460000"),
        ("(0044) 20 7946 0000", "+442079460000"),
        ("(+44) 20.7946.0000", "+442079460000"),
        ("+1 (415) 555-0100", "+14155550100"),
        ("+39 06 1234 5678", "+390612345678"),
        ("+225 07 12 34 56 78", "+2250712345678"),
        ("+229 01 12 34 56 78", "+2290112345678"),
        ("+7 812 123-45-67", "+78121234567"),
        ("+358 9 123456", "+3589123456"),
        ("+14155550100", "+14155550100"),
    ] {
        let form = format!(r#"{{"x":"{typed}"}}"#);
        failures.check_eq(typed, written(&hook, &form), format!("\"{stored}\""));
    }
    for typed in [
        "+44 (0)20 7946 0000",
        "+44 ( 0 ) 20 7946 0000",
        "0044(020)79460000",
        "+44 020 7946 0000",
        "+44-0-20-7946-0000",
        "+7 8 495 123 45 67",
        "+1 1 415 555 0100",
        "+375 8 017 123 45 67",
        "+39 (0)6 1234 5678",
        "+49 (30) (0) 123456",
        "020 7946 0000",
        "(415) 555-0100",
        "4155550100",
        "011 44 20 7946 0000",
        "+0044 20 7946 0000",
        "00 044 20 7946 0000",
        "+44 20 7946 0000 ext. 5",
        "+44 20 7946 0000 / +44 20 7946 0001",
        "+49 30 1234-56/57",
        "0049 30/123456",
        "+49 30 1234-56, 57",
        "+49 30 1234-56; 57",
        "+49 30 1234-56 or 57",
        "+49 30 1234-56 | 57",
        "+1 415 555 0100 0100 0100",
        "++44 20 7946 0000",
        "+４４ 20 7946 0000",
        "+",
        "0 0",
        "-",
    ] {
        let form = format!(r#"{{"x":"{typed}"}}"#);
        failures.check_eq(typed, written(&hook, &form), format!("\"{typed}\""));
    }

    failures.assert_none();
}

/// `normalize` leaves these values as typed, also those without separators.
#[test]
fn a_trunk_prefix_after_the_country_code_is_refused_with_and_without_separators() {
    let rules = "[[self_service_registration.rules]]\nid = 'r'\nmessage = 'm'\nattribute = 'x'\nformat = 'phone'\n[self_service_registration.set]\nx = { normalize = ['e164'] }\n";
    let hook = hook_of(rules);
    let mut failures = Failures::default();

    for typed in [
        "+44 0207 946000",
        "+440207946000",
        "+4402079460000",
        "00440207946000",
        "+7 8 495 123 45 67",
        "+784951234567",
    ] {
        let body = registration(&format!(r#"{{"x":"{typed}"}}"#));
        let answer = pipeline::answer(&hook, &body, &FACTS).unwrap();
        failures.check_contains(typed, text(&answer.body), "DENY");
    }

    failures.assert_none();
}

/// A registration with an empty form and this `eventId`, in JSON.
fn event(event_id: &str) -> Vec<u8> {
    let body = String::from_utf8(registration("{}")).unwrap();
    body.replacen('{', &format!(r#"{{"eventId":{event_id},"#), 1).into_bytes()
}

/// The answers of the hooks `a` and `b`, which set these attributes, to an event.
fn identifiers(set: &str, event_id: &str) -> [String; 2] {
    let rules = format!(
        "[self_service_registration]\nallow_all = true\n[self_service_registration.set]\n{set}\n"
    );
    let folder = rules_folder(&[("a.toml", &rules), ("b.toml", &rules)]);
    let rules = load_rules(folder.path()).unwrap();
    let body = event(event_id);
    ["a", "b"].map(|hook| {
        let answer = pipeline::answer(&rules.hooks[hook], &body, &FACTS).unwrap();
        text(&answer.body).to_owned()
    })
}

#[test]
fn an_identifier_depends_on_event_hook_and_attribute_alone() {
    let set = "key = { generate = 'uuid' }\nother = { generate = 'uuid' }\nnumber = { generate = 'digits', length = 8 }";
    let [first, other_hook] = identifiers(set, r#""vzYp_zMwQu""#);
    let [second, _] = identifiers(set, r#""vzYp_zMwQv""#);
    // The first event again: `\u0075` is its last letter.
    let again = identifiers(set, r#""vzYp_zMwQ\u0075""#);
    let id = "[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";
    let pattern =
        format!(r#""value":\{{"key":"({id})","other":"({id})","number":"([0-9]{{8}})"\}}"#);
    let pattern = regex_automata::meta::Regex::new(&pattern).unwrap();
    let mut all = BTreeSet::new();

    for answer in [&first, &other_hook, &second] {
        let mut found = pattern.create_captures();
        pattern.captures(answer, &mut found);
        for group in 1..=3 {
            all.insert(&answer[found.get_group(group).unwrap().range()]);
        }
    }

    assert_eq!(all.len(), 9, "{all:?}");
    assert_eq!(again, [first.clone(), other_hook]);
    // An upgrade must not change an identifier: SHA-256 of the lengths and texts of hook and attribute, and the event.
    assert!(first.contains(r#""key":"0c087fd3-f2cc-82df-a167-b656c9708ca5""#), "{first}");
    assert!(first.contains(r#""number":"34117707""#), "{first}");
}

#[test]
fn a_request_without_an_event_id_has_no_identifier_and_is_denied() {
    let mut failures = Failures::default();
    for event_id in ["null", r#""""#, "7", r#"{"a":1}"#] {
        let [answer, _] =
            identifiers("before = 1\nkey = { generate = 'uuid' }\nafter = 1", event_id);
        failures.check_eq(event_id, answer.as_str(), r#"{"commands":[{"type":"com.okta.action.update","value":{"registration":"DENY"}}],"error":{"errorSummary":"This request cannot be processed here. Please contact your admin.","errorCauses":[{"errorSummary":"This request cannot be processed here. Please contact your admin.","reason":"MISSING_EVENT_ID","locationType":"body","location":"eventId","domain":"external-service"}]}}"#);
    }
    failures.assert_none();

    assert_eq!(
        explained("before = 1\nkey = { generate = 'uuid' }", &event("null")),
        "  leave key: the request has no `eventId`"
    );
}

/// The text of the template would have gigabytes. The work ends as soon as the answer is too large.
#[test]
fn a_template_that_repeats_a_long_value_is_denied() {
    let hook = with_source(&format!("\"{}\"", "{a}".repeat(20_000)));
    let form = format!(r#"{{"a":"{}"}}"#, "a".repeat(200_000));

    let body = registration(&form);
    let answer = pipeline::answer(&hook, &body, &FACTS).unwrap();

    assert!(answer.too_large);
    assert!(text(&answer.body).contains("ANSWER_TOO_LARGE"));
}

/// A list of thousands of steps would take seconds on a long value.
#[test]
fn repeated_steps_are_a_problem() {
    let steps = vec!["lowercase"; 5];
    let normalize = format!(
        "[self_service_registration]\nallow_all = true\nset.x = {{ normalize = {steps:?} }}\n"
    );
    let compare = format!(
        "[[self_service_registration.rules]]\nid = 'r'\nmessage = 'm'\nattribute = 'a'\n\
         equals = 'b'\ncompare = {steps:?}\n"
    );
    let mut failures = Failures::default();

    for (rules, message) in [(normalize, "only 4 steps"), (compare, "only 3 conversions")] {
        let folder = rules_folder(&[("hook.toml", &rules)]);
        let problems = format!("{:?}", load_rules(folder.path()).err());
        failures.check_contains(&rules, &problems, message);
    }

    failures.assert_none();
}

/// Each source would copy a long value or match a costly pattern thousands of times. An answer without the rest of
/// the attributes would be wrong: a branch that was not tried might be the right one.
#[test]
fn a_request_is_denied_if_its_attributes_take_too_much_work() {
    let groups: String = ('a'..='j').map(|name| format!("(?<{name}>[ab]*)")).collect();
    let pattern = format!("{{ from = 'a', pattern = '{groups}c?', value = '{{j}}' }}");
    let condition = r#"[{ when = [{ attribute = "a", one_of = ["b"], compare = ["lowercase"] }], value = 1 }, { value = 2 }]"#;
    let long = "a".repeat(250_000);
    let mut failures = Failures::default();

    for (source, value) in [
        ("'{a}{missing}'", long.as_str()),
        ("{ from = 'a', map = { b = 'c' } }", &long),
        (condition, &long),
        (&pattern, &"ab".repeat(500)),
    ] {
        let mut rules =
            "[self_service_registration]\nallow_all = true\n[self_service_registration.set]\n"
                .to_owned();
        for number in 0..1000 {
            rules += &format!("x{number} = {source}\n");
        }
        let hook = hook_of(&rules);
        let body = registration(&format!(r#"{{"a":"{value}"}}"#));
        let answer = pipeline::answer(&hook, &body, &FACTS).unwrap();

        failures.check_contains(source, text(&answer.body), "REQUEST_TOO_COSTLY");
    }

    failures.assert_none();
}

/// A load compares each condition with all conditions of the branches before, so their number is limited.
#[test]
fn a_branch_has_up_to_20_conditions() {
    let rules = |conditions: usize| {
        let conditions: Vec<String> = (1..=conditions)
            .map(|digits| format!("{{ attribute = 'a', digits = {digits} }}"))
            .collect();
        let conditions = conditions.join(", ");
        format!(
            "[self_service_registration]\nallow_all = true\nset.x = [{{ when = [{conditions}], value = 1 }}]\n"
        )
    };
    // Long lists of numbers, which are not conditions, take little time as well.
    let many = "[self_service_registration]\nallow_all = true\nset.x = [{ when = ".to_owned()
        + &format!("{:?}, value = 1 }}, {{ when = ", (0..70_000).collect::<Vec<_>>())
        + &format!("{:?}, value = 2 }}]\n", (1..70_000).rev().collect::<Vec<_>>());
    let timer = CpuTimer::start();
    let mut failures = Failures::default();

    for (rules, problem) in [
        (rules(20), "None"),
        (rules(21), "the branch has 21 conditions; up to 20 are allowed"),
        (many, "expected a table, such as"),
    ] {
        let folder = rules_folder(&[("hook.toml", &rules)]);
        let problems = format!("{:?}", load_rules(folder.path()).err());
        failures.check_contains(problem, &problems, problem);
    }

    failures.assert_none();

    assert!(timer.taken().as_secs() < 5, "{:?}", timer.taken());
}
