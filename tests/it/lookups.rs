//! Lookups: how rules use their results, tables in CSV files, and recorded results.

use std::{fs, time::Instant};

use jiff::civil::date;
use registration_hook::{
    okta::Value as OktaValue,
    pipeline,
    rule::{
        Facts, Hook,
        lookup::{LookupFailure, LookupResult},
    },
};
use serde_json::Value;

use crate::support::{Failures, load_rules, program, registration, rules_folder, run, text};

const TABLE: &str = "memberNumber,lastName,level\n12,O'Neil,gold\n13,\"Jones, Jr.\",\n";
const LOOKUP: &str = r#"
[self_service_registration.lookups.member]
file = "members.csv"
match = { memberNumber = "{memberNumber}" }
returns = ["lastName", "level"]
"#;

/// A hook with a table, a lookup in it that has these further keys, and further sections.
fn members(keys: &str, sections: &str) -> Hook {
    let rules = format!("{LOOKUP}{keys}\n{sections}");
    let folder = rules_folder(&[("hook.toml", &rules), ("members.csv", TABLE)]);
    let mut rules = load_rules(folder.path()).unwrap_or_else(|problems| panic!("{}", problems[0]));
    rules.hooks.remove("hook").unwrap()
}

fn rule(id: &str, keys: &str) -> String {
    format!(
        "[[self_service_registration.rules]]\nid = '{id}'\nmessage = '{id}'\nreason = 'R'\nlocation = 'l.{id}'\n{keys}\n"
    )
}

/// Answers a registration. A result in `results` takes the place of that of the table.
fn answer(hook: &Hook, form: &str, result: Option<LookupResult>) -> Value {
    let body = registration(form);
    let mut facts = Facts::of_day(date(2026, 11, 21));
    let asked = pipeline::questions(hook, &body, &facts).unwrap();
    let mut recorded = Default::default();
    if let Some(result) = result {
        recorded = [("member".to_owned(), result)].into();
    }
    facts.lookups = pipeline::recorded_results(&asked, &recorded);
    let answer = pipeline::answer(hook, &body, &facts).unwrap();
    let rules: Vec<_> = answer.verdicts.iter().map(|verdict| verdict.outcome.as_str()).collect();
    let lookups: Vec<_> = answer.lookups.iter().map(|one| one.outcome.as_str()).collect();
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    let mut causes = Vec::new();
    for cause in body["error"]["errorCauses"].as_array().into_iter().flatten() {
        causes.push(format!(
            "{} {} {}",
            cause["errorSummary"].as_str().unwrap(),
            cause["reason"].as_str().unwrap(),
            cause["location"].as_str().unwrap()
        ));
    }
    serde_json::json!({
        "rules": rules.join(" "),
        "lookups": lookups.join(" "),
        "causes": causes.join("; "),
        "set": body["commands"][0]["value"],
    })
}

const FAILED: Option<LookupResult> = Some(LookupResult::Failed(LookupFailure::Timeout));
const BUSY: Option<LookupResult> = Some(LookupResult::Failed(LookupFailure::Busy));

/// A registration, and the effects of its lookup.
struct Row {
    /// Further keys of the lookup.
    keys: String,
    sections: String,
    form: &'static str,
    /// Takes the place of the result of the table.
    result: Option<LookupResult>,
    /// The outcomes of the rules and of the lookup, and the causes.
    outcomes: [String; 3],
    /// The attributes that are set.
    set: Value,
}

fn row(
    keys: &str,
    sections: String,
    form: &'static str,
    result: Option<LookupResult>,
    outcomes: [&str; 3],
    set: Value,
) -> Row {
    let outcomes = outcomes.map(str::to_owned);
    Row { keys: keys.to_owned(), sections, form, result, outcomes, set }
}

