//! Mistakes that administrators make, and exactly what `check` says about each. A file of `tests/mistakes` is
//! one mistake, with its problems in lines that start with `#~`.

use std::fs;

use registration_hook::{lint::Lints, nearest::did_you_mean};

use crate::{
    problems::check_listed_problems,
    support::{Failures, program, rules_folder, run, text},
};

const RULES: &str = "[self_service_registration]\nallow_all = true\n";

#[test]
fn each_mistake_has_exactly_the_problems_it_lists() {
    let found = check_listed_problems("tests/mistakes", &Lints::default());

    assert!(found.len() > 60, "{}", found.len());
}

/// All that `check` prints on standard output about a settings file.
fn check_settings(settings: &str) -> String {
    let rules = rules_folder(&[("join.toml", RULES)]);
    let folder = rules_folder(&[("settings.toml", settings)]);
    let mut command = program();
    command.current_dir(&folder).args(["check", "--config", "settings.toml", "--rules"]);
    // The password for the user name that the file may have.
    command.env("HOOK__AUTH__BASIC__PASSWORD", "Rosario");
    let output = run(command.arg(rules.path()), b"");
    assert_eq!(output.status.code(), Some(1));
    text(&output.stdout).to_owned()
}

#[test]
fn broken_settings_name_the_kind_of_fault_and_no_value() {
    let mut failures = Failures::default();

    for (settings, expected) in [
        (
            "[auth.basic]\nusername = \"admin\"\npassword = “Rosario”\n",
            "settings.toml:3:12: invalid TOML: write straight quotes in place of these, as in `\"okta.com\"`",
        ),
        (
            "[auth.basic]\nusername = Rosario\n",
            "settings.toml:2:12: invalid TOML: write a text in quotes, as in `\"okta.com\"`",
        ),
        (
            "[auth.basic]\nusername: \"Rosario\"\n",
            "settings.toml:2:9: invalid TOML: write `=` between a key and its value, not `:`",
        ),
        (
            "[auth.basic]\npassword = [\"Rosario\"\nusername = \"a\"\n",
            "settings.toml:2:12: invalid TOML: this list is not closed; add `]` at its end",
        ),
        (
            "[auth.basic]\npassword = \"Rosario\n",
            "settings.toml:2:20: invalid TOML: the quotes are not closed in this line; add `\"`",
        ),
        (
            "[auth.basic]\npassword = \"Rosario\\s\"\n",
            "settings.toml:2:21: invalid TOML: in double quotes a backslash starts an escape sequence, such as `\\n`; in single quotes it stands for itself",
        ),
    ] {
        let printed = check_settings(settings);

        failures.check_eq(settings, &*printed, format!("{expected}\n\n1 problem\n"));
    }

    failures.assert_none();
}

#[test]
fn a_variable_with_single_underscores_names_the_right_one() {
    let mut failures = Failures::default();

    for (name, expected) in [
        ("HOOK_AUTH_BASIC_PASSWORD", Some("HOOK__AUTH__BASIC__PASSWORD")),
        ("HOOK_AUTH_OAUTH_CLIENT_IDS", Some("HOOK__AUTH__OAUTH__CLIENT_IDS")),
        ("HOOK_SERVER__BIND", Some("HOOK__SERVER__BIND")),
        ("HOOK_SERVER_PORT", Some("HOOK__SERVER__BIND")),
        ("HOOK_AUTH_BASIC_PASSWORD_0", Some("HOOK__AUTH__BASIC__PASSWORD__0")),
        ("HOOK_AUTH_BASIC_USER", Some("HOOK__AUTH__BASIC__USERNAME")),
        ("HOOK_SOURCES_MEMBERS_URL", Some("HOOK__SOURCES__MEMBERS__URL")),
        ("HOOK_PASSWORD", None),
        ("HOOK_PORT", None),
    ] {
        let rules = rules_folder(&[("join.toml", RULES)]);
        let mut command = program();
        command.args(["check", "--rules"]).arg(rules.path()).env(name, "Rosario");
        let output = run(&mut command, b"");
        let printed = text(&output.stdout);

        failures.check_eq(name, output.status.code(), Some(i32::from(expected.is_some())));
        if let Some(right) = expected {
            let message =
                format!("{name}: this sets nothing; write `{right}`, with two underscores\n");
            failures.check(format!("{name}: {printed}"), printed.starts_with(&message));
        }
    }

    failures.assert_none();
}

