//! Checks against an org's user schema and form: `check --schema` and `--policy`. The JSON in
//! `tests/org` has the form of answers of Okta's API. The rules files beside it list their problems.

use std::fs;

use registration_hook::{lint::Lints, org::Org};

use crate::{
    problems::check_listed_problems,
    support::{Failures, program, repository, rules_folder, run, text},
};

const SCHEMA: &str = "tests/org/schema.json";
const POLICY: &str = "tests/org/policy.json";

/// The exit code of `check`, and all that it prints about rules in a file `join.toml`.
fn check(rules: &str, flags: &[&str]) -> (Option<i32>, String) {
    let folder = rules_folder(&[("join.toml", rules)]);
    let mut command = program();
    command.current_dir(repository("")).arg("check").arg("--rules").arg(folder.path()).args(flags);
    let output = run(&mut command, b"");
    (output.status.code(), text(&output.stdout).to_owned() + text(&output.stderr))
}

/// A rule with these keys.
fn rule(more: &str) -> String {
    format!("[[self_service_registration.rules]]\nid = \"r\"\nmessage = \"m\"\n{more}\n")
}

#[test]
fn schema_and_policy_problems_are_reported_at_their_places() {
    let (schema, policy) = (repository(SCHEMA), repository(POLICY));
    let mut failures = Failures::default();

    for (folder, schema, policy, at_least) in [
        ("tests/org/schema", Some(&*schema), None, 40),
        ("tests/org/policy", None, Some(&*policy), 2),
        ("tests/org/both", Some(&*schema), Some(&*policy), 7),
    ] {
        let org = Org::read_files(schema, policy).unwrap();
        let count = check_listed_problems(folder, &Lints { org, probe: false }).len();

        failures.check(format!("{folder}: {count}"), count >= at_least);
    }

    failures.assert_none();
}

#[test]
fn notes_are_printed_with_exit_code_0() {
    let optional = rule("attribute = \"mobilePhone\"\noptional = true\nformat = \"phone\"");
    let slips = rule("attributes = [\"emial\", \"timeZone\", \"birthDate\"]\nlength = { min = 1 }")
        + "[self_service_registration.set]\nemployeNumber = \"1\"\n";
    let login = rule("attributes = [\"login\", \"email\"]\nformat = \"email\"")
        + "[self_service_registration.set]\nlastName = \"X\"\n";
    let templates = "[self_service_registration]
allow_all = true
[self_service_registration.set]
displayName = { default = '{firstNam} {uuid.local}' }
nickName = [{ when = [{ attribute = 'colour', one_of = ['red'] }], value = '{colour}' }, { value = '{uid}' }]
city = { from = 'invitaton', map = { a = '{invitaton}' }, else = '{team}' }
zipCode = { from = 'lastNam', pattern = '(?<a>.*)', value = '{a}' }
[progressive_profile]
allow_all = true
update = ['team']
set = { nickName = '{profile.uid} {request.ip}' }
"
    .to_owned();
    let mut failures = Failures::default();

    for (rules, flags, notes) in [
        (&optional, &[][..], &[][..]),
        (
            &templates,
            &[],
            &[
                "`lastNam` is not a base attribute; did you mean `lastName`?",
                "`firstNam` is not a base attribute; did you mean `firstName`?",
                "`{uuid.local}` in the template of `displayName`: `uuid` is not a base attribute, and the file names it nowhere else; without it, `displayName` is not set",
                "`{uid}` in the template of `nickName`: `uid` is not a base attribute, and the file names it nowhere else; without it, `nickName` is not set",
            ],
        ),
        (
            &optional,
            &["--policy", POLICY],
            &["`mobilePhone` is never submitted: it is not on the form; add it there"],
        ),
        (
            &slips,
            &[],
            &[
                "`emial` is not a base attribute; did you mean `email`?",
                "`employeNumber` is not a base attribute; did you mean `employeeNumber`?",
                "`timeZone` is not a base attribute; did you mean `timezone`?",
            ],
        ),
        (
            &login,
            &["--schema", SCHEMA],
            &[
                "`r`: the message is at `login`, which not every form has; check with --policy, or give `location = \"data.userProfile.email\"`",
                "no rule looks at `firstName`, which the user schema requires",
                "no rule looks at `guid`, which the user schema requires",
            ],
        ),
    ] {
        let (code, printed) = check(rules, flags);
        failures.check_eq(format!("{rules}: {printed}"), code, Some(0));
        let found: Vec<_> = printed.lines().skip(1).collect();
        let expected: Vec<_> = notes
            .iter()
            .map(|note| format!("note: `join`, `self_service_registration`: {note}"))
            .collect();
        failures.check_eq(rules, found, expected);
    }

    failures.assert_none();
}

