//! The subcommands `check` and `eval`.

use serde_json::{Value, json};

use crate::support::{BASIC, Failures, program, registration, repository, rules_folder, run, text};

#[test]
fn the_shipped_rules_have_no_problems() {
    let output = run(program().arg("check"), b"");

    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert!(
        text(&output.stdout).starts_with("the rules in `rules`: 3 hooks, 4 rules, no problems")
    );
}

#[test]
fn without_a_rules_folder_check_reads_the_built_in_rules() {
    let empty = tempfile::tempdir().unwrap();

    let output = run(program().arg("check").current_dir(&empty), b"");

    assert!(text(&output.stdout).starts_with("the built-in rules: 3 hooks, "));
}

#[test]
fn check_says_what_probe_and_coverage_did() {
    let broken = rules_folder(&[("a.toml", "[x]\n")]);
    let broken = broken.path().to_str().unwrap();
    let mut failures = Failures::default();

    for (arguments, parts) in [
        (&["--probe"][..], &["\n--probe: tried ", " inputs on 4 rules\n"][..]),
        (
            &["--probe", "--rules", "../../examples/member-number/rules"],
            &["\n--probe: tried ", "; the lookup is not probed\n"],
        ),
        (&["--coverage", "fixtures"], &["\n--coverage: answered ", " recorded requests\n"]),
        (
            &["--probe", "--coverage", "fixtures", "--rules", broken],
            &[
                "\n--probe: tried 0 inputs on 0 rules\n",
                "\n--coverage: not checked, since the rules have problems\n",
            ],
        ),
    ] {
        let output = run(program().arg("check").args(arguments), b"");

        for part in parts {
            failures.check_contains(format!("{arguments:?}"), text(&output.stdout), part);
        }
    }

    let output = run(program().arg("check"), b"");

    failures.check("without flags", !text(&output.stdout).contains("--"));
    failures.assert_none();
}

#[test]
fn a_section_without_an_unconditional_enforced_rule_is_noted() {
    let rule = |id: &str, more: &str| {
        format!(
            "[[self_service_registration.rules]]\nid = \"{id}\"\nattribute = \"email\"\nformat = \"email\"\nmessage = \"m\"\n{more}\n"
        )
    };
    let shadow = rule("a", "mode = \"shadow\"");
    let conditional = rule("b", "when = [{ attribute = \"country\", one_of = [\"DE\"] }]");
    let enforced = rule("c", "");
    let needs_lookup = |keys: &str| {
        format!(
            "[self_service_registration.lookups.member]\nfile = 'members.csv'\nmatch = {{ number = '{{number}}' }}\n{keys}\n[[self_service_registration.rules]]\nid = 'd'\nmessage = 'm'\nreason = 'R'\nlocation = 'data.userProfile.number'\nlookup = 'member'\n"
        )
    };
    let when = "when = [{ attribute = 'country', one_of = ['DE'] }]";
    let mut failures = Failures::default();

    for (name, rules, is_noted) in [
        ("shadow and conditional rules", shadow.clone() + &conditional, true),
        ("a shadow rule", shadow.clone(), true),
        ("a lookup with `when`", needs_lookup(when), true),
        ("a lookup that a failure skips", needs_lookup("on_failure = 'skip'"), true),
        ("a lookup that always counts", needs_lookup(""), false),
        ("a lookup and an enforced rule", needs_lookup(when) + &enforced, false),
        ("an enforced rule", shadow + &conditional + &enforced, false),
        ("no rules", "[self_service_registration]\nallow_all = true\n".to_owned(), false),
    ] {
        let folder = rules_folder(&[("h.toml", &rules), ("members.csv", "number\n1\n")]);
        let output = run(program().arg("check").arg("--rules").arg(folder.path()), b"");

        let printed = text(&output.stdout);
        let note = "\nnote: `h`, `self_service_registration`: no rule always counts";
        failures.check_eq(name, output.status.code(), Some(0));
        failures.check_eq(format!("{name}: {printed}"), printed.contains(note), is_noted);
    }

    failures.assert_none();
}

#[test]
fn an_any_rule_with_an_optional_part_is_noted() {
    let rules = |optional: bool| {
        format!(
            "[[self_service_registration.rules]]\nid = 'r'\nmessage = 'm'\nany = [{{ attribute = 'email', domains = ['okta.com'] }}, {{ attribute = 'code', one_of = ['A'], optional = {optional} }}]\n"
        )
    };
    let mut failures = Failures::default();

    for optional in [true, false] {
        let folder = rules_folder(&[("h.toml", &rules(optional))]);
        let output = run(program().arg("check").arg("--rules").arg(folder.path()), b"");
        let printed = text(&output.stdout);

        failures.check_eq(
            format!("{optional}: {printed}"),
            printed.contains("`r`: a form without the attributes that are `optional`"),
            optional,
        );
    }

    failures.assert_none();
}