#[test]
fn rules_and_attributes_use_the_results_of_lookups() {
    let name = rule("name", "attribute = 'lastName'\nequals = 'member.lastName'");
    let known = rule("known", "lookup = 'member'");
    let unknown = rule("unknown", "lookup = 'member'\nfound = false");
    let gold = rule(
        "gold",
        "attribute = 'email'\nformat = 'email'\nwhen = [{ attribute = 'member.level', one_of = ['gold'] }]",
    );
    let form_only = rule("number", "attribute = 'memberNumber'\ndigits = 2");
    let set = "[self_service_registration.set]\nlevel = '{member.level}'\n";
    let skip = "on_failure = 'skip'";
    let condition = "when = [{ attribute = 'userType', one_of = ['member'] }]";
    let location = "try later LOOKUP_FAILED l.";
    let message = "failure_message = 'try later'";
    let allow_all = "[self_service_registration]\nallow_all = true\n";
    let on_form = r#"{"memberNumber":"12","lastName":"O'Neil"}"#;
    // Keys of the lookup, sections, form, result; rules, lookups, causes, and what is set.
    let rows = [
        row("", name.clone(), on_form, None, ["pass", "found", ""], Value::Null),
        row(
            "",
            name.clone(),
            r#"{"memberNumber":"12","lastName":"X"}"#,
            None,
            ["fail", "found", "name R l.name"],
            Value::Null,
        ),
        row(
            "",
            name.clone(),
            r#"{"memberNumber":12,"lastName":"O'Neil"}"#,
            None,
            ["pass", "found", ""],
            Value::Null,
        ),
        row(
            "",
            name.clone(),
            r#"{"memberNumber":"99","lastName":"X"}"#,
            None,
            ["fail", "not_found", "name R l.name"],
            Value::Null,
        ),
        row(
            "",
            name.clone(),
            r#"{"memberNumber":"","lastName":"X"}"#,
            None,
            ["fail", "not_asked", "name R l.name"],
            Value::Null,
        ),
        row(
            "",
            name.clone(),
            r#"{"memberNumber":["12"],"lastName":"O'Neil"}"#,
            None,
            ["fail", "not_asked", "name R l.name"],
            Value::Null,
        ),
        row("", known.clone(), on_form, None, ["pass", "found", ""], Value::Null),
        row(
            "",
            known.clone(),
            r#"{"memberNumber":"99"}"#,
            None,
            ["fail", "not_found", "known R l.known"],
            Value::Null,
        ),
        row(
            "",
            unknown.clone(),
            on_form,
            None,
            ["fail", "found", "unknown R l.unknown"],
            Value::Null,
        ),
        row(
            "",
            unknown.clone(),
            r#"{"memberNumber":"99"}"#,
            None,
            ["pass", "not_found", ""],
            Value::Null,
        ),
        // A missing value fails every rule that needs the lookup.
        row(
            "",
            unknown.clone(),
            "{}",
            None,
            ["fail", "not_asked", "unknown R l.unknown"],
            Value::Null,
        ),
        // The rules that need no lookup come first, wherever they stand.
        row(
            "",
            format!("{name}{form_only}"),
            r#"{"memberNumber":"1","lastName":"X"}"#,
            None,
            ["skip fail", "not_asked", "number R l.number"],
            Value::Null,
        ),
        // A failure denies, with one cause in the place of the first rule.
        row(
            message,
            format!("{form_only}{known}{name}"),
            on_form,
            FAILED,
            ["pass fail fail", "failed", &format!("{location}known")],
            Value::Null,
        ),
        row(
            message,
            format!(
                "{known}{}",
                rule("other", "attribute = 'lastName'\none_of = ['X']\nmode = 'shadow'")
            ),
            on_form,
            FAILED,
            ["fail fail", "failed", &format!("{location}known")],
            Value::Null,
        ),
        // A shadow rule never denies.
        row(
            message,
            rule("shadow", "lookup = 'member'\nmode = 'shadow'"),
            on_form,
            FAILED,
            ["fail", "failed", ""],
            Value::Null,
        ),
        // Skipping is for failures of the source alone.
        row(skip, name.clone(), on_form, FAILED, ["skip", "failed", ""], Value::Null),
        row(
            &format!("{skip}\n{message}"),
            name.clone(),
            on_form,
            BUSY,
            ["fail", "failed", &format!("{location}name")],
            Value::Null,
        ),
        // Elsewhere than in its conditions, a lookup and its rules do not count.
        row(
            condition,
            known.clone(),
            r#"{"memberNumber":"99","userType":"guest"}"#,
            None,
            ["skip", "not_asked", ""],
            Value::Null,
        ),
        row(
            condition,
            known.clone(),
            r#"{"memberNumber":"99","userType":"member"}"#,
            None,
            ["fail", "not_found", "known R l.known"],
            Value::Null,
        ),
        // A malformed value counts as a match, so that nobody skips the lookup by malforming it.
        row(
            condition,
            known.clone(),
            r#"{"memberNumber":"99","userType":["guest"]}"#,
            None,
            ["fail", "not_found", "known R l.known"],
            Value::Null,
        ),
        // Conditions of a rule on a result.
        row(
            "",
            gold.clone(),
            r#"{"memberNumber":"12","email":"x"}"#,
            None,
            ["fail", "found", "gold R l.gold"],
            Value::Null,
        ),
        row(
            "",
            gold.clone(),
            r#"{"memberNumber":"13","email":"x"}"#,
            None,
            ["skip", "found", ""],
            Value::Null,
        ),
        // A condition on the form that does not hold makes a failure irrelevant.
        row(
            message,
            rule("if", "lookup = 'member'\nwhen = [{ attribute = 'userType', one_of = ['a'] }]"),
            on_form,
            FAILED,
            ["skip", "failed", ""],
            Value::Null,
        ),
        // Attributes to set.
        row(
            "",
            format!("{allow_all}{set}"),
            on_form,
            None,
            ["", "found", ""],
            serde_json::json!({"level": "gold"}),
        ),
        row(
            "",
            format!("{allow_all}{set}"),
            r#"{"memberNumber":"13"}"#,
            None,
            ["", "found", ""],
            Value::Null,
        ),
        row("", format!("{allow_all}{set}"), "{}", None, ["", "not_asked", ""], Value::Null),
        row(
            message,
            format!("{allow_all}{set}"),
            on_form,
            FAILED,
            ["", "failed", "try later LOOKUP_FAILED data.userProfile.memberNumber"],
            Value::Null,
        ),
        row(skip, format!("{allow_all}{set}"), on_form, FAILED, ["", "failed", ""], Value::Null),
        row(
            condition,
            format!("{allow_all}{set}"),
            r#"{"memberNumber":"12","userType":"guest"}"#,
            None,
            ["", "not_asked", ""],
            Value::Null,
        ),
    ];
    let mut failures = Failures::default();

    for Row { keys, sections, form, result, outcomes: [rules, lookups, causes], set } in rows {
        let answer = answer(&members(&keys, &sections), form, result);
        let row = format!("{keys}\n{sections}{form}");

        failures.check_eq(format!("{row}: rules"), answer["rules"].as_str().unwrap(), rules);
        failures.check_eq(format!("{row}: lookups"), answer["lookups"].as_str().unwrap(), lookups);
        failures.check_eq(format!("{row}: causes"), answer["causes"].as_str().unwrap(), causes);
        let written = if answer["set"].get("registration").is_some() {
            Value::Null
        } else {
            answer["set"].clone()
        };
        failures.check_eq(format!("{row}: set"), written, set);
    }

    failures.assert_none();
}

