//! Usual mistakes in lookups. Each is one problem or one note, with the correction.

use std::{fs, path::Path};

use crate::support::{Failures, program, registration, rules_folder, run, text};

const RULE: &str = "[[self_service_registration.rules]]\nid = 'r'\nlookup = 'm'\nmessage = 'm'\nreason = 'R'\nlocation = 'data.userProfile.email'\n";

/// Rules with a lookup that has these keys.
fn rules(keys: &str) -> String {
    format!("[self_service_registration.lookups.m]\n{keys}\n{RULE}")
}

/// The result of `check` for these rules with an API `members` and a table of email addresses.
fn check(rules: &str, arguments: &[&Path]) -> String {
    let folder = rules_folder(&[("h.toml", rules), ("t.csv", "email\na@x.example\n")]);
    let mut command = program();
    command.env("HOOK__SOURCES__MEMBERS__URL", "https://members.example");
    let output = run(command.arg("check").args(arguments).arg("--rules").arg(folder.path()), b"");
    text(&output.stdout).to_owned()
}

#[test]
fn a_mistake_in_a_lookup_is_one_problem() {
    let mut failures = Failures::default();

    for (keys, problem) in [
        (
            "file = 't.csv'\nmtch = { email = '{email}' }\nignore_case = ['email']",
            "unknown key `mtch`; did you mean `match`?\n",
        ),
        (
            "file = 't.csv'\nmatch = { email = '{email.lokal}' }\nignore_case = ['email']",
            "did you mean `email.local`?\n",
        ),
        (
            "file = 't.csv'\nmatch = { '{email}' = 'email' }\nignore_case = ['email']",
            "the column stands on the left",
        ),
        (
            "file = 't.csv'\nmatch = { email = '{email}' }\nignore_case = ['emial']",
            "unknown column of `match` `emial`; did you mean `email`?\n",
        ),
        (
            "url = 'https://members.example/{email}'",
            "`url` belongs to a source of the settings, `[sources.NAME]`; here write `source = \"NAME\"`",
        ),
        ("url = 'https://members.example'\nget = '/{email}'", "`url` belongs to a source"),
        ("source = 'membres'\nget = '/{email}'", "did you mean `members`?\n"),
        ("source = 'other'\nget = '/{email}'", "`; add a section `[sources.…]` with its `url`"),
    ] {
        let printed = check(&rules(keys), &[]);
        failures.check_contains(keys, &printed, problem);
        failures.check(&printed, printed.ends_with("\n1 problem\n"));
    }

    failures.assert_none();
}

#[test]
fn a_misspelt_location_gets_a_note() {
    let keys = "file = 't.csv'\nmatch = { email = '{email}' }";
    let printed = check(&rules(keys).replace("userProfile.email", "userProfile.emial"), &[]);

    let note = "`r`: the message is at `emial`, where no form shows it: `emial` is not a base attribute; did you mean `email`?\n";
    assert!(printed.contains(note), "{printed}");
    assert!(!check(&rules(keys), &[]).contains("note:"));
}

/// A lookup without a recorded result fails. For `--coverage`, this failure is not a request that tries the outcome
/// `failed`.
#[test]
fn a_forgotten_result_covers_no_outcome() {
    let rules = rules("source = 'members'\nget = '/{email}'")
        + "examples.pass = [{ email = 'a@x.example', m = {} }]\nexamples.fail = [{ email = 'a@x.example', m = 'not_found' }]\n";
    let recorded = tempfile::tempdir().unwrap();
    let case = |ending: &str| recorded.path().join(format!("h/a.{ending}.json"));
    fs::create_dir(recorded.path().join("h")).unwrap();
    fs::write(case("request"), registration(r#"{"email":"a@x.example"}"#)).unwrap();
    let coverage = || check(&rules, &[Path::new("--coverage"), recorded.path()]);
    let mut failures = Failures::default();

    let forgotten = coverage();
    fs::write(case("lookups"), r#"{"m": "failed"}"#).unwrap();
    let failed = coverage();

    for missing in ["the outcome `failed` for the lookup `m`", "fails the rule `r`"] {
        failures.check_contains(missing, &forgotten, missing);
        failures.check(missing, !failed.contains(missing));
    }
    // Without a recorded result, the request covers nothing: two outcomes of the rule and three of the lookup are left.
    failures.check_contains("forgotten", &forgotten, "\n5 problems\n");
    // With `failed`, it covers one outcome of each.
    failures.check_contains("failed", &failed, "\n3 problems\n");
    failures.assert_none();
}