/// A policy's rule with this many attributes on its form, alone or in a list.
fn policy(attributes: usize, listed: bool) -> String {
    let attributes: Vec<_> = (0..attributes)
        .map(|n| format!(r#"{{"name":"a{n}","label":"A","required":false}}"#))
        .collect();
    let rule = format!(
        r#"{{"type":"PROFILE_ENROLLMENT","actions":{{"profileEnrollment":{{"profileAttributes":[{}]}}}}}}"#,
        attributes.join(",")
    );
    if listed { format!("[{rule}]") } else { rule }
}

/// A policy's rule with these hooks. `more` follows its attributes.
fn policy_of_hooks(hooks: &str, more: &str) -> String {
    format!(
        r#"[{{"type":"PROFILE_ENROLLMENT","actions":{{"profileEnrollment":{{"preRegistrationInlineHooks":[{hooks}],"profileAttributes":[{{"name":"email"}}]{more}}}}}}}]"#
    )
}

#[test]
fn sections_that_the_policy_makes_unused_or_missing_are_noted() {
    let registration = rule("attribute = \"email\"\nformat = \"email\"");
    let progressive = registration.replace("self_service_registration", "progressive_profile");
    let both = registration.clone() + &progressive.replace("\"r\"", "\"s\"");
    let scopes = |words: &str| format!(r#"{{"inlineHookId":"cal1","scopes":[{words}]}}"#);
    let unused = |section: &str, request_type: &str, why: &str| {
        format!(
            "note: `join`, `{section}`: the section is not used: Okta sends no `{request_type}`, since {why}\n"
        )
    };
    let missing = |section: &str, request_type: &str| {
        format!(
            "note: `join`, `{section}`: the hook has no such section, and the enrollment policy lets Okta send `{request_type}`; these requests are denied\n"
        )
    };
    let (ssr, pp) = ("self.service.registration", "progressive.profile");
    let (first, second) = ("self_service_registration", "progressive_profile");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.json");
    let mut failures = Failures::default();

    for (rules, hooks, more, notes) in [
        (&registration, scopes(r#""SELF_SERVICE_REGISTRATION""#), "", String::new()),
        (
            &registration,
            scopes(r#""PROGRESSIVE_PROFILING""#),
            "",
            unused(
                first,
                ssr,
                "the policy's inline hooks lack the scope `SELF_SERVICE_REGISTRATION` (probably \"Run this hook\" in Okta)",
            ) + &missing(second, pp),
        ),
        (
            &both,
            scopes(r#""SELF_SERVICE_REGISTRATION","PROGRESSIVE_PROFILING""#),
            r#","unknownUserAction":"DENY""#,
            unused(first, ssr, "the policy has the `unknownUserAction` `DENY`"),
        ),
        (
            &both,
            scopes(r#""SELF_SERVICE_REGISTRATION","PROGRESSIVE_PROFILING""#),
            r#","progressiveProfilingAction":"DISABLED""#,
            unused(second, pp, "the policy has the `progressiveProfilingAction` `DISABLED`"),
        ),
        (
            &progressive,
            scopes(r#""SELF_SERVICE_REGISTRATION","PROGRESSIVE_PROFILING""#),
            r#","unknownUserAction":"REGISTER""#,
            missing(first, ssr),
        ),
        // Okta does not document the scopes, so an unknown scope may mean any flow.
        (&registration, scopes(r#""ALL""#), "", String::new()),
        (&registration, String::new(), "", unused(first, ssr, "the policy names no inline hook")),
        // Older answers have no scopes, so either request may come.
        (&registration, r#"{"inlineHookId":"cal1"}"#.to_owned(), "", String::new()),
        (
            &registration,
            r#"{"inlineHookId":"cal1"}"#.to_owned(),
            r#","unknownUserAction":"DENY""#,
            unused(first, ssr, "the policy has the `unknownUserAction` `DENY`"),
        ),
    ] {
        fs::write(&file, policy_of_hooks(&hooks, more)).unwrap();
        let (code, printed) = check(rules, &["--policy", file.to_str().unwrap()]);
        let (_, found) = printed.split_once('\n').unwrap();

        failures.check_eq(format!("{hooks} {more}"), code, Some(0));
        failures.check_eq(format!("{hooks} {more}"), found, notes);
    }

    failures.assert_none();
}

#[test]
fn a_required_attribute_with_a_default_needs_no_rule() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("schema.json");
    let schema = r#"{"definitions":{
        "custom":{"properties":{"tier":{"type":"string","default":"basic"},"team":{"type":"string"}},"required":["tier","team"]},
        "base":{"properties":{"email":{"required":true},"login":{"required":true}},"required":["login","email"]}}}"#;
    fs::write(&file, schema).unwrap();

    let (code, printed) = check(
        &rule("attribute = \"email\"\nformat = \"email\""),
        &["--schema", file.to_str().unwrap()],
    );

    let notes: Vec<_> = printed.lines().filter(|line| line.starts_with("note: ")).collect();

    assert_eq!(code, Some(0), "{printed}");
    assert_eq!(
        notes,
        [
            "note: `join`, `self_service_registration`: no rule looks at `team`, which the user schema requires"
        ]
    );
}

#[test]
fn a_form_has_up_to_ten_attributes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.json");
    let rules = rule("attribute = \"a1\"\nlength = { min = 1 }");
    let mut failures = Failures::default();

    for (count, listed, code) in [(10, true, 0), (10, false, 0), (11, true, 1), (11, false, 1)] {
        fs::write(&file, policy(count, listed)).unwrap();
        let (found, printed) = check(&rules, &["--policy", file.to_str().unwrap()]);
        failures.check_eq(format!("{count}: {printed}"), found, Some(code));
        failures.check_eq(
            count,
            printed.contains("--policy: 11 attributes on a form; Okta takes up to 10"),
            code == 1,
        );
    }

    failures.assert_none();

    // Several rules are several forms.
    let several = format!("[{},{}]", policy(10, false), policy(2, false));
    fs::write(&file, several).unwrap();
    let (found, printed) = check(&rules, &["--policy", file.to_str().unwrap()]);

    assert_eq!(found, Some(0), "{printed}");
}

#[test]
fn a_file_that_is_not_an_answer_of_okta_exits_with_2_and_names_the_api() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file.json");
    let path = file.to_str().unwrap();
    let rules = rule("attribute = \"email\"\nformat = \"email\"");
    let unknown = r#"{"errorCode":"E0000011","errorSummary":"Invalid token provided"}"#;
    let (schema, form) = (fs::read_to_string(repository(SCHEMA)).unwrap(), policy(1, true));
    let mut failures = Failures::default();

    for (flag, content, address) in [
        ("--schema", "", "GET /api/v1/meta/schemas/user/default"),
        ("--schema", unknown, "GET /api/v1/meta/schemas/user/default"),
        ("--schema", &form, "GET /api/v1/meta/schemas/user/default"),
        ("--schema", r#"{"definitions":{"base":{"properties":[]}}}"#, "meta/schemas/user/default"),
        (
            "--schema",
            r#"{"definitions":{"custom":{"properties":{}}}}"#,
            "meta/schemas/user/default",
        ),
        ("--schema", &schema[..schema.len() / 2], "GET /api/v1/meta/schemas/user/default"),
        ("--policy", "[]", "GET /api/v1/policies/POLICY-ID/rules"),
        ("--policy", "Rosario", "GET /api/v1/policies/POLICY-ID/rules"),
        ("--policy", r#"[{"actions":{"signon":{}}}]"#, "GET /api/v1/policies/POLICY-ID/rules"),
        ("--policy", &schema, "this is a user schema, for --schema"),
        ("--schema", &form, "this is an enrollment policy, for --policy"),
        ("--policy", unknown, "this is an error that Okta's API answered"),
        (
            "--policy",
            r#"[{"id":"rst1","type":"PROFILE_ENROLLMENT","name":"Rosario"}]"#,
            "this is a list of policies; get the rules of one, POLICY-ID, such as `rst1`",
        ),
    ] {
        fs::write(&file, content).unwrap();
        let (code, printed) = check(&rules, &[flag, path]);
        failures.check_eq(format!("{flag} {content}: {printed}"), code, Some(2));
        failures.check(
            format!("{flag}: {printed}"),
            printed.contains(path) && printed.contains(address),
        );
        failures.check(format!("{flag}: {printed}"), !printed.contains("Rosario"));
    }

    failures.assert_none();
}

#[test]
fn a_schema_that_is_too_large_or_missing_exits_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file.json");
    let rules = rule("attribute = \"email\"\nformat = \"email\"");
    let schema = fs::read_to_string(repository(SCHEMA)).unwrap();
    let large = schema.replacen("{", &format!("{{{}", " ".repeat(4 << 20)), 1);
    fs::write(&file, large).unwrap();
    let (code, printed) = check(&rules, &["--schema", file.to_str().unwrap()]);

    assert!(
        code == Some(2) && printed.contains("larger than 4 MiB, the limit of a schema or policy"),
        "{printed}"
    );

    let (code, printed) = check(&rules, &["--schema", "nonexistent.json"]);

    assert!(
        code == Some(2) && printed.contains("nonexistent.json: cannot read the file"),
        "{printed}"
    );
}
