//! The GitHub Action: its steps run here as GitHub runs them.

use std::{collections::BTreeMap, fs, path::Path, process::Output};

use crate::support::{Failures, isolated, repository, run, text};

/// A step of the action that runs a script.
#[derive(Default)]
struct Step {
    name: String,
    condition: String,
    environment: Vec<(String, String)>,
    script: String,
}

/// The steps of the action that run a script. Reads the file by its indentation, which is always this:
///
/// ```text
///     - name: check
///       if: inputs.program == ''
///       env:
///         NAME: ${{ inputs.name }}
///       run: |
///         a line of the script
/// ```
fn steps() -> Vec<Step> {
    let action = fs::read_to_string(repository("action.yml")).unwrap();
    let (_, list) = action.split_once("\n  steps:\n").unwrap();
    let mut steps: Vec<Step> = Vec::new();
    for line in list.lines() {
        if line.starts_with("    - ") {
            steps.push(Step::default());
        }
        let step = steps.last_mut().unwrap();
        let indent = line.len() - line.trim_start().len();
        let key = line.trim_start().trim_start_matches("- ");
        match key.split_once(": ") {
            Some(("name", name)) if indent == 4 => step.name = name.to_owned(),
            Some(("if", condition)) if indent == 6 => step.condition = condition.to_owned(),
            Some((name, value))
                if indent == 8 && name.chars().all(|c| c.is_uppercase() || c == '_') =>
            {
                step.environment.push((name.to_owned(), value.to_owned()));
            }
            // A line of the script. A step without a name has no script: its lines at this depth are the keys of `with`.
            _ if indent >= 8 && !step.name.is_empty() => {
                step.script += &format!("{}\n", &line[8..]);
            }
            _ => {}
        }
    }
    steps.retain(|step| !step.script.is_empty());
    steps
}

/// The inputs with their defaults.
fn defaults() -> BTreeMap<String, String> {
    let action = fs::read_to_string(repository("action.yml")).unwrap();
    let (_, rest) = action.split_once("\ninputs:\n").unwrap();
    let (inputs, _) = rest.split_once("\nruns:\n").unwrap();
    let mut found = BTreeMap::new();
    let mut name = "";
    for line in inputs.lines() {
        if let Some(input) = line.strip_prefix("  ").and_then(|line| line.strip_suffix(':'))
            && !input.starts_with(' ')
        {
            name = input;
        } else if let Some(default) = line.strip_prefix("    default: ") {
            found.insert(name.to_owned(), default.trim_matches('"').to_owned());
        }
    }
    found
}

/// Runs the steps in `folder`, a user's repository, with these inputs, until one fails. Leaves out the steps that
/// install the program. Returns the names of the steps that ran, and the output of the last one.
fn run_action(folder: &Path, inputs: &[(&str, &str)]) -> (Vec<String>, Output) {
    let mut values = defaults();
    values.insert("program".to_owned(), env!("CARGO_BIN_EXE_registration-hook").to_owned());
    for (name, value) in inputs {
        values.insert((*name).to_owned(), (*value).to_owned());
    }
    let temporary = tempfile::tempdir().unwrap();
    let mut names = Vec::new();
    let mut last_output = None;
    for step in steps() {
        let holds = match step.condition.as_str() {
            "" => true,
            "inputs.against != ''" => !values["against"].is_empty(),
            // A step that installs the program. The input `program` names the one of this build.
            condition if condition.starts_with("inputs.program == ''") => false,
            condition => panic!("unknown condition `{condition}`"),
        };
        if !holds {
            continue;
        }
        let mut shell = isolated("bash");
        shell
            .args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", &step.script])
            .current_dir(folder)
            .env("RUNNER_TEMP", temporary.path())
            .env("GITHUB_STEP_SUMMARY", folder.join("summary.md"));
        for (name, value) in &step.environment {
            let input = value.strip_prefix("${{ inputs.").unwrap().strip_suffix(" }}").unwrap();
            shell.env(name, &values[input]);
        }
        let output = run(&mut shell, b"");
        names.push(step.name);
        let has_failed = !output.status.success();
        last_output = Some(output);
        if has_failed {
            break;
        }
    }
    (names, last_output.unwrap())
}

/// A repository with rules and recorded requests, whose last commit has the old rules.
fn users_repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let copy = "cp -r \"$FILES/old-rules\" rules && mkdir tests && cp -r \"$FILES/fixtures\" tests \
                && git init -q && git add . && git -c user.name=a -c user.email=a@example.com commit -qm a \
                && cp \"$FILES/rules/members.toml\" rules";
    let mut shell = isolated("bash");
    shell.args(["-ec", copy]).env("FILES", repository("tests/cli/files"));
    let output = run(shell.current_dir(folder.path()), b"");
    assert!(output.status.success(), "{}", text(&output.stderr));
    folder
}

fn replace_in_rules(folder: &Path, from: &str, to: &str) {
    let file = folder.join("rules/members.toml");
    let rules = fs::read_to_string(&file).unwrap();
    fs::write(&file, rules.replace(from, to)).unwrap();
}

