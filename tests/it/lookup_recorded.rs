//! Recorded results of lookups.

use std::{fs, os::unix::fs::symlink};

use crate::{
    lookups::{LOOKUP, TABLE, rule},
    support::{Failures, program, registration, rules_folder, run, text},
};

#[test]
fn eval_and_replay_take_recorded_results_and_check_covers_them() {
    let rule = rule("known", "lookup = 'member'");
    let rules = format!("{LOOKUP}{}", rule.replace("l.known", "data.userProfile.memberNumber"));
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

    assert!(text(&updated.stdout).ends_with("\nrewrote 2 answers\n\n2 passed, 0 failed\n"));
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
        text(&orphan.stdout).contains("recorded.lookups.json: no request belongs to this file")
    );

    // Like a request, the results may come from a link or a pipe.
    fs::write(&lookups, r#"{"member": "not_found"}"#).unwrap();
    let link = folder.path().join("link.json");
    symlink(&lookups, &link).unwrap();
    let mut piped = program();
    piped.args(["eval", "hook", &request("found"), "--lookups", "/dev/stdin", "--rules"]);
    for output in [
        command(&["eval", "hook", &request("found"), "--lookups", link.to_str().unwrap()]),
        run(piped.arg(folder.path()), br#"{"member": "not_found"}"#),
    ] {
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    }

    let missing = command(&["eval", "hook", &request("found"), "--lookups", "missing.json"]);

    assert_eq!(missing.status.code(), Some(2));
    assert!(text(&missing.stderr).contains("--lookups: missing.json: "));
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
