//! `docs/lookups.md`: its example from start to end, and the titles of its files.

use std::fs;

use crate::support::{Failures, isolated, repository, run, text};

fn page() -> String {
    fs::read_to_string(repository("docs/lookups.md")).unwrap()
}

/// The first block that follows this line.
fn block_after(line: &str) -> String {
    let page = page();
    let (_, rest) = page.split_once(&format!("\n{line}\n\n```")).unwrap();
    let (_, rest) = rest.split_once('\n').unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

#[test]
fn the_line_above_each_block_names_the_file_or_place_of_its_text() {
    let page = page();
    let mut failures = Failures::default();
    let (mut above, mut is_open) = ("", false);

    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            is_open = !is_open;
            failures.check(format!("above `{line}`: {above}"), !is_open || above.ends_with(':'));
        } else if !line.trim().is_empty() {
            above = line;
        }
    }

    failures.assert_none();
}

/// The same rules with a CSV table in place of the database.
fn with_csv_table(rules: &str) -> String {
    let mut changed = String::new();
    for line in rules.lines() {
        let (key, _) = line.split_once(" = ").unwrap_or_default();
        match key {
            "source" | "failure_message" => continue,
            "table" => changed += "file = \"allowed.csv\"",
            _ => changed += line,
        }
        changed.push('\n');
    }
    changed
}

#[test]
fn the_allow_list_works_with_its_files_and_commands() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("rules")).unwrap();
    fs::write(path("registration-hook.toml"), block_after("`registration-hook.toml`:")).unwrap();
    let rules = block_after("`rules/signup.toml`:");
    fs::write(path("rules/signup.toml"), &rules).unwrap();
    fs::write(path("request.json"), block_after("`request.json`:")).unwrap();
    fs::write(path("down.json"), r#"{"allowed": "failed"}"#).unwrap();
    fs::write(path("found.json"), r#"{"allowed": {}}"#).unwrap();
    fs::write(path("absent.json"), r#"{"allowed": "not_found"}"#).unwrap();
    let command = |arguments: &[&str]| {
        let mut command = isolated(env!("CARGO_BIN_EXE_registration-hook"));
        run(command.current_dir(folder.path()).args(arguments), b"")
    };
    let mut failures = Failures::default();

    let warning = "warning: sources.people.password_file: there is no file `people-password` here";
    let without_password = command(&["check"]);
    failures.check_contains("check", text(&without_password.stdout), "1 rule, no problems");
    failures.check_contains("check", text(&without_password.stdout), warning);
    let service = command(&["serve"]);
    failures.check_contains("serve", text(&service.stderr), "cannot read the file");
    let page = page();
    let (_, rest) = page.split_once("| `(umask").unwrap();
    let write_password = format!("(umask{}", rest.split('`').next().unwrap());
    let mut shell = isolated("sh");
    run(shell.current_dir(folder.path()).args(["-c", &write_password]), b"");
    let checked = command(&["check"]);
    failures.check_contains("check", text(&checked.stdout), "1 rule, no problems");
    failures.check("no warning", !text(&checked.stdout).contains("warning"));
    for (results, part) in [
        ("found.json", r#""registration":"ALLOW""#),
        ("absent.json", "This address is not on our list."),
        ("down.json", "We cannot check your address right now. Please try again in a few minutes."),
    ] {
        let answer = command(&["eval", "signup", "request.json", "--lookups", results]);
        failures.check_contains(results, text(&answer.stdout), part);
    }
    fs::write(path("rules/signup.toml"), with_csv_table(&rules)).unwrap();
    fs::write(path("rules/allowed.csv"), block_after("`rules/allowed.csv`:")).unwrap();
    fs::write(path("registration-hook.toml"), "").unwrap();
    let answer = command(&["eval", "signup", "request.json"]);
    failures.check_contains(
        text(&answer.stderr),
        text(&answer.stdout),
        r#""registration":"ALLOW""#,
    );

    failures.assert_none();
}