#[test]
fn the_action_checks_rules_and_replays_requests() {
    let folder = users_repository();

    let (steps, output) = run_action(folder.path(), &[]);

    assert!(output.status.success(), "{}", text(&output.stdout));
    assert_eq!(steps, ["check", "replay"]);
    assert_eq!(text(&output.stdout), "4 passed, 0 failed\n");
}

#[test]
fn the_action_fails_for_another_answer_than_the_recorded_one() {
    let folder = users_repository();
    replace_in_rules(folder.path(), "Only okta.com", "Only our");

    let (steps, output) = run_action(folder.path(), &[]);

    assert_eq!(steps.last().unwrap(), "replay");
    assert_eq!(output.status.code(), Some(1));
    let place =
        "::error file=tests/fixtures/members/deny.response.json,line=14,title=members/deny::";
    assert!(text(&output.stdout).contains(place), "{}", text(&output.stdout));
}

#[test]
fn the_action_fails_for_a_problem_of_the_rules() {
    let folder = users_repository();
    replace_in_rules(folder.path(), "domains", "domain");

    let (steps, output) = run_action(folder.path(), &[]);

    assert_eq!(steps, ["check"]);
    assert_eq!(output.status.code(), Some(1));
    let place = "\n::error file=rules/members.toml,line=";
    assert_eq!(text(&output.stdout).matches(place).count(), 1, "{}", text(&output.stdout));
    let message = "::unknown key `domain`; did you mean `domains`?\n";
    assert!(text(&output.stdout).contains(message), "{}", text(&output.stdout));
}

#[test]
fn the_action_does_not_read_a_revision_as_an_option_of_git() {
    let folder = users_repository();
    // `git fetch` would run the program of `--upload-pack`, but only for a remote that exists.
    let mut git = isolated("git");
    run(git.args(["remote", "add", "origin", "."]).current_dir(folder.path()), b"");

    let against = "--upload-pack=touch executed;";
    let (_, output) = run_action(folder.path(), &[("against", against)]);

    assert!(!output.status.success(), "{}", text(&output.stdout));
    assert!(!folder.path().join("executed").exists());
}

#[test]
fn the_action_compares_nothing_with_a_revision_that_has_no_rules() {
    let folder = users_repository();
    fs::rename(folder.path().join("rules"), folder.path().join("moved")).unwrap();

    let (steps, output) = run_action(folder.path(), &[("rules", "moved"), ("against", "HEAD")]);

    assert_eq!(steps.len(), 3);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let notice = "::notice::no rules to compare with: HEAD has no folder moved\n";
    assert_eq!(text(&output.stdout), notice);

    let inputs = [("rules", "moved"), ("against", "HEAD"), ("fail-on-change", "true")];
    let (_, output) = run_action(folder.path(), &inputs);

    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout), notice.replace("notice", "error"));
}

#[test]
fn the_action_compares_with_the_same_folder_however_its_path_is_written() {
    let folder = users_repository();
    let absolute = folder.path().join("rules").display().to_string();
    let changed = "title=members/deny::update → deny by `member-email`";
    let mut failures = Failures::default();

    for rules in [absolute.as_str(), "./rules/"] {
        let inputs = [("rules", rules), ("against", "HEAD"), ("fail-on-change", "true")];

        let (steps, output) = run_action(folder.path(), &inputs);

        failures.check_eq(rules, steps.len(), 3);
        failures.check(rules, !output.status.success());
        failures.check_contains(rules, text(&output.stdout), changed);
    }
    failures.assert_none();
}

#[test]
fn the_action_compares_no_rules_outside_the_repository_with_a_revision() {
    let folder = users_repository();
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = elsewhere.path().join("rules").display().to_string();
    let mut shell = isolated("bash");
    run(shell.args(["-c", &format!("cp -r rules '{copy}'")]).current_dir(folder.path()), b"");

    let (steps, output) = run_action(folder.path(), &[("rules", &copy), ("against", "HEAD")]);

    assert_eq!(steps.len(), 3);
    assert!(!output.status.success());
    assert!(text(&output.stdout).contains("::error::rules: "), "{}", text(&output.stdout));
}

#[test]
fn the_action_shows_each_request_whose_decision_changes() {
    let folder = users_repository();
    let line =
        " file=rules/members.toml,line=5,title=members/deny::update → deny by `member-email`\n";

    let (steps, shown) = run_action(folder.path(), &[("against", "HEAD")]);
    let (_, failed) = run_action(folder.path(), &[("against", "HEAD"), ("fail-on-change", "true")]);
    let (_, equal) = run_action(folder.path(), &[("against", "rules"), ("fail-on-change", "true")]);

    assert_eq!(steps.len(), 3);
    assert!(shown.status.success(), "{}", text(&shown.stderr));
    assert!(text(&shown.stdout).contains(&format!("::warning{line}")), "{}", text(&shown.stdout));
    assert_eq!(failed.status.code(), Some(1));
    assert!(text(&failed.stdout).contains(&format!("::error{line}")), "{}", text(&failed.stdout));
    assert!(equal.status.success());
    let summary = fs::read_to_string(folder.path().join("summary.md")).unwrap();
    assert!(summary.contains(", 1 from update to deny by `member-email`, "), "{summary}");
}
