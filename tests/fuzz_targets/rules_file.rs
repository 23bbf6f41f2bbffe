//! A rules file → the rules, or their problems.

use std::{fs, path::Path};

use registration_hook::{
    clock,
    load::{self, Purpose, RulesSource},
    problem::Problem,
    rule::{Hook, lookup::SourceKinds},
};

use super::answer::outcome_of;

/// How many bytes all problems of a file may take when they are printed, besides some for each byte
/// of the file.
const PRINTED_LIMIT: usize = 1 << 20;
const PRINTED_PER_BYTE: usize = 64;

/// Loads a rules file. It gives rules that answer requests, or problems whose places are in the file.
pub fn rules_file(data: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder for the rules");
    let path = folder.path().join("hook.toml");
    fs::write(&path, data).expect("the rules can be written");
    let roster = folder.path().join("roster.txt");
    fs::write(roster, "okta.com\nexample.com\n1234\n").expect("a list can be written");
    let source = RulesSource::Folder(folder.path().to_owned());
    match load::load_rules(&source, &clock::facts(), &SourceKinds::new(), Purpose::Serve)
        .into_rules()
    {
        Ok(rules) => {
            let hook = rules.hooks.get("hook").expect("the rules are of this hook");
            assert_answers(hook);
        }
        Err(problems) => {
            assert!(!problems.is_empty(), "rules that do not load have a problem");
            assert_are_in_file(&problems, &path, data);
        }
    }
}

/// Forms that the rules are tried with, beside the values that the fuzzer finds for itself.
const FORMS: [&str; 5] = [
    "{}",
    r#"{"login":"a@okta.com","email":"a@okta.com","employeeNumber":"1234"}"#,
    r#"{"email":"a@example.com","employeeNumber":1234,"mobilePhone":"+14155550100"}"#,
    r#"{"email":"","employeeNumber":[],"mobilePhone":null,"birthday":"2000-02-29"}"#,
    r#"{"email":true,"employeeNumber":-1.5e3,"preferredLanguage":"fr-CA","name":"\u0130 \ud83d\ude00"}"#,
];

/// Any rules give an answer that decides, to each kind of request.
fn assert_answers(hook: &Hook) {
    for form in FORMS {
        let bodies = [
            format!(
                r#"{{"eventType":"com.okta.user.pre-registration","requestType":"self.service.registration","data":{{"userProfile":{form}}}}}"#
            ),
            format!(
                r#"{{"eventType":"com.okta.user.pre-registration","requestType":"progressive.profile","data":{{"userProfileUpdate":{form}}}}}"#
            ),
        ];
        for body in bodies {
            let outcome = outcome_of(hook, body.as_bytes());
            assert!(outcome.is_some(), "there is no answer to {form}");
        }
    }
}

/// Every problem is in the file, or of the file as a whole.
fn assert_are_in_file(problems: &[Problem], path: &Path, data: &[u8]) {
    let file = path.display().to_string();
    let text = String::from_utf8_lossy(data);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut printed = 0;
    for problem in problems {
        printed += problem.to_string().len();
        let place = problem.place.strip_prefix(&file).expect("a place starts with the file's name");
        if !place.is_empty() {
            assert_is_in_text(place, text);
        }
    }
    let limit = PRINTED_LIMIT + PRINTED_PER_BYTE * data.len();
    assert!(printed <= limit, "{printed} bytes of problems for {} bytes", data.len());
}

/// A place is a line and a column in characters, both counted from 1. The end of a line and the end of
/// the text are places, too.
fn assert_is_in_text(place: &str, text: &str) {
    let numbers: Vec<&str> = place.split(':').collect();
    let ["", line, column] = numbers[..] else {
        panic!("{place:?} is not a line and column");
    };
    let line: usize = line.parse().expect("a line is a number");
    let column: usize = column.parse().expect("a column is a number");
    let lines: Vec<&str> = text.split('\n').collect();
    assert!((1..=lines.len()).contains(&line), "{place:?} is below the file's {}", lines.len());
    let width = lines[line - 1].chars().count();
    assert!((1..=width + 1).contains(&column), "{place:?} is beside the line of {width}");
}
