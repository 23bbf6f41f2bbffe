//! Problems of rules files. A file of `tests/problems` lists its problems in lines that start with
//! `#~`: `line:column message`.

use std::{fs, path::Path};

use registration_hook::{
    lint::Lints,
    problem::{Problem, Problems},
};

use crate::support::{
    BASIC, CpuTimer, Failures, Service, lint_rules, load_rules, registration, repository,
    rules_folder,
};

/// A problem as the files list it.
fn found(problem: &Problem) -> String {
    match problem.place.split_once(".toml:") {
        Some((_, position)) => format!("{position} {}", problem.message),
        None => problem.message.clone(),
    }
}

fn problems(folder: &Path) -> Problems {
    load_rules(folder).err().unwrap_or_default()
}

/// Checks that every file of a folder has the problems it lists. Returns all of them.
pub fn check_listed_problems(directory: &str, lints: &Lints) -> Vec<String> {
    let mut all = Vec::new();
    let mut failures = Failures::default();
    for entry in fs::read_dir(repository(directory)).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let expected: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("#~ ")).collect();
        let folder = rules_folder(&[("hook.toml", &text)]);
        let problems = lint_rules(folder.path(), lints).err().unwrap_or_default();
        let found: Vec<_> = problems.iter().map(found).collect();
        failures.check(format!("{}:\n{}", path.display(), found.join("\n")), found == expected);
        all.extend(found);
    }
    failures.assert_none();
    all
}

#[test]
fn every_invalid_rules_file_has_exactly_the_problems_it_lists() {
    let found = check_listed_problems("tests/problems", &Lints::default());

    assert!(found.len() > 40, "{}", found.len());
}

/// Without `--schema` and `--policy`, `check` reports exactly the problems for which the service does not start, and the
/// locations at which no message is shown.
#[test]
fn the_service_has_the_problems_that_check_reports() {
    let mut failures = Failures::default();

    for directory in ["tests/problems", "tests/mistakes"] {
        for entry in fs::read_dir(repository(directory)).unwrap() {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            let folder = rules_folder(&[("hook.toml", &text)]);
            let checked = lint_rules(folder.path(), &Lints::default()).err().unwrap_or_default();
            let mut checked = checked.to_vec();
            checked.retain(|problem| !problem.to_string().contains("Okta shows a message only at"));
            failures.check_eq(path.display(), problems(folder.path()).to_vec(), checked);
        }
    }

    failures.assert_none();
}