#[test]
fn a_part_of_an_attribute_that_hardly_holds_an_address_is_noted() {
    let mut failures = Failures::default();

    for (name, is_noted) in [
        ("user.domain", true),
        ("firstName.local", true),
        ("email.domain", false),
        ("secondEmail.local", false),
        ("workEmail.domain", false),
    ] {
        let rule = format!(
            "[[self_service_registration.rules]]\nid = 'r'\nattribute = '{name}'\none_of = ['okta.com']\nmessage = 'm'\n"
        );
        let folder = rules_folder(&[("h.toml", &rule)]);
        let output = run(program().arg("check").arg("--rules").arg(folder.path()), b"");
        let printed = text(&output.stdout);

        let note = format!("`{name}` is absent unless");
        failures.check_eq(format!("{name}: {printed}"), printed.contains(&note), is_noted);
    }

    failures.assert_none();
}

#[test]
fn check_prints_problems_of_settings_and_rules_together() {
    let folder = rules_folder(&[
        ("a.toml", "[self_service_registration]\nx = 1\n"),
        (
            "b.toml",
            "[[progressive_profile.rules]]\nid = \"r\"\nattribute = \"email\"\ndomians = [\"okta.com\"]\nmessage = \"m\"\n",
        ),
    ]);

    let output = run(
        program()
            .arg("check")
            .arg("--rules")
            .arg(folder.path())
            .env("HOOK__SERVER__BIND", "0.0.0.0:80"),
        b"",
    );

    assert_eq!(output.status.code(), Some(1));

    let printed = text(&output.stdout);
    let mut failures = Failures::default();

    for part in [
        "no authentication method is configured",
        "a.toml:1:1: a section needs rules",
        "a.toml:2:1: unknown key `x`",
        "b.toml:4:1: unknown key `domians`; did you mean `domains`?\n  |\n4 | domians = [\"okta.com\"]\n  | ^^^^^^^\n",
        "\n4 problems\n",
    ] {
        failures.check_contains(part, printed, part);
    }

    failures.assert_none();
}

#[test]
fn settings_that_cannot_be_read_do_not_hide_problems_of_rules() {
    let folder = rules_folder(&[("a.toml", "[self_service_registration]\nx = 1\n")]);
    let mut command = program();
    command.arg("check").arg("--rules").arg(folder.path()).env("HOOK__SERVER__WORKERS", "x");

    let output = run(&mut command, b"");

    let printed = text(&output.stdout);
    let setting = "HOOK__SERVER__WORKERS: `server.workers`: expected a whole number";
    assert_eq!(output.status.code(), Some(1));
    assert!(printed.contains(setting), "{printed}");
    assert!(printed.contains("a.toml:2:1") && printed.ends_with("\n3 problems\n"), "{printed}");
}

#[test]
fn check_exits_with_2_for_a_settings_file_that_does_not_exist() {
    let output = run(program().args(["check", "--config", "nonexistent"]), b"");

    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn problems_and_notes_are_also_json() {
    let problem = "[[self_service_registration.rules]]\nid = 'r'\nattribute = 'email'\ndomians = ['okta.com']\nmessage = 'm'\n";
    let note = "[self_service_registration]\nallow_all = true\n[self_service_registration.set]\nx = '{unknown}'\n";
    let check = |rules: &str, variable: &str| {
        let folder = rules_folder(&[("h.toml", rules), ("notes.txt", "")]);
        let mut command = program();
        command.args(["check", "--format", "json", "--rules", "."]).current_dir(&folder);
        let output = run(command.env("HOOK__SERVER__WORKERS", variable), b"");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code(), report)
    };
    let mut failures = Failures::default();

    let (code, report) = check(problem, "x");
    failures.check_eq("code", code, Some(1));
    failures.check_eq("valid", &report["valid"], &json!(false));
    failures.check_eq("count", &report["problem_count"], &json!(2));
    let setting = &report["problems"][0];
    failures.check_eq("setting", &setting["place"], &json!("HOOK__SERVER__WORKERS"));
    failures.check_eq("setting", setting.get("line"), None);
    let expected = json!({
        "place": "./h.toml:4:1", "file": "./h.toml", "line": 4, "column": 1,
        "message": "unknown key `domians`; did you mean `domains`?",
        "source": "domians = ['okta.com']",
    });
    failures.check_eq("problem", &report["problems"][1], &expected);
    // A rule with a problem may name the file.
    failures.check_eq("notes", &report["notes"], &json!([]));

    let (code, report) = check(note, "2");
    failures.check_eq("code", code, Some(0));
    failures.check_eq("valid", &report["valid"], &json!(true));
    let at = |key: &str| &report["notes"][0][key];
    failures.check_eq("hook", at("hook"), &json!("h"));
    failures.check_eq("section", at("section"), &json!("self_service_registration"));
    failures.check_eq("place", at("place"), &json!("./h.toml:4:1"));
    failures.check_eq("source", at("source"), &json!("x = '{unknown}'"));
    failures.check_eq("file", &report["notes"][1]["file"], &json!("./notes.txt"));
    failures.check_eq("warnings", &report["warnings"], &json!([]));

    failures.assert_none();
}

