//! Recorded results of lookups.

use std::{fs, os::unix::fs::symlink, process::Output};

use tempfile::TempDir;

use crate::{
    lookups::{LOOKUP, TABLE, rule},
    support::{Failures, program, registration, rules_folder, run, text},
};

/// Rules with a lookup in a table, and two requests about a member whom the table has. The case `found` has no
/// recorded result. The case `recorded` has one: `not_found`.
struct Recorded {
    rules: TempDir,
    requests: TempDir,
}

impl Recorded {
    fn new() -> Self {
        let rules = format!("{LOOKUP}{}", rule("known", "lookup = 'member'"));
        let rules = rules_folder(&[("hook.toml", &rules), ("members.csv", TABLE)]);
        let recorded = Self { rules, requests: tempfile::tempdir().unwrap() };
        fs::create_dir(recorded.requests.path().join("hook")).unwrap();
        for case in ["found", "recorded"] {
            let body = registration(r#"{"memberNumber":"12"}"#);
            fs::write(recorded.request(case), body).unwrap();
        }
        fs::write(recorded.results(), r#"{"member": "not_found"}"#).unwrap();
        recorded
    }

    fn run(&self, arguments: &[&str]) -> Output {
        run(program().args(arguments).arg("--rules").arg(self.rules.path()), b"")
    }

    /// The path of the folder with the requests.
    fn folder(&self) -> &str {
        self.requests.path().to_str().unwrap()
    }

    /// The path of a request.
    fn request(&self, case: &str) -> String {
        format!("{}/hook/{case}.request.json", self.folder())
    }

    /// The path of the recorded results of the case `recorded`.
    fn results(&self) -> String {
        format!("{}/hook/recorded.lookups.json", self.folder())
    }
}

#[test]
fn eval_takes_recorded_results_in_place_of_the_tables() {
    let recorded = Recorded::new();

    let found = recorded.run(&["eval", "hook", &recorded.request("found"), "--explain"]);
    let other = recorded.run(&["eval", "hook", &recorded.request("recorded"), "--explain"]);

    assert_eq!((found.status.code(), other.status.code()), (Some(0), Some(1)));
    assert!(text(&found.stderr).contains("lookup member: found"));
    assert!(text(&other.stderr).contains("fail  known: the lookup `member` found nothing"));
    assert!(text(&other.stderr).contains("lookup member: not_found"));
}

#[test]
fn replay_and_coverage_take_recorded_results() {
    let recorded = Recorded::new();

    let covered = recorded.run(&["check", "--coverage", recorded.folder()]);

    assert_eq!(covered.status.code(), Some(0), "{}", text(&covered.stdout));

    let updated = recorded.run(&["replay", recorded.folder(), "--update"]);
    let replayed = recorded.run(&["replay", recorded.folder()]);

    assert!(text(&updated.stdout).ends_with("\nrewrote 2 answers\n\n2 passed, 0 failed\n"));
    assert_eq!(text(&replayed.stdout), "2 passed, 0 failed\n");
}

#[test]
fn eval_and_replay_report_the_fault_of_a_file_of_results() {
    let recorded = Recorded::new();
    let results = recorded.results();
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
        (
            r#"{"member": "fialed"}"#,
            "`member`: expected an object of columns, \"not_found\" or \"failed\"; did you mean \"failed\"?",
        ),
        (
            r#"{"member": "failed", "member": "failed"}"#,
            "the text is not strict JSON, since a name occurs twice in an object, at line 1, column 22",
        ),
        (
            "{\"member\": {\"level\": 1,\n\"level\": 2}}",
            "since a name occurs twice in an object, at line 2, column 1",
        ),
        ("{\"member\"}", "the text is not strict JSON (RFC 8259) at line 1, column 10"),
        ("[]", "expected an object of lookups"),
    ] {
        fs::write(&results, json).unwrap();
        for output in [
            recorded.run(&["eval", "hook", &recorded.request("found"), "--lookups", &results]),
            recorded.run(&["eval", "hook", &recorded.request("recorded")]),
        ] {
            failures.check_eq(json, output.status.code(), Some(2));
            failures.check_contains(json, text(&output.stderr), expected);
        }
        let output = recorded.run(&["replay", recorded.folder()]);
        failures.check_contains(json, text(&output.stdout), expected);
    }

    failures.assert_none();
}

#[test]
fn replay_reports_recorded_results_without_a_request() {
    let recorded = Recorded::new();
    fs::remove_file(recorded.request("recorded")).unwrap();

    let output = recorded.run(&["replay", recorded.folder()]);

    let problem = "recorded.lookups.json: no request belongs to this file";
    assert!(text(&output.stdout).contains(problem), "{}", text(&output.stdout));
}

/// A request may come from there, too.
#[test]
fn results_for_eval_may_come_from_a_link_or_a_pipe() {
    let recorded = Recorded::new();
    let link = recorded.rules.path().join("link.json");
    symlink(recorded.results(), &link).unwrap();
    let mut piped = program();
    piped.args(["eval", "hook", &recorded.request("found"), "--lookups", "/dev/stdin", "--rules"]);
    let link = link.to_str().unwrap();

    for output in [
        recorded.run(&["eval", "hook", &recorded.request("found"), "--lookups", link]),
        run(piped.arg(recorded.rules.path()), br#"{"member": "not_found"}"#),
    ] {
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    }
}

#[test]
fn a_missing_file_of_results_is_an_error() {
    let recorded = Recorded::new();

    let output =
        recorded.run(&["eval", "hook", &recorded.request("found"), "--lookups", "missing.json"]);

    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--lookups: missing.json: "));
}

#[test]
fn eval_names_each_failed_lookup_and_says_why_a_lookup_does_not_count() {
    let other = LOOKUP.replace(".member]", ".other]");
    let guest = LOOKUP.replace(".member]", ".guest]")
        + "when = [{ attribute = 'userType', one_of = ['guest'] }]\n";
    let skipped = LOOKUP.replace(".member]", ".skipped]") + "on_failure = 'skip'\n";
    let rules = [
        rule("both", "attribute = 'member.level'\nequals = 'other.level'"),
        rule("guest", "lookup = 'guest'"),
        rule("skipped", "lookup = 'skipped'"),
    ];
    let rules = format!("{LOOKUP}{other}{guest}{skipped}{}", rules.concat());
    let folder = rules_folder(&[("hook.toml", &rules), ("members.csv", TABLE)]);
    let recorded = folder.path().join("results.json");
    fs::write(&recorded, r#"{"member": "failed", "other": "failed", "skipped": "failed"}"#)
        .unwrap();
    let mut command = program();
    command.args(["eval", "hook", "--explain", "--rules"]).arg(folder.path());
    command.arg("--lookups").arg(&recorded);

    let output = run(&mut command, &registration(r#"{"memberNumber":"12"}"#));

    let text = text(&output.stderr);
    let mut failures = Failures::default();
    for line in [
        "fail  both: failed lookups: `member`, `other`",
        "skip  guest: the lookup `guest`, which it needs, does not count: its conditions (`when`) do not hold",
        "skip  skipped: the lookup `skipped`, which it needs, does not count: it failed, and has `on_failure = \"skip\"`",
    ] {
        failures.check_contains(line, text, line);
    }
    failures.assert_none();
}