#[test]
fn comments_quotes_and_commas_in_list_files_are_reported() {
    let rule = |check: &str| {
        format!(
            "[[self_service_registration.rules]]\nid = \"r\"\nattribute = \"email\"\nmessage = \"m\"\n{check} = {{ file = \"list.txt\" }}\n"
        )
    };
    let mut failures = Failures::default();

    for (check, list, code, expected) in [
        (
            "domains",
            "okta.com\n# partners\n",
            1,
            "join.toml:5:11: in line 2 of the file: `# partners` can never match a domain; a list file has no comments, so remove it\n",
        ),
        (
            "not_domains",
            "\"okta.com\"\n",
            1,
            "join.toml:5:15: in line 1 of the file: `\"okta.com\"` can never match a domain; a list file has no quotes, so remove them\n",
        ),
        (
            "networks",
            "192.0.2.0/24 # office\n",
            1,
            "join.toml:5:12: in line 1 of the file: `192.0.2.0/24 # office` has no valid prefix length; a list file has no comments, so remove it\n",
        ),
        (
            "one_of",
            "A-1\nB-2,\n",
            0,
            "note: `join`, `self_service_registration`: `r`: line 2 of `list.txt` counts as a value as it stands; a list file has no commas or semicolons; write one value in each line\n",
        ),
        (
            "not_one_of",
            "# blocked\nroot\n",
            0,
            "note: `join`, `self_service_registration`: `r`: line 1 of `list.txt` counts as a value as it stands; a list file has no comments, so remove it\n",
        ),
        (
            "one_of",
            "A\n1001,Ann\n1002;Joe\n",
            0,
            "note: `join`, `self_service_registration`: `r`: 2 lines of `list.txt` (the first is line 2) count as values as they stand; a list file has no columns; write one value in each line\n",
        ),
        ("one_of", "C#\nA-1\nParis, France\n", 0, "no problems"),
    ] {
        let folder = rules_folder(&[("join.toml", &rule(check)), ("list.txt", list)]);
        let output = run(program().args(["check", "--rules"]).arg(folder.path()), b"");
        let printed = text(&output.stdout);

        failures.check_eq(list, output.status.code(), Some(code));
        failures.check_contains(list, printed, expected);
        failures.check_eq(list, printed.contains("note: "), expected.starts_with("note: "));
    }

    failures.assert_none();
}

#[test]
fn each_kind_of_mistake_in_a_list_file_has_a_note() {
    let rule = "[[self_service_registration.rules]]\nid = \"r\"\nattribute = \"code\"\nmessage = \"m\"\none_of = { file = \"list.txt\" }\n";
    let list = "# codes, old\nA\n\"B\"\nC;\nD # x\n; x\n// x\n\"E\",\nF,G\n";
    let folder = rules_folder(&[("join.toml", rule), ("list.txt", list)]);
    let output = run(program().args(["check", "--rules"]).arg(folder.path()), b"");
    let printed = text(&output.stdout);
    let mut failures = Failures::default();

    for expected in [
        "`r`: 4 lines of `list.txt` (the first is line 1) count as values as they stand; a list file has no comments",
        "`r`: 2 lines of `list.txt` (the first is line 3) count as values as they stand; a list file has no quotes",
        "`r`: 2 lines of `list.txt` (the first is line 4) count as values as they stand; a list file has no commas",
        "`r`: line 9 of `list.txt` counts as a value as it stands; a list file has no columns",
    ] {
        failures.check_contains(expected, printed, expected);
    }

    failures.assert_none();
}

