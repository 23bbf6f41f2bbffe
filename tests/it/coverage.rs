//! The flag `check --coverage`.

use std::{fs, path::Path};

use crate::support::{Failures, program, registration, repository, rules_folder, run, text};

fn check(rules: &Path, recorded: &Path) -> (Option<i32>, String) {
    let mut command = program();
    let output =
        run(command.args(["check", "--coverage"]).arg(recorded).arg("--rules").arg(rules), b"");
    (output.status.code(), text(&output.stdout).to_owned() + text(&output.stderr))
}

/// A folder with a few of the guide's recorded requests.
fn some_recorded_requests() -> tempfile::TempDir {
    let fixtures = repository("tests/guide/fixtures");
    let recorded = tempfile::tempdir().unwrap();
    for case in [
        "registrationHookSSR/guide-allow",
        "registrationHookPP/guide-deny",
        "registrationHookSSRandPP/guide-progressive-update",
        "registrationHookSSRandPP/guide-progressive-deny",
    ] {
        let file = recorded.path().join(format!("{case}.request.json"));
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::copy(fixtures.join(format!("{case}.request.json")), file).unwrap();
    }
    recorded
}

#[test]
fn coverage_has_no_problem_if_each_rule_has_a_passing_and_a_failing_request() {
    let fixtures = repository("tests/guide/fixtures");

    let (code, printed) = check(&repository("tests/guide/rules"), &fixtures);

    assert_eq!(code, Some(0), "{printed}");
}

#[test]
fn coverage_names_rules_without_a_passing_or_failing_request() {
    let rules = repository("tests/guide/rules");
    let recorded = some_recorded_requests();
    let place = recorded.path().to_str().unwrap();
    let both = "okta-email-and-employee-number";
    let mut expected = String::new();
    for (hook, outcome, rule) in [
        ("registrationHookPP", "passes", "employee-number"),
        ("registrationHookSSR", "fails", "okta-email"),
        ("registrationHookSSRandPP", "passes", both),
        ("registrationHookSSRandPP", "fails", both),
    ] {
        let file = rules.join(format!("{hook}.toml"));
        expected += &format!(
            "{}: no recorded request {outcome} the rule `{rule}`; record one in `{place}/{hook}`\n\n",
            file.display()
        );
    }

    let (code, printed) = check(&rules, recorded.path());

    assert_eq!(code, Some(1));
    assert_eq!(printed, expected + "--coverage: answered 4 recorded requests\n4 problems\n");
}

/// Besides the four problems of coverage.
#[test]
fn files_that_replay_refuses_are_problems_of_coverage_too() {
    let recorded = some_recorded_requests();
    fs::create_dir(recorded.path().join("other")).unwrap();
    fs::write(recorded.path().join("other/x.request.json"), "{}").unwrap();
    fs::write(recorded.path().join("registrationHookSSR/y.response.json"), "{}").unwrap();
    fs::write(recorded.path().join("registrationHookSSR/z.request.json"), "{").unwrap();
    let mut failures = Failures::default();

    let (code, printed) = check(&repository("tests/guide/rules"), recorded.path());

    failures.check_eq("code", code, Some(1));
    for part in [
        "other: 1 request for a hook that does not exist: no rules file is named like this folder",
        "y.response.json: no request belongs to this file",
        "z.request.json: the body is not strict JSON",
        "\n7 problems\n",
    ] {
        failures.check_contains(part, &printed, part);
    }
    failures.assert_none();
}

#[test]
fn coverage_needs_a_folder_that_exists() {
    let (code, printed) = check(&repository("tests/guide/rules"), Path::new("nonexistent"));

    assert_eq!(code, Some(2));
    assert!(printed.contains("nonexistent: cannot read the folder"), "{printed}");
}

/// Shadow rules, conditions and hooks without rules need no recorded request.
#[test]
fn coverage_is_required_for_enforced_rules_only() {
    let folder = rules_folder(&[
        ("open.toml", "[self_service_registration]\nallow_all = true\n"),
        (
            "hook.toml",
            "[[self_service_registration.rules]]\nid = 'shadow'\nmode = 'shadow'\nmessage = 'm'\nattribute = 'a'\ndigits = 4\n[[self_service_registration.rules]]\nid = 'skipped'\nwhen = [{ attribute = 'a', digits = 3 }]\nmessage = 'm'\nattribute = 'a'\ndigits = 4\n",
        ),
    ]);
    let recorded = tempfile::tempdir().unwrap();
    fs::create_dir(recorded.path().join("hook")).unwrap();
    let request = registration(r#"{"a":"1234"}"#);
    fs::write(recorded.path().join("hook/x.request.json"), request).unwrap();

    let (code, printed) = check(folder.path(), recorded.path());

    assert_eq!(code, Some(1));
    assert!(!printed.contains("shadow") && !printed.contains("open"), "{printed}");
    assert!(
        printed.contains("passes the rule `skipped`") && printed.ends_with("\n2 problems\n"),
        "{printed}"
    );
}

#[test]
fn coverage_names_branches_that_no_request_takes() {
    let branches = "userType = [\n  { when = [{ attribute = 'email', domains = ['a.example'] }], value = '{absent}' },\n  { when = [{ attribute = 'email', domains = ['b.example'] }], value = 'B' },\n  { value = 'C' },\n]\n";
    let section = |name: &str| format!("[{name}]\nallow_all = true\n[{name}.set]\n{branches}");
    let rules = section("self_service_registration") + &section("progressive_profile");
    let folder = rules_folder(&[("hook.toml", &rules)]);
    let recorded = tempfile::tempdir().unwrap();
    let hook = recorded.path().join("hook");
    fs::create_dir(&hook).unwrap();
    for name in ["a", "c"] {
        let request = registration(&format!(r#"{{"email":"x@{name}.example"}}"#));
        // Classic Engine's requests are judged by the section of registrations.
        let classic = text(&request).replace(r#""requestType":"self.service.registration","#, "");
        fs::write(hook.join(format!("{name}.request.json")), classic).unwrap();
    }
    let missing = |section: &str, number: usize| {
        format!(
            "no recorded request takes branch {number} of `userType` in [{section}.set]; record one in"
        )
    };

    let (code, printed) = check(folder.path(), recorded.path());

    assert_eq!(code, Some(1));
    assert!(printed.contains(&missing("self_service_registration", 2)), "{printed}");
    for number in 1..=3 {
        assert!(printed.contains(&missing("progressive_profile", number)), "{printed}");
    }
    assert!(printed.ends_with("\n4 problems\n"), "{printed}");
}
