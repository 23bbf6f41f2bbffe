//! The subcommand `replay`.

use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt as _, path::Path};

use crate::support::{Failures, program, repository, run, text};

/// A copy of these fixtures that a test may change.
fn recorded(cases: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let hook = folder.path().join("registrationHookSSR");
    fs::create_dir(&hook).unwrap();
    for case in cases {
        for kind in ["request", "response"] {
            let name = format!("{case}.{kind}.json");
            let from = repository("tests/guide/fixtures/registrationHookSSR").join(&name);
            fs::copy(from, hook.join(name)).unwrap();
        }
    }
    folder
}

fn replay(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = run(program().arg("replay").arg(folder).args(arguments), b"");
    (output.status.code(), text(&output.stdout).to_owned() + text(&output.stderr))
}

#[test]
fn replay_passes_every_fixture() {
    let output = run(program().args(["replay", "fixtures"]), b"");

    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));

    let last = text(&output.stdout).lines().last().unwrap().to_owned();
    let passed: usize = last.strip_suffix(" passed, 0 failed").unwrap().parse().unwrap();

    assert!(passed > 50, "{last}");
}

#[test]
fn an_unreadable_recorded_answer_is_not_taken_for_a_new_one() {
    let folder = recorded(&["guide-allow"]);
    let response = folder.path().join("registrationHookSSR/guide-allow.response.json");
    fs::write(&response, "allow").unwrap();

    let (code, printed) = replay(folder.path(), &["--update"]);

    assert_eq!(code, Some(0), "{printed}");
    assert!(printed.contains("guide-allow: a failed call → "), "{printed}");
    assert!(!printed.contains("new: "), "{printed}");
}

#[test]
fn a_difference_is_printed_and_rewritten_by_update() {
    let folder = recorded(&["guide-allow", "guide-deny"]);
    let response = folder.path().join("registrationHookSSR/guide-deny.response.json");
    let good = fs::read_to_string(&response).unwrap();
    fs::write(&response, good.replace("Only okta.com", "Only example.com")).unwrap();

    let (code, printed) = replay(folder.path(), &[]);

    assert_eq!(code, Some(1));
    assert!(
        printed.contains("-        \"errorSummary\": \"Only example.com emails can register.\""),
        "{printed}"
    );
    assert!(
        printed.contains("+        \"errorSummary\": \"Only okta.com emails can register.\""),
        "{printed}"
    );
    assert!(printed.ends_with("1 passed, 1 failed\n"), "{printed}");

    let (code, printed) = replay(folder.path(), &["--update"]);

    assert_eq!(code, Some(0));
    assert!(
        printed.contains("\n  registrationHookSSR/guide-deny: denied with other texts"),
        "{printed}"
    );
    assert!(printed.ends_with("\nrewrote 1 answer\n\n2 passed, 0 failed\n"), "{printed}");
    assert_eq!(fs::read_to_string(&response).unwrap(), good);
}

#[test]
fn another_order_of_keys_is_a_difference() {
    let folder = recorded(&["guide-deny"]);
    let response = folder.path().join("registrationHookSSR/guide-deny.response.json");
    let text = fs::read_to_string(&response).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let turned = format!("{{\"error\":{},\"commands\":{}}}", value["error"], value["commands"]);

    fs::write(&response, turned).unwrap();

    assert_eq!(replay(folder.path(), &[]).0, Some(1));
}

#[test]
fn unpaired_misnamed_and_invalid_files_are_failures() {
    let folder = recorded(&["guide-allow", "guide-deny", "login-elsewhere"]);
    let hook = folder.path().join("registrationHookSSR");
    fs::remove_file(hook.join("guide-allow.request.json")).unwrap();
    fs::remove_file(hook.join("guide-deny.response.json")).unwrap();
    fs::write(hook.join("login-elsewhere.request.json"), "{").unwrap();
    fs::create_dir(folder.path().join("empty")).unwrap();
    fs::write(hook.join("x.requst.json"), "{}").unwrap();
    fs::write(folder.path().join("y.request.json"), "{}").unwrap();

    let (code, printed) = replay(folder.path(), &[]);

    assert_eq!(code, Some(1));
    let mut failures = Failures::default();

    for part in [
        "guide-allow.response.json: no request belongs to this file",
        "guide-deny.response.json: No such file or directory (os error 2); record it with --update",
        "login-elsewhere.request.json: the body is not strict JSON",
        "empty: there is no recorded request in this folder",
        "x.requst.json: expected a name ending in",
        "y.request.json: a recorded request belongs in a folder",
        "\n0 passed, 6 failed\n",
    ] {
        failures.check_contains(part, &printed, part);
    }

    failures.assert_none();

    let (code, printed) = replay(folder.path(), &["--update"]);

    assert_eq!(code, Some(1), "an orphan is not made good by rewriting");
    assert!(printed.ends_with("1 passed, 5 failed\n"), "{printed}");
}