/// A note is not shown beside a problem, so the problem names the cause.
#[test]
fn an_example_with_another_outcome_names_the_mistake_in_the_list_file() {
    let rule = |rest: &str| {
        format!(
            "[[self_service_registration.rules]]\nid = \"r\"\nattribute = \"code\"\nmessage = \"m\"\n{rest}\n"
        )
    };
    let one_of = "one_of = { file = \"codes.txt\" }\nexamples.pass = [\"1001\"]";
    let not_one_of = "not_one_of = { file = \"codes.txt\" }\nexamples.fail = [\"1001\"]";
    let when = "digits = 4\nwhen = [{ attribute = \"code\", one_of = { file = \"codes.txt\" } }]\nexamples.pass = [{ code = \"1001\" }]";
    let fails = "this example should pass and fails: `code`: expected one of the 2 values allowed; perhaps because ";
    let passes = "the rule admits more than it is meant to; perhaps because ";
    let skips = "add the attributes that they look at; perhaps because ";
    let mut failures = Failures::default();

    for (rest, list, start, cause) in [
        (
            one_of,
            "\"1001\"\n\"1002\"\n",
            fails,
            "2 lines of `codes.txt` (the first is line 1) count as values as they stand; a list file has no quotes, so remove them",
        ),
        (
            one_of,
            "1001,\n1002,\n",
            fails,
            "2 lines of `codes.txt` (the first is line 1) count as values as they stand; a list file has no commas or semicolons",
        ),
        (
            one_of,
            "1002\n1001 # Ann\n",
            fails,
            "line 2 of `codes.txt` counts as a value as it stands; a list file has no comments",
        ),
        (
            one_of,
            "id,name\n1001,Ann\n",
            fails,
            "2 lines of `codes.txt` (the first is line 1) count as values as they stand; a list file has no columns",
        ),
        (not_one_of, "1001;\n", passes, "line 1 of `codes.txt` counts"),
        (when, "'1001'\n", skips, "line 1 of `codes.txt` counts"),
    ] {
        let folder = rules_folder(&[("join.toml", &rule(rest)), ("codes.txt", list)]);
        let output = run(program().args(["check", "--rules"]).arg(folder.path()), b"");
        let printed = text(&output.stdout);

        failures.check_contains(list, printed, &format!("{start}{cause}"));
    }

    failures.assert_none();
}

#[test]
fn a_list_file_within_a_list_says_to_write_it_without_the_list() {
    let rule = "[[self_service_registration.rules]]\nid = \"r\"\nattribute = \"email\"\nmessage = \"m\"\ndomains = [{ file = \"list.txt\" }]\n";
    let folder = rules_folder(&[("join.toml", rule), ("list.txt", "okta.com\n")]);
    let output = run(program().args(["check", "--rules"]).arg(folder.path()), b"");

    let printed = text(&output.stdout);

    assert!(printed.contains("a file replaces the list; write `{ file = \"…\" }`"), "{printed}");
}

#[test]
fn entries_of_the_rules_folder_that_no_load_reads_are_noted() {
    let rule = "[[self_service_registration.rules]]\nid = \"r\"\nattribute = \"code\"\nmessage = \"m\"\none_of = { file = \"lists/codes.txt\" }\n";
    let folder = rules_folder(&[
        ("a.toml", rule),
        ("b.TOML", rule),
        ("notes.txt", "x"),
        (".hidden", "x"),
        ("lists/codes.txt", "A-1\n"),
        ("old/c.toml", rule),
    ]);

    let output = run(program().args(["check", "--rules"]).arg(folder.path()), b"");

    let place = |name: &str| folder.path().join(name).display().to_string();
    let expected = [
        format!(
            "note: `{}`: not read: the name of a hook's file ends in `.toml`, in lower case; rename it",
            place("b.TOML")
        ),
        format!("note: `{}`: not used: it is not a hook, and no rule names it", place("notes.txt")),
        format!(
            "note: `{}`: hooks in a sub-folder are not read; move them to the rules folder itself",
            place("old")
        ),
    ];
    let found: Vec<_> = text(&output.stdout).lines().skip(1).collect();

    assert_eq!(output.status.code(), Some(0));
    assert_eq!(found, expected);
}

