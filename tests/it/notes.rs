//! Notes of `check` on rules that have no problem and may still let people in.

use crate::{
    lookups::{LOOKUP, TABLE, rule},
    support::{Failures, program, repository, rules_folder, run, text},
};

/// The notes on a rules file beside the table of members and a map.
fn notes(rules: &str, map: &str, flags: &[&str]) -> String {
    let rules = format!("[self_service_registration]\n{rules}");
    let files = [("join.toml", &*rules), ("members.csv", TABLE), ("map.csv", map)];
    let folder = rules_folder(&files);
    let mut command = program();
    command.current_dir(repository("")).args(["check", "--rules"]).arg(folder.path()).args(flags);
    let output = run(&mut command, b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    let mut notes = Vec::new();
    for line in text(&output.stdout).lines() {
        if let Some(note) = line.strip_prefix("note: `join`, `self_service_registration`: ") {
            notes.push(note);
        }
    }
    notes.join("\n")
}

#[test]
fn a_map_whose_first_line_looks_like_an_entry_is_noted() {
    let note = "`department`: the first line of the map's file must name the columns; here it looks like an entry, and is skipped; write `key,value` above it";
    let mut failures = Failures::default();

    for (from, map, expected) in [
        ("email.domain", "eng.okta.com,Engineering\nit.okta.com,IT\n", note),
        ("email", "a@okta.com,A\nb@okta.com,B\n", note),
        ("costCenter", "100,A\n200,B\n", note),
        ("email.domain", "domain,department\nit.okta.com,IT\n", ""),
        ("city", "city,department\nOslo,IT\n", ""),
    ] {
        let set = format!(
            "allow_all = true\nset.department = {{ from = '{from}', map = {{ file = 'map.csv' }} }}\n"
        );
        failures.check_eq(map, notes(&set, map, &[]), expected);
    }

    failures.assert_none();
}

#[test]
fn an_optional_column_is_noted_unless_the_lookup_must_find_something() {
    let optional = rule("level", "attribute = 'member.level'\none_of = ['gold']\noptional = true");
    let known = rule("known", "lookup = 'member'");
    let name = rule("name", "attribute = 'lastName'\nequals = 'member.lastName'");
    let shadow = rule("shadow", "lookup = 'member'\nmode = 'shadow'");
    let note = "`level`: `member.level` is optional, so the rule also passes if `member` finds nothing; if it must find something, add a rule with `lookup = \"member\"`";
    let mut failures = Failures::default();

    for (rules, expected) in [
        (optional.clone(), note),
        (format!("{optional}{shadow}"), note),
        (format!("{optional}{known}"), ""),
        (format!("{optional}{name}"), ""),
    ] {
        // Every org has `employeeNumber`. `memberNumber` would get a note of its own.
        let lookup = LOOKUP.replace("{memberNumber}", "{employeeNumber}");
        failures.check_eq(&rules, notes(&format!("{lookup}{rules}"), "a,b\nc,d\n", &[]), expected);
    }

    failures.assert_none();
}

#[test]
fn a_field_of_the_form_that_a_lookup_sets_only_sometimes_is_noted() {
    let lookup = format!("{LOOKUP}when = [{{ attribute = 'size', one_of = ['S'] }}]\n");
    let set = |source: &str| format!("[self_service_registration.set]\ndepartment = {source}\n");
    let template = set("'{member.level}'");
    let branches =
        set("[{ when = [{ attribute = 'member.level', one_of = ['gold'] }], value = 'a' }]");
    let judging = rule("department", "attribute = 'department'\none_of = ['IT']");
    let note = "`department` is on the form; if the conditions of the lookup `member` do not hold, the submitted value stays; take `department` off the form, or judge it by a rule";
    let policy = ["--policy", "tests/org/policy.json"];
    let mut failures = Failures::default();

    for (rules, flags, expected) in [
        (format!("allow_all = true\n{lookup}{template}"), &policy[..], note),
        (format!("allow_all = true\n{lookup}{branches}"), &policy, note),
        (format!("allow_all = true\n{lookup}{template}"), &[], ""),
        (format!("allow_all = true\n{LOOKUP}{template}"), &policy, ""),
        (format!("{lookup}{template}{judging}"), &policy, ""),
        (
            format!("allow_all = true\n{lookup}{}", template.replace("department", "title")),
            &policy,
            "",
        ),
    ] {
        // The policy's form lacks `memberNumber`, which would be a problem, so the lookup asks with `firstName`.
        let rules = rules.replace("{memberNumber}", "{firstName}");
        failures.check_eq(&rules, notes(&rules, "a,b\nc,d\n", flags), expected);
    }

    failures.assert_none();
}