#[test]
fn replay_exits_with_2_for_an_empty_or_missing_folder() {
    let empty = tempfile::tempdir().unwrap();

    let (code, printed) = replay(empty.path(), &[]);

    assert_eq!(code, Some(2));
    assert!(printed.contains("there is no recorded request"), "{printed}");

    let (code, printed) = replay(&empty.path().join("x"), &[]);

    assert_eq!(code, Some(2));
    assert!(printed.contains("cannot read the folder"), "{printed}");
}

#[test]
fn a_folder_needs_a_hook_of_its_name() {
    let folder = recorded(&["guide-allow", "guide-deny"]);
    let other = folder.path().join("other");
    fs::rename(folder.path().join("registrationHookSSR"), &other).unwrap();

    for arguments in [&[][..], &["--update"], &["--against", "rules"]] {
        let (code, printed) = replay(folder.path(), arguments);

        // One line for the folder, however many requests it has.
        let line = format!(
            "{}: 2 requests for a hook that does not exist: no rules file is named like this folder; delete the folder, or rename it\n",
            other.display()
        );
        assert_eq!(code, Some(1));
        assert!(printed.contains(&line), "{printed}");
        assert!(printed.ends_with("\n0 passed, 1 failed\n"), "{printed}");
    }
}

#[test]
fn names_that_are_not_utf8_are_failures() {
    let folder = recorded(&["guide-allow"]);
    let not_utf8 = OsStr::from_bytes(b"case\xff.request.json");
    fs::write(folder.path().join("registrationHookSSR").join(not_utf8), "{}").unwrap();
    fs::create_dir(folder.path().join(OsStr::from_bytes(b"hook\xff"))).unwrap();

    for arguments in [&[][..], &["--update"]] {
        let (code, printed) = replay(folder.path(), arguments);

        assert_eq!(code, Some(1));
        for name in ["hook\u{fffd}", "case\u{fffd}.request.json"] {
            let problem = format!("{name}: the name is not UTF-8; rename it\n");
            assert!(printed.contains(&problem), "{printed}");
        }
        assert!(printed.ends_with("1 passed, 2 failed\n"), "{printed}");
    }
}

#[test]
fn the_path_of_the_folder_need_not_be_utf8() {
    let folder = recorded(&["guide-allow"]);
    let renamed = folder.path().join(OsStr::from_bytes(b"all\xff"));
    fs::create_dir(&renamed).unwrap();
    fs::rename(folder.path().join("registrationHookSSR"), renamed.join("registrationHookSSR"))
        .unwrap();

    assert_eq!(replay(&renamed, &["--update"]).1, "1 passed, 0 failed\n");
    assert_eq!(fs::read_dir(renamed.join("registrationHookSSR")).unwrap().count(), 2);
}

#[test]
fn hidden_files_are_ignored() {
    let folder = recorded(&["guide-allow"]);
    fs::write(folder.path().join(".DS_Store"), "").unwrap();
    fs::write(folder.path().join("registrationHookSSR/.gitkeep"), "").unwrap();

    assert_eq!(replay(folder.path(), &[]).1, "1 passed, 0 failed\n");
}

#[test]
fn reports_for_programs_hold_any_name() {
    let folder = recorded(&["guide-deny"]);
    let hook = folder.path().join("registrationHookSSR");
    let name = "a\u{202e}\u{1f600}<&\"%,:";
    for kind in ["request", "response"] {
        let file = format!("{kind}.json");
        fs::rename(hook.join(format!("guide-deny.{file}")), hook.join(format!("{name}.{file}")))
            .unwrap();
    }
    fs::write(hook.join(format!("{name}.response.json")), "{}").unwrap();

    let (_, json) = replay(folder.path(), &["--format", "json"]);
    let (_, junit) = replay(folder.path(), &["--format", "junit"]);
    let (_, github) = replay(folder.path(), &["--format", "github"]);

    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["requests"][0]["name"], format!("registrationHookSSR/{name}"));
    assert!(!json.contains('\u{202e}'), "{json}");
    assert!(junit.contains("name=\"a\u{fffd}\u{1f600}&lt;&amp;&quot;%,:\""), "{junit}");
    assert!(
        github.contains("title=registrationHookSSR/a\\u{202e}\u{1f600}<&\"%25%2C%3A::allow"),
        "{github}"
    );
}
