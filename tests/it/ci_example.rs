//! The steps of `examples/ci/github.yml` run in a repository that has only rules and fixtures.

use std::{fs, os::unix::fs::symlink, path::Path};

use crate::support::{isolated, program, repository, run, text};

/// The scripts of a workflow's steps, with their names.
fn steps() -> Vec<(String, String)> {
    let workflow = fs::read_to_string(repository("examples/ci/github.yml")).unwrap();
    let mut steps = Vec::new();
    for step in workflow.split("\n      - name: ").skip(1) {
        let (name, rest) = step.split_once("\n        run: ").unwrap();
        // The comment of the next step, if it has one, is not part of the script.
        let end = rest.find("\n      #").unwrap_or(rest.len());
        let script = rest[..end].trim_start_matches('|').replace("\n          ", "\n");
        steps.push((name.to_owned(), script));
    }
    steps
}

/// The name of a release for this platform.
const RELEASE: &str = "registration-hook-v0.1.0-x86_64-unknown-linux-gnu";

struct Runner {
    folder: tempfile::TempDir,
}

impl Runner {
    /// A repository with the guide's rules and fixtures, and a release of this program.
    fn new() -> Self {
        let runner = Self { folder: tempfile::tempdir().unwrap() };
        for folder in ["work/tests", "temp", "releases/v0.1.0", RELEASE] {
            fs::create_dir_all(runner.folder.path().join(folder)).unwrap();
        }
        let program = program();
        let link = runner.folder.path().join(RELEASE).join("registration-hook");
        symlink(program.get_program(), link).unwrap();
        let guide = repository("tests/guide");
        runner.shell(&format!(
            "cp -r {guide}/rules work/ && cp -r {guide}/fixtures work/tests/
            tar -czf releases/v0.1.0/{RELEASE}.tar.gz {RELEASE}
            cd releases/v0.1.0 && sha256sum -- * >SHA256SUMS",
            guide = guide.display(),
        ));
        runner
    }

    fn shell(&self, script: &str) {
        let output =
            run(isolated("bash").args(["-ec", script]).current_dir(self.folder.path()), b"");
        assert!(output.status.success(), "{}", text(&output.stderr));
    }

    /// Runs the steps as GitHub does. Returns the name of the first one that fails, and its output.
    fn run(&self) -> Option<(String, String)> {
        let root = self.folder.path();
        let mut path = std::env::var("PATH").unwrap();
        for (name, script) in steps() {
            let mut shell = isolated("bash");
            shell.args(["-eo", "pipefail", "-c", &script]).current_dir(root.join("work"));
            shell.env("RELEASES", format!("file://{}/releases", root.display()));
            shell.env("VERSION", "v0.1.0").env("RUNNER_TEMP", root.join("temp"));
            shell.env("GITHUB_PATH", root.join("path")).env("PATH", &path);
            let output = run(&mut shell, b"");
            if !output.status.success() {
                return Some((name, text(&output.stdout).to_owned() + text(&output.stderr)));
            }
            path = prepended(&root.join("path"), path);
        }
        None
    }
}

/// The search path with the folders that earlier steps added.
fn prepended(added: &Path, path: String) -> String {
    match fs::read_to_string(added) {
        Ok(folders) => format!("{}:{path}", folders.trim().replace('\n', ":")),
        Err(_) => path,
    }
}

#[test]
fn the_steps_pass_for_valid_rules_and_fixtures() {
    let names: Vec<_> = steps().into_iter().map(|(name, _)| name).collect();

    assert_eq!(names, ["install", "check", "replay"]);
    assert_eq!(Runner::new().run(), None);
}

#[test]
fn the_steps_fail_for_an_invalid_rule_and_for_another_answer() {
    let runner = Runner::new();
    let file = runner.folder.path().join("work/rules/registrationHookSSR.toml");
    let rules = fs::read_to_string(&file).unwrap();

    fs::write(&file, rules.replace("domains =", "domain =")).unwrap();
    let (step, printed) = runner.run().unwrap();

    assert_eq!(step, "check", "{printed}");

    fs::write(&file, rules.replace("Only okta.com", "Only our")).unwrap();
    let (step, printed) = runner.run().unwrap();

    assert_eq!(step, "replay", "{printed}");
}

#[test]
fn the_steps_fail_for_a_changed_release() {
    let runner = Runner::new();

    runner.shell(&format!("echo >>releases/v0.1.0/{RELEASE}.tar.gz"));

    assert_eq!(runner.run().unwrap().0, "install");
}