/// Other problems hide the notes.
#[test]
fn the_problem_that_there_is_no_hook_is_explained_by_the_notes() {
    for name in ["b.TOML", "old/c.toml"] {
        let folder = rules_folder(&[(name, RULES)]);
        let output = run(program().args(["check", "--rules"]).arg(folder.path()), b"");
        let printed = text(&output.stdout);

        assert_eq!(output.status.code(), Some(1), "{printed}");
        assert!(printed.contains("note: `"), "{name}: {printed}");
    }
}

/// The built-in rules are in no folder.
#[test]
fn no_file_beside_the_built_in_rules_is_noted() {
    let empty = tempfile::tempdir().unwrap();
    fs::write(empty.path().join("notes.txt"), "x").unwrap();

    let output = run(program().arg("check").current_dir(&empty), b"");

    assert!(!text(&output.stdout).contains("notes.txt"));
}

#[test]
fn a_file_name_with_an_ending_suggests_the_hook_that_it_begins_with() {
    let known = ["registrationHookPP", "registrationHookSSR", "registrationHookSSRandPP"];

    let hint = did_you_mean("registrationHookSSR.json", known);

    assert_eq!(hint, "; did you mean `registrationHookSSR`?");
}

#[test]
fn an_unknown_setting_names_the_key_that_is_meant_and_is_the_only_problem() {
    let rules = rules_folder(&[("join.toml", RULES)]);
    let mut failures = Failures::default();

    for (name, value, meant) in [
        ("HOOK__AUTH__BASIC__USER", "okta", "HOOK__AUTH__BASIC__USERNAME"),
        ("HOOK__AUTH__USERNAME", "okta", "HOOK__AUTH__BASIC__USERNAME"),
        ("HOOK__SERVER__PORT", "8080", "HOOK__SERVER__BIND"),
        ("HOOK__SERVER__TLS__CERT", "cert.pem", "HOOK__SERVER__TLS__CERTIFICATE"),
        ("HOOK__SERVER__CERTIFICATE", "cert.pem", "HOOK__SERVER__TLS__CERTIFICATE"),
        ("HOOK__AUTH__BASIC_PASSWORD", "Rosario", "HOOK__AUTH__BASIC__PASSWORD"),
        ("HOOK__AUTH_BASIC__PASSWORD", "Rosario", "HOOK__AUTH__BASIC__PASSWORD"),
    ] {
        let mut command = program();
        command.args(["check", "--rules"]).arg(rules.path()).env(name, value);
        // The other half of the credentials, so that the unknown setting is the only problem.
        if name.ends_with("PASSWORD") {
            command.env("HOOK__AUTH__BASIC__USERNAME", "okta");
        } else if name.contains("AUTH") {
            command.env("HOOK__AUTH__BASIC__PASSWORD", "0123456789abcdef0123456789abcdef");
        }
        let output = run(&mut command, b"");
        let printed = text(&output.stdout);

        failures.check_contains(name, printed, &format!("did you mean `{meant}`?"));
        failures.check_contains(name, printed, "\n1 problem\n");
    }

    failures.assert_none();
}

#[test]
fn a_key_in_a_section_above_its_own_names_the_whole_key() {
    let printed = check_settings("[auth]\nusername = \"okta\"\npassword = \"Rosario\"\n");

    assert_eq!(
        printed,
        "settings.toml:2:1: unknown key `auth.username`; did you mean `auth.basic.username`?\n\n\
         settings.toml:3:1: unknown key `auth.password`; did you mean `auth.basic.password`?\n\n\
         2 problems\n"
    );
}

#[test]
fn a_misspelt_placeholder_of_a_lookup_is_said_to_deny() {
    let rule = "[self_service_registration.lookups.member]\nfile = \"members.csv\"\nmatch = { email = \"{emial}\" }\nreturns = [\"level\"]\n[[self_service_registration.rules]]\nid = \"r\"\nreason = \"R\"\nlocation = \"data.userProfile.email\"\nlookup = \"member\"\nmessage = \"m\"\n";
    let folder =
        rules_folder(&[("a.toml", rule), ("members.csv", "email,level\na@okta.com,gold\n")]);

    let output = run(program().args(["check", "--rules"]).arg(folder.path()), b"");
    let printed = text(&output.stdout);

    assert!(
        printed.contains("did you mean `email`? A lookup needs it, so each request"),
        "{printed}"
    );
}
