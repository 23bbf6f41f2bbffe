//! A copy of a fresh checkout, in which documented commands run.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use super::{Block, blocks, calls::Call, page_text};
use crate::support::{BASIC, Service, isolated, program, repository, run, text};

/// Programs that `tests/commands/tool` stands for.
const TOOLS: &[&str] = &[
    "az",
    "cloudflared",
    "docker",
    "fly",
    "gcloud",
    "jq",
    "kubectl",
    "ngrok",
    "openssl",
    "pidof",
    "python3",
    "sudo",
    "systemctl",
    "taskset",
    "terraform",
    "tool-curl",
    "wrk",
];
/// Scripts of this repository that take minutes.
const SCRIPTS: &[&str] = &["fuzz/run", "fuzz/minimise", ".ci/run", ".ci/image", "tests/load/run"];

pub struct Sandbox {
    folder: tempfile::TempDir,
    password: String,
}

/// The end of a run.
pub struct Outcome {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    /// The passwords with which a service was started, empty where none was configured.
    pub service_passwords: Vec<String>,
    pub calls: Vec<Call>,
}

impl Sandbox {
    pub fn new(password: &str) -> Self {
        let sandbox = Self { folder: tempfile::tempdir().unwrap(), password: password.to_owned() };
        sandbox.add_checkout();
        sandbox.add_tools();
        sandbox
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The user's files as they come, and the files that the text tells the reader to make.
    fn add_checkout(&self) {
        for folder in ["tests", "target/dist", "etc/systemd/system", "usr/local/bin"] {
            fs::create_dir_all(self.path(folder)).unwrap();
        }
        copy_folder(&repository("tests/guide/rules"), &self.path("rules"));
        copy_folder(&repository("tests/guide/fixtures"), &self.path("tests/fixtures"));
        copy_folder(&repository("tests/guide"), &self.path("tests/guide"));
        for name in ["Dockerfile", "deploy", "examples", "docs"] {
            symlink(repository(name), self.path(name)).unwrap();
        }
        for name in ["registration-hook", "target/dist/registration-hook"] {
            symlink(program().get_program(), self.path(name)).unwrap();
        }
        for name in SCRIPTS {
            assert!(repository(name).is_file(), "no `{name}`");
            fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
            symlink(repository("tests/commands/tool"), self.path(name)).unwrap();
        }
        let readme = page_text("README.md");
        fs::write(self.path("rules/join.toml"), &blocks(&readme, "toml")[0].text).unwrap();
        fs::write(self.path("request.json"), &blocks(&readme, "json")[0].text).unwrap();
        fs::write(self.path("results.json"), "{}").unwrap();
        fs::copy(repository("tests/org/schema.json"), self.path("schema.json")).unwrap();
        fs::copy(repository("tests/org/policy.json"), self.path("policy.json")).unwrap();
        fs::write(self.path("typed"), format!("{}\n", self.password)).unwrap();
    }

    fn add_tools(&self) {
        fs::create_dir(self.path("bin")).unwrap();
        for name in TOOLS {
            let tool = repository("tests/commands/tool");
            symlink(tool, self.path("bin").join(name)).unwrap();
        }
        for name in ["cargo", "curl", "install", "registration-hook"] {
            let tool = repository("tests/commands").join(name);
            symlink(tool, self.path("bin").join(name)).unwrap();
        }
    }

    /// Runs the blocks of a page in one shell. A variable that the page does not set is an error.
    pub fn run_blocks(&self, page: &str, blocks: &[Block]) -> Outcome {
        let calls = tempfile::tempdir().unwrap();
        let mut script = "set -euo pipefail\n".to_owned();
        for Block { line, text } in blocks {
            script.push_str(&format!("echo '{page}:{line}' >&2\n{{\n{text}\n}} <typed\n"));
            // The service keeps its terminal, so the reader goes on in another one.
            if text.trim_end().ends_with("cargo run") {
                script.push_str("unset HOOK_PASSWORD\n");
            }
        }
        script.push_str("wait\n");
        let root = self.folder.path().to_str().unwrap();
        for folder in ["/etc/", "/usr/local/bin/"] {
            script = script.replace(&format!(" {folder}"), &format!(" {root}{folder}"));
            script = script.replace(&format!(">{folder}"), &format!(">{root}{folder}"));
        }
        let service = self.start_service(page);
        let mut shell = isolated("bash");
        shell.args(["-c", &script]).current_dir(self.folder.path());
        shell.env("PATH", format!("{root}/bin:{}", std::env::var("PATH").unwrap()));
        shell.env("CALLS", calls.path()).env("HARD_VALUE", &self.password);
        shell.env("CURL", found("curl")).env("INSTALL", found("install"));
        shell.env("PROGRAM", program().get_program());
        shell.env("ORG", repository("tests/org"));
        shell.env("SERVICE", format!("http://{}", service.address));
        for name in ["HOOK_PASSWORD", "OKTA_API_TOKEN", "OKTA_DOMAIN", "IMAGE"] {
            shell.env_remove(name);
        }
        let output = run(&mut shell, b"");
        Outcome {
            code: output.status.code(),
            stdout: text(&output.stdout).to_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            service_passwords: service_passwords(calls.path()),
            calls: Call::read_folder(calls.path()),
        }
    }

    /// The service that the page's requests go to. README's have the guide's credentials.
    fn start_service(&self, page: &str) -> Service {
        let mut command = program();
        command.current_dir(self.folder.path()).env("HOOK__SERVER__BIND", "127.0.0.1:0");
        if page == "README.md" {
            command.envs(BASIC);
        } else {
            command.env("HOOK__AUTH__BASIC__USERNAME", "okta");
            command.env("HOOK__AUTH__BASIC__PASSWORD", &self.password);
        }
        Service::spawn(&mut command)
    }
}

/// The passwords in the files `served.*`, which the stand-in for `cargo` writes when a command starts a service.
fn service_passwords(calls: &Path) -> Vec<String> {
    let mut passwords = Vec::new();
    for entry in fs::read_dir(calls).unwrap() {
        let path = entry.unwrap().path();
        if path.to_str().unwrap().contains("served.") {
            passwords.push(fs::read_to_string(path).unwrap());
        }
    }
    passwords
}

/// The path of a program of the system.
fn found(name: &str) -> String {
    let output = run(Command::new("sh").args(["-c", &format!("command -v {name}")]), b"");
    assert!(output.status.success(), "this test needs `{name}`");
    text(&output.stdout).trim().to_owned()
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