/// Classic Engine shows a message at `email`, so the service runs with such a rule.
#[test]
fn the_service_warns_of_a_message_that_okta_may_not_show() {
    let rules = "[[self_service_registration.rules]]\nid = 'r'\nattribute = 'email'\n\
                 domains = ['okta.com']\nmessage = 'm'\nlocation = 'email'\n";
    let folder = rules_folder(&[("hook.toml", rules)]);
    let directory = folder.path().to_str().unwrap();
    let service = Service::start(&[BASIC[0], BASIC[1], ("HOOK__RULES__DIRECTORY", directory)]);

    service.wait_for_log("Okta does not show the message of the rule `r` at its `location`");

    let answer = service.post("/hook", &registration("{}"));

    assert!(answer.text().contains(r#""location":"email""#), "{}", answer.text());
}

#[test]
fn a_problem_shows_its_line_and_a_mark_below() {
    let folder = rules_folder(&[("hook.toml", "[self_service_registration]\nallow_al = true\n")]);
    let problems = problems(folder.path());
    let place = folder.path().join("hook.toml");

    // The misspelt key explains why the section has neither rules nor `allow_all`, so that is not a second problem.
    assert_eq!(problems.total(), 1);
    assert_eq!(
        problems[0].to_string(),
        format!(
            "{}:2:1: unknown key `allow_al`; did you mean `allow_all`?\n  |\n2 | allow_al = true\n  | ^^^^^^^^",
            place.display()
        )
    );
}

#[test]
fn problems_of_all_files_are_reported_together() {
    let folder = rules_folder(&[
        ("a.toml", "[x]\n"),
        ("b.toml", "[self_service_registration]\nallow_all = true\n"),
        ("c.toml", "allow_all = \n"),
        ("healthz.toml", ""),
        ("a b.toml", ""),
        (".hidden.toml", "x"),
        ("notes.txt", "x"),
    ]);
    fs::write(folder.path().join("d.toml"), b"\xff").unwrap();
    let problems: Vec<_> = problems(folder.path()).iter().map(Problem::to_string).collect();
    let mut failures = Failures::default();

    for (file, what) in [
        ("a.toml:1:2:", "unknown key `x`"),
        ("c.toml:1:13:", ""),
        ("healthz.toml:", "path of the service itself"),
        ("a b.toml:", "consists of A-Z"),
        ("d.toml:1:1:", "this is not UTF-8"),
    ] {
        let is_reported =
            problems.iter().any(|problem| problem.contains(file) && problem.contains(what));

        failures.check(format!("{file} {what} in {problems:#?}"), is_reported);
    }

    failures.assert_none();

    assert!(
        !problems.iter().any(|problem| problem.contains("b.toml:2") || problem.contains("hidden")),
        "{problems:#?}"
    );
}

#[test]
fn a_missing_or_empty_rules_folder_is_a_problem() {
    let empty = tempfile::tempdir().unwrap();

    assert!(problems(empty.path())[0].message.contains("has no rules"));

    let missing = empty.path().join("x");

    assert!(problems(&missing)[0].message.contains("cannot read the rules folder"));
}

#[test]
fn patterns_nest_up_to_the_limit() {
    let mut failures = Failures::default();

    for (depth, fits) in [(49, true), (60, false)] {
        let pattern = format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
        let rule = format!(
            "[[self_service_registration.rules]]\nid = 'r'\nattribute = 'a'\nmessage = 'm'\npattern = '{pattern}'\n"
        );
        let folder = rules_folder(&[("hook.toml", &rule)]);

        failures.check_eq(depth, problems(folder.path()).is_empty(), fits);
    }

    failures.assert_none();
}

#[test]
fn large_patterns_are_refused_at_once() {
    let mut failures = Failures::default();

    for pattern in [r"(\pL{1000}){1000}", "((((a{100}){100}){100}))", r"\w{5000}"] {
        let timer = CpuTimer::start();
        let folder = rules_folder(&[(
            "hook.toml",
            &format!(
                "[[self_service_registration.rules]]\nid = 'r'\nattribute = 'a'\nmessage = 'm'\npattern = '{pattern}'\n"
            ),
        )]);
        let problems = problems(folder.path());

        failures.check(pattern, problems[0].message.contains("too large"));
        // Generous: the test guards the order of magnitude in a debug build.
        failures.check(format!("{pattern}: {:?}", timer.taken()), timer.taken().as_secs() < 10);
    }

    failures.assert_none();
}

/// A list file is read where a check takes a list, and nowhere else.
#[test]
fn an_attribute_called_like_a_check_has_no_list_file() {
    let folder = rules_folder(&[(
        "hook.toml",
        "[self_service_registration]\nallow_all = true\n[self_service_registration.set]\none_of = { file = 'roster.txt' }\n",
    )]);

    let messages: Vec<_> =
        problems(folder.path()).iter().map(|problem| problem.message.clone()).collect();

    assert_eq!(messages.len(), 1);
    assert!(messages[0].starts_with("unknown key `file`"), "{messages:?}");
}

#[test]
fn steps_of_normalize_cannot_be_in_a_file() {
    let folder = rules_folder(&[(
        "hook.toml",
        "[self_service_registration]\nallow_all = true\n[self_service_registration.set]\nemail = { normalize = { file = 'steps.txt' } }\n",
    )]);

    let messages: Vec<_> =
        problems(folder.path()).iter().map(|problem| problem.message.clone()).collect();

    assert_eq!(messages, ["expected a list, such as `[\"trim\", \"lowercase\"]`, found a table"]);
}

#[test]
fn list_files_are_read_in_rules_and_in_their_parts() {
    for check in [
        "attribute = 'a'\none_of = { file = 'missing.txt' }",
        "all = [{ attribute = 'a', not_one_of = { file = 'missing.txt' } }]",
        "any = [{ attribute = 'a', domains = { file = 'missing.txt' } }]",
        "attribute = 'a'\ndigits = 4\nwhen = [{ attribute = 'a', not_domains = { file = 'missing.txt' } }]",
    ] {
        let rule =
            format!("[[self_service_registration.rules]]\nid = 'r'\nmessage = 'm'\n{check}\n");
        let folder = rules_folder(&[("hook.toml", &rule)]);
        let problems = problems(folder.path());
        assert_eq!(problems.total(), 1, "{check}: {problems:?}");
        assert!(problems[0].message.starts_with("cannot read `missing.txt`"), "{problems:?}");
    }
}

#[test]
fn a_list_file_may_be_named_with_a_dot_for_the_folder() {
    let rule = "[[self_service_registration.rules]]\nid = 'r'\nmessage = 'm'\nattribute = 'a'\none_of = { file = './list.txt' }\n";
    let folder = rules_folder(&[("hook.toml", rule), ("list.txt", "a\n")]);

    assert_eq!(problems(folder.path()).to_vec(), []);
}

#[test]
fn an_entry_of_a_file_that_no_value_equals_is_a_problem_with_its_line() {
    let rules = "[self_service_registration.set]\ndepartment = { from = 'email.domain', map = { file = 'map.csv' } }\n[[self_service_registration.rules]]\nid = 'r'\nmessage = 'm'\nattribute = 'email.domain'\nnot_one_of = { file = 'list.txt' }\n";
    let folder = rules_folder(&[
        ("hook.toml", rules),
        ("map.csv", "domain,department\na.com,A\nB.com,B\n"),
        ("list.txt", "a.com\nB.com\n"),
    ]);
    let problems = problems(folder.path());

    let found: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
    let expected = [
        "in line 3 of the file: `email.domain` is in lower case; write `b.com`",
        "in line 2 of the file: `email.domain` is in lower case; write `b.com`",
    ];
    assert_eq!(found, expected);
}
