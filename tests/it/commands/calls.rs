//! The calls that documented commands make of programs that a test cannot run, and the form that they must have.

use std::{fs, path::Path};

use crate::support::{Failures, program, run, text};

/// A recorded call.
#[derive(Debug)]
pub struct Call {
    pub name: String,
    pub args: Vec<String>,
    pub stdin: String,
}

impl Call {
    pub fn read_folder(folder: &Path) -> Vec<Self> {
        let mut calls = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            // These belong to a call, or hold the password of a started service.
            if name.ends_with(".stdin") || name.starts_with("served.") {
                continue;
            }
            let recorded = fs::read_to_string(&path).unwrap();
            let mut words = recorded.split_terminator('\0').map(str::to_owned);
            let stdin = fs::read_to_string(path.with_extension(extension_of(name)));
            calls.push(Self {
                name: words.next().unwrap(),
                args: words.collect(),
                stdin: stdin.unwrap_or_default(),
            });
        }
        calls
    }
}

/// The extension that turns `docker.AbC` into `docker.AbC.stdin`.
fn extension_of(name: &str) -> String {
    let (_, random) = name.rsplit_once('.').unwrap();
    format!("{random}.stdin")
}

/// The subcommands and flags of other programs that the documents use. Compare a new one with the program's own
/// help, or with the reference of the cloud, before you add it here.
const KNOWN: &[(&str, &str, &[&str])] = &[
    (
        "docker",
        "run",
        &[
            "-d",
            "-e",
            "-p",
            "-v",
            "--rm",
            "--name",
            "--restart",
            "--read-only",
            "--cap-drop",
            "--security-opt",
            "--memory",
        ],
    ),
    ("docker", "build", &["-t", "--provenance=false"]),
    ("kubectl", "apply", &["-f"]),
    ("gcloud", "secrets create", &["--data-file=-"]),
    ("gcloud", "secrets add-iam-policy-binding", &["--role", "--member"]),
    (
        "gcloud",
        "run deploy",
        &[
            "--image",
            "--service-account",
            "--allow-unauthenticated",
            "--min-instances",
            "--no-cpu-throttling",
            "--timeout",
            "--memory",
            "--startup-probe",
            "--set-env-vars",
            "--set-secrets",
        ],
    ),
    ("fly", "apps create", &[]),
    ("fly", "secrets set", &["--stage"]),
    ("fly", "deploy", &[]),
    ("fly", "scale count", &[]),
    (
        "az",
        "containerapp create",
        &[
            "--name",
            "--resource-group",
            "--environment",
            "--image",
            "--ingress",
            "--target-port",
            "--cpu",
            "--memory",
            "--min-replicas",
            "--max-replicas",
            "--secrets",
            "--env-vars",
        ],
    ),
    ("systemctl", "daemon-reload", &[]),
    ("systemctl", "enable", &["--now"]),
    ("systemctl", "restart", &[]),
    ("terraform", "init", &[]),
    ("terraform", "plan", &["-out"]),
    ("terraform", "apply", &[]),
];

/// The flags that `KNOWN` lacks, or the subcommand if it lacks that. Only programs in `KNOWN` are checked.
pub fn words_not_known(call: &Call) -> Vec<String> {
    if !KNOWN.iter().any(|(name, _, _)| *name == call.name) {
        return Vec::new();
    }
    let line = call.args.join(" ");
    for (name, subcommand, flags) in KNOWN {
        if *name == call.name && line.starts_with(subcommand) {
            let used = call.args.iter().filter(|arg| arg.starts_with('-'));
            return used.filter(|arg| !flags.contains(&arg.as_str())).cloned().collect();
        }
    }
    vec![line]
}

/// A call of `docker run`.
pub struct DockerRun<'c> {
    variables: Vec<(&'c str, &'c str)>,
    /// The folders outside and inside.
    mounts: Vec<(&'c str, &'c str)>,
    image: &'c str,
}

impl<'c> DockerRun<'c> {
    pub fn read(call: &'c Call) -> Option<Self> {
        if call.name != "docker" || call.args.first()? != "run" {
            return None;
        }
        let mut read = Self { variables: Vec::new(), mounts: Vec::new(), image: call.args.last()? };
        for pair in call.args.windows(2) {
            match pair[0].as_str() {
                "-e" => read.variables.push(pair[1].split_once('=').expect("NAME=VALUE")),
                "-v" => {
                    let mut parts = pair[1].split(':');
                    read.mounts.push((parts.next()?, parts.next().expect("FROM:TO")));
                }
                _ => {}
            }
        }
        Some(read)
    }

    /// The settings and the mounted rules are valid, and the password is this one.
    pub fn check(&self, failures: &mut Failures, row: &str, password: &str) {
        failures.check_eq(row, self.image, "registration-hook");
        let mut command = program();
        command.arg("check");
        let mut found = None;
        for (name, value) in &self.variables {
            let value = self.outside(value);
            if name.ends_with("PASSWORD_FILE") {
                found = fs::read_to_string(&value).ok();
            } else if name.ends_with("PASSWORD") {
                found = Some(value.clone());
            }
            command.env(name, value);
        }
        for (outside, inside) in &self.mounts {
            failures.check(format!("{row}: no {outside}"), Path::new(outside).is_dir());
            if *inside == "/app/rules" {
                command.arg("--rules").arg(outside);
            }
        }
        let output = run(&mut command, b"");
        failures.check_eq(
            format!("{row}: {}{}", text(&output.stdout), text(&output.stderr)),
            output.status.code(),
            Some(0),
        );
        failures.check_eq(row, found.as_deref().map(str::trim_end), Some(password.trim_end()));
    }

    /// A path in the container as the path outside.
    fn outside(&self, value: &str) -> String {
        for (outside, inside) in &self.mounts {
            if let Some(rest) = value.strip_prefix(inside) {
                return format!("{outside}{rest}");
            }
        }
        value.to_owned()
    }
}