#[test]
fn eval_answers_as_the_service_does() {
    let output = run(
        program().args(["eval", "registrationHookSSR"]),
        &registration(r#"{"login":"a@okta.com","email":"a@okta.com"}"#),
    );

    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        text(&output.stdout),
        r#"{"commands":[{"type":"com.okta.action.update","value":{"registration":"ALLOW"}}]}"#
    );
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn eval_needs_no_credentials_and_takes_a_path_as_the_hook() {
    let output =
        run(program().args(["eval", "/registrationHookSSR", "-"]).envs(BASIC), &registration("{}"));

    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn eval_exits_with_0_for_an_update() {
    let file = repository("tests/guide/fixtures/registrationHookPP/guide-update.request.json");
    let output = run(program().args(["eval", "registrationHookPP"]).arg(file), b"");

    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn eval_explains_each_rule_and_the_consequence() {
    let mut failures = Failures::default();

    for (hook, form, expected) in [
        (
            "registrationHookSSR",
            r#"{"login":"Rosario@okta.com","email":"Rosario@evil.example"}"#,
            "  fail  okta-email: `email`: expected a plain email address at okta.com\ndeny: Okta stops the registration (documented)\n",
        ),
        (
            "registrationHookSSR",
            r#"{"login":"Rosario@okta.com"}"#,
            "  fail  okta-email: `email` is missing or empty\ndeny: Okta stops the registration (documented)\n",
        ),
        (
            "registrationHookSSR",
            r#"{"login":7,"email":"a@okta.com"}"#,
            "  fail  okta-email: `login`: expected a plain email address at okta.com, found another type of value\ndeny: Okta stops the registration (documented)\n",
        ),
        (
            "registrationHookSSRandPP",
            r#"{"email":"a@okta.com","employeeNumber":"1234"}"#,
            "  pass  okta-email-and-employee-number\nallow: Okta goes on with the registration (documented)\n",
        ),
        (
            "registrationHookPP",
            "{}",
            "  the hook has no section for such requests, so it denies them\ndeny: Okta stops the registration (documented)\n",
        ),
    ] {
        let output = run(program().args(["eval", "--explain", hook]), &registration(form));

        let (_, explanation) = text(&output.stderr).split_once('\n').unwrap();
        let row = format!("{hook} {form}: {explanation}");
        failures.check(row, explanation.starts_with(expected));
    }

    failures.assert_none();
}

#[test]
fn eval_exits_with_2_when_it_cannot_answer() {
    let mut failures = Failures::default();

    for (arguments, body, why) in [
        (
            &["eval", "registrationHookSRS"][..],
            &b"{}"[..],
            "there is no hook `registrationHookSRS`; did you mean `registrationHookSSR`?",
        ),
        (
            &["eval", "registrationHookSSR"],
            b"{\"Rosario\": tru",
            "standard input: the body is not strict JSON",
        ),
        (
            &["eval", "registrationHookSSR"],
            b"{}",
            "standard input: the body is not a registration inline hook request: `eventType`",
        ),
        (&["eval", "registrationHookSSR", "nonexistent"], b"", "nonexistent: cannot read the file"),
        (&["eval"], b"", "Usage"),
    ] {
        let output = run(program().args(arguments), body);

        failures.check_eq(format!("{arguments:?}"), output.status.code(), Some(2));
        failures.check(format!("{arguments:?}"), output.stdout.is_empty());
        let printed = text(&output.stderr);
        failures.check(
            format!("{arguments:?}: {printed}"),
            printed.contains(why) && !printed.contains("Rosario"),
        );
    }

    failures.assert_none();
}

#[test]
fn help_and_version_go_to_standard_output_with_exit_code_0() {
    let mut failures = Failures::default();

    for (arguments, part) in [
        (&["--help"][..], "Exit codes: 0 success"),
        (&["serve", "--help"], "Exit codes: 0 stopped cleanly"),
        (&["check", "--help"], "Exit codes: 0 valid"),
        (&["eval", "--help"], "Exit codes: 0 allowed"),
        (&["replay", "--help"], "Exit codes: 0 all equal"),
        (&["--version"], "registration-hook 0."),
    ] {
        let output = run(program().args(arguments), b"");

        let row = format!("{arguments:?}");
        failures.check_eq(&row, output.status.code(), Some(0));
        failures.check_contains(&row, text(&output.stdout), part);
        failures.check(&row, output.stderr.is_empty());
    }

    failures.assert_none();
}

#[test]
fn at_most_100_notes_are_shown_and_a_name_is_noted_once() {
    let mut rules =
        "[self_service_registration]\nallow_all = true\n[self_service_registration.set]\n"
            .to_owned();
    for number in 0..150 {
        rules += &format!("x{number} = '{{unknown}}{{unknown}}'\n");
    }
    let folder = rules_folder(&[("h.toml", &rules)]);

    let output = run(program().arg("check").arg("--rules").arg(folder.path()), b"");

    let printed = text(&output.stdout);

    assert_eq!(printed.matches("note: `h`").count(), 100);
    assert!(printed.ends_with("\nand 50 more notes\n"), "{printed}");
}