#[test]
fn results_of_other_types_than_text_are_compared_by_their_text() {
    let hook = members("", &rule("level", "attribute = 'member.level'\nrange = { min = 2 }"));
    let mut failures = Failures::default();

    for (value, outcome) in [
        (OktaValue::Number("3".into()), "pass"),
        (OktaValue::Number("1.5".into()), "fail"),
        (OktaValue::Text("2".into()), "pass"),
        (OktaValue::Boolean(true), "fail"),
    ] {
        let found = LookupResult::Found([("level".to_owned(), value)].into());
        let answer = answer(&hook, r#"{"memberNumber":"12"}"#, Some(found));

        failures.check_eq(outcome, answer["rules"].as_str().unwrap(), outcome);
    }

    failures.assert_none();
}

#[test]
fn invalid_tables_are_problems_with_their_lines() {
    let lookup = |keys: &str| {
        format!(
            "[self_service_registration]\nallow_all = true\n[self_service_registration.lookups.m]\nfile = 't.csv'\n{keys}"
        )
    };
    let by_mail = lookup("match = { mail = '{email}' }\nreturns = ['role']\n");
    let folded = format!("{by_mail}ignore_case = ['mail']\n");
    let pending = lookup("match = { mail = '{email}', state = 'pending' }\n");
    let rows = [
        (
            &by_mail,
            "mail,role\na,b\na,c\n",
            "in line 3 of the file: line 2 has the same `mail`; remove one of them",
        ),
        (
            &by_mail,
            "mail,role\n\na,b\n\r\n\"a\",c\n",
            "in line 5 of the file: line 3 has the same `mail`; remove one of them",
        ),
        (
            &folded,
            "mail,role\na,b\nA,c\n",
            "in line 3 of the file: line 2 has the same `mail`; remove one of them",
        ),
        (
            &pending,
            "mail,state\na,used\na,pending\na,used\na,pending\n",
            "in line 5 of the file: line 3 has the same `mail`, `state`; remove one of them",
        ),
        (
            &by_mail,
            "mail,role\na\n",
            "in line 2 of the file: expected 2 columns, as in the first line, found 1",
        ),
        (
            &by_mail,
            "mail,role\na,b\nc,\"d\ne,f\n",
            "in line 3 of the file: the quotes of a cell are not closed; double a quotation mark that belongs to the cell",
        ),
        (
            &by_mail,
            "mail,role\na,7\" screen\n",
            "in line 2 of the file: a quotation mark stands within a cell; put the cell in quotes, and double the mark",
        ),
        (
            &by_mail,
            "mail,role\n\"a, b\"@x.example,c\n",
            "in line 2 of the file: text follows the quotes of a cell; put the whole cell in quotes, and double a quotation mark in it",
        ),
        (
            &by_mail,
            "mail;role\na;b\n",
            "unknown column `mail`; known are `mail;role`\nunknown column `role`; known are `mail;role`",
        ),
        (
            &by_mail,
            "mail,role\n\"\"\"a\nb\",\"c\nd,e\n",
            "in line 3 of the file: the quotes of a cell are not closed; double a quotation mark that belongs to the cell",
        ),
        (
            &by_mail,
            "\u{feff}\"mail\",role\r\n\"a\"b,\"c\r\nd\",e\r\n",
            "in line 2 of the file: text follows the quotes of a cell; put the whole cell in quotes, and double a quotation mark in it",
        ),
        (
            &by_mail,
            "mail,role\na ,b\"\n",
            "in line 2 of the file: a quotation mark stands within a cell; put the cell in quotes, and double the mark",
        ),
        (&by_mail, "mail,rol\na,b\n", "unknown column `role`; did you mean `rol`?"),
        (&by_mail, "mail,role,mail\na,b,c\n", "the first line of the file names `mail` twice"),
        (
            &by_mail,
            "mail,role\n",
            "the table has no row that can be found; add one below the line that names the columns",
        ),
    ];
    let mut failures = Failures::default();

    for (rules, table, expected) in rows {
        let folder = rules_folder(&[("h.toml", rules), ("t.csv", table)]);
        let problems = load_rules(folder.path()).err().unwrap_or_default();
        let messages: Vec<&str> = problems.iter().map(|one| one.message.as_str()).collect();

        failures.check_eq(format!("{rules}{table}"), messages.join("\n"), expected);
    }

    failures.assert_none();
}

#[test]
fn a_table_finds_rows_by_all_of_their_keys_and_in_any_case_where_asked() {
    let rules = "[self_service_registration.lookups.m]\nfile = 't.csv'\nmatch = { mail = '{email}', state = 'pending' }\nignore_case = ['mail']\n".to_owned()
        + &rule("r", "lookup = 'm'");
    let table = "\u{feff}state,mail,more\r\npending,A@x.example,1\r\nused,b@x.example,2\r\npending,,3\r\npending,,4\r\n";
    let folder = rules_folder(&[("h.toml", &rules), ("t.csv", table)]);
    let rules = load_rules(folder.path()).unwrap_or_else(|problems| panic!("{}", problems[0]));
    let hook = &rules.hooks["h"];
    let mut failures = Failures::default();

    for (email, outcome) in
        [("a@X.example", "pass"), ("b@x.example", "fail"), ("a@x.example ", "fail"), ("", "fail")]
    {
        let form = format!(r#"{{"email":"{email}"}}"#);

        failures.check_eq(email, answer(hook, &form, None)["rules"].as_str().unwrap(), outcome);
    }

    failures.assert_none();
}

#[test]
fn eval_and_replay_take_recorded_results_and_check_covers_them() {
    let rules = format!("{LOOKUP}{}", rule("known", "lookup = 'member'"));
    let folder = rules_folder(&[("hook.toml", &rules), ("members.csv", TABLE)]);
    let recorded = tempfile::tempdir().unwrap();
    let hook = recorded.path().join("hook");
    fs::create_dir(&hook).unwrap();
    for (case, number) in [("found", "12"), ("recorded", "12")] {
        let body = registration(&format!(r#"{{"memberNumber":"{number}"}}"#));
        fs::write(hook.join(format!("{case}.request.json")), body).unwrap();
    }
    fs::write(hook.join("recorded.lookups.json"), r#"{"member": "not_found"}"#).unwrap();
    let command = |arguments: &[&str]| {
        let mut command = program();
        command.args(arguments).arg("--rules").arg(folder.path());
        run(&mut command, b"")
    };
    let place = recorded.path().to_str().unwrap();
    let request = |case: &str| hook.join(format!("{case}.request.json")).display().to_string();

    let found = command(&["eval", "hook", &request("found"), "--explain"]);
    let other = command(&["eval", "hook", &request("recorded"), "--explain"]);

    assert_eq!((found.status.code(), other.status.code()), (Some(0), Some(1)));
    assert!(text(&found.stderr).contains("lookup member: found"));
    assert!(text(&other.stderr).contains("fail  known: the lookup `member` found nothing"));
    assert!(text(&other.stderr).contains("lookup member: not_found"));

    let covered = command(&["check", "--coverage", place]);

    assert_eq!(covered.status.code(), Some(0), "{}", text(&covered.stdout));

    let updated = command(&["replay", place, "--update"]);
    let replayed = command(&["replay", place]);

    assert_eq!(text(&updated.stdout), "2 passed, 0 failed\n");
    assert_eq!(text(&replayed.stdout), "2 passed, 0 failed\n");

    let lookups = hook.join("recorded.lookups.json");
    let option = lookups.display().to_string();
    let mut failures = Failures::default();
    for (json, expected) in [
        (r#"{"membr": "not_found"}"#, "unknown lookup `membr`; did you mean `member`?"),
        (
            r#"{"member": {"lastNam": "x"}}"#,
            "`member`: unknown column `lastNam`; did you mean `lastName`?",
        ),
        (
            r#"{"member": {"level": [1]}}"#,
            "`member`: `level`: expected a text, a number or a boolean",
        ),
        (
            r#"{"member": "lost"}"#,
            "`member`: expected an object of columns, \"not_found\" or \"failed\"",
        ),
        (r#"{"member": "failed", "member": "failed"}"#, "`member` occurs twice"),
        ("[]", "expected an object of lookups"),
    ] {
        fs::write(&lookups, json).unwrap();
        for output in [
            command(&["eval", "hook", &request("found"), "--lookups", &option]),
            command(&["eval", "hook", &request("recorded")]),
        ] {
            failures.check_eq(json, output.status.code(), Some(2));
            failures.check_contains(json, text(&output.stderr), expected);
        }
        let output = command(&["replay", place]);
        failures.check_contains(json, text(&output.stdout), expected);
    }
    failures.assert_none();

    fs::remove_file(request("recorded")).unwrap();
    fs::write(&lookups, "{}").unwrap();
    let orphan = command(&["replay", place]);

    assert!(
        text(&orphan.stdout).contains("recorded.lookups.json: there is no request to this file")
    );

    let missing = command(&["eval", "hook", &request("found"), "--lookups", "missing.json"]);

    assert_eq!(missing.status.code(), Some(2));
    assert!(text(&missing.stderr).contains("--lookups: missing.json: "));
}

#[test]
fn each_failed_lookup_gives_one_cause() {
    let other = LOOKUP.replace(".member]", ".other]");
    let other = format!("failure_message = 'first'\n{other}failure_message = 'second'\n");
    let both = rule(
        "both",
        "attribute = 'lastName'\nequals = 'member.lastName'\nwhen = [{ attribute = 'other.level', one_of = ['gold'] }]",
    );
    let set = "[self_service_registration.set]\nlevel = '{other.level}{member.level}'\n";
    let allow_all = "[self_service_registration]\nallow_all = true\n";
    let place = "LOOKUP_FAILED data.userProfile.memberNumber";
    let mut failures = Failures::default();

    for (sections, expected) in [
        (both.clone(), "first LOOKUP_FAILED l.both; second LOOKUP_FAILED l.both".to_owned()),
        (format!("{allow_all}{set}"), format!("first {place}; second {place}")),
        (both + set, "first LOOKUP_FAILED l.both; second LOOKUP_FAILED l.both".to_owned()),
    ] {
        let hook = members("", &format!("{other}{sections}"));
        let body = registration(r#"{"memberNumber":"12","lastName":"O'Neil"}"#);
        let mut facts = Facts::of_day(date(2026, 11, 21));
        for name in ["member", "other"] {
            facts.lookups.insert(name.to_owned(), FAILED.unwrap());
        }
        let answer = pipeline::answer(&hook, &body, &facts).unwrap();
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        let mut causes = Vec::new();
        for cause in body["error"]["errorCauses"].as_array().into_iter().flatten() {
            let texts =
                ["errorSummary", "reason", "location"].map(|key| cause[key].as_str().unwrap());
            causes.push(texts.join(" "));
        }
        failures.check_eq(sections, causes.join("; "), expected);
    }

    failures.assert_none();
}

/// Each value of a lookup is looked for among all lookups, and a request asks them all.
#[test]
fn a_section_has_up_to_100_lookups_of_up_to_100_columns() {
    let lookup = |name: usize| LOOKUP.replace("lookups.member]", &format!("lookups.l{name}]"));
    let lookups: String = (0..101).map(lookup).collect();
    let columns: Vec<String> = (0..101).map(|number| format!("c{number}")).collect();
    let keys: Vec<String> =
        columns.iter().map(|column| format!("{column} = \"{{memberNumber}}\"")).collect();
    let returns = LOOKUP.replace("[\"lastName\", \"level\"]", &format!("{columns:?}"));
    let matches = LOOKUP.replace("memberNumber = \"{memberNumber}\"", &keys.join(", "));
    let mut failures = Failures::default();

    for (rules, message) in [
        (lookups, "these are 101 lookups; a section has up to 100"),
        (returns, "these are 101 columns; up to 100 are allowed"),
        (matches, "these are 101 columns; up to 100 are allowed"),
    ] {
        let folder = rules_folder(&[("hook.toml", &rules), ("members.csv", TABLE)]);
        let problems = format!("{:?}", load_rules(folder.path()).err());
        failures.check_contains(message, &problems, message);
    }

    failures.assert_none();
}

/// Each would be compared with the names of a hundred lookups.
#[test]
fn many_unknown_names_of_lookups_take_bounded_time() {
    let mut rules = String::new();
    for number in 0..100 {
        let name = format!("lookups.l{number}{}]", "z".repeat(50));
        rules += &LOOKUP.replace("lookups.member]", &name);
    }
    for number in 0..3000 {
        rules += &rule(&number.to_string(), &format!("lookup = '{}'", "y".repeat(50)));
    }
    let folder = rules_folder(&[("hook.toml", &rules), ("members.csv", TABLE)]);
    let start = Instant::now();

    assert!(load_rules(folder.path()).is_err());
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}
