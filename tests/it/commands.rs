//! Every command in the documents works, with passwords that break careless quoting.
//!
//! The blocks of a page run in one shell, in order, in a copy of a fresh checkout. Our own program is the real
//! one. `tests/commands` has stand-ins for the programs that a test cannot call.

mod banner;
mod calls;
mod sandbox;

use std::{collections::BTreeSet, fs};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use regex_automata::meta::Regex;
use serde_json::Value;

use crate::support::{Failures, program, repository, rules_folder, run, text};
use calls::{DockerRun, words_not_known};
use sandbox::{Outcome, Sandbox};

/// Passwords that a command changes unless it quotes them well.
const HARD_PASSWORDS: [&str; 4] = [
    "pa%ss",
    r"back\nslash",
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "it's a \"quote\" $HOME `id` !",
];

/// The pages with commands for users and contributors.
pub fn pages() -> Vec<String> {
    let mut pages: Vec<_> = ["README.md", "SECURITY.md", "examples/README.md", "fuzz/README.md"]
        .map(str::to_owned)
        .to_vec();
    pages.push(".github/CONTRIBUTING.md".to_owned());
    for entry in fs::read_dir(repository("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".md") {
            pages.push(format!("docs/{name}"));
        }
    }
    pages
}

pub fn page_text(page: &str) -> String {
    fs::read_to_string(repository(page)).unwrap()
}

/// A block of shell commands, and the number of its first line.
pub struct Block {
    pub line: usize,
    pub text: String,
}

/// The fenced blocks of a language.
pub fn blocks(page: &str, language: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let Some(info) = line.trim_start().strip_prefix("```") else {
            continue;
        };
        // Lines count from 1, and the block begins after this one.
        let mut block = Block { line: index + 2, text: String::new() };
        for (_, line) in lines.by_ref() {
            if line.trim_start().starts_with("```") {
                break;
            }
            block.text.push_str(line);
            block.text.push('\n');
        }
        if info.split(' ').next() == Some(language) {
            blocks.push(block);
        }
    }
    blocks
}

/// The commands in the running text, between single backquotes.
fn inline_commands(page: &str) -> Vec<String> {
    let mut prose = String::new();
    let mut is_fenced = false;
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            is_fenced = !is_fenced;
        } else if !is_fenced {
            prose.push_str(line);
            prose.push('\n');
        }
    }
    let mut commands = Vec::new();
    // Every second piece is between backquotes. It may go on in another line.
    for span in prose.split('`').skip(1).step_by(2) {
        commands.push(span.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    commands
}

#[test]
fn commands_in_blocks_succeed_with_every_password() {
    let mut failures = Failures::default();

    for page in pages() {
        let blocks = blocks(&page_text(&page), "sh");
        if blocks.is_empty() {
            continue;
        }
        let has_password = page_text(&page).contains("HOOK_PASSWORD");
        let passwords = if has_password { &HARD_PASSWORDS[..] } else { &HARD_PASSWORDS[..1] };
        for password in passwords {
            let sandbox = Sandbox::new(password);
            let outcome = sandbox.run_blocks(&page, &blocks);
            let row = format!("{page} with {password}: {}", outcome.stderr);
            failures.check_eq(&row, outcome.code, Some(0));
            check_outcome(&mut failures, &row, &page, password, &outcome);
        }
    }

    failures.assert_none();
}

/// Checks what a page's commands print and which calls they make.
fn check_outcome(
    failures: &mut Failures,
    row: &str,
    page: &str,
    password: &str,
    outcome: &Outcome,
) {
    let secret = format!("Basic {}", STANDARD.encode(format!("okta:{password}")));
    if matches!(page, "README.md" | "docs/deploy.md") {
        failures.check_contains(row, &outcome.stdout, &format!("{secret}\n"));
    }
    if page == "README.md" {
        failures.check_contains(row, &outcome.stdout, "Only okta.com emails can register.");
        failures.check(row, outcome.service_passwords.contains(&password.to_owned()));
    }
    if page == "docs/deploy.md" {
        failures.check(row, outcome.stdout.lines().any(|line| line == "415"));
    }
    for call in &outcome.calls {
        let unknown = words_not_known(call);
        failures.check(format!("{row}: {call:?} has {unknown:?}"), unknown.is_empty());
        if call.args.iter().any(|arg| arg.contains("api/v1/inlineHooks")) {
            check_hook_of_okta(failures, row, &call.args, &secret);
        }
        if let Some(started) = DockerRun::read(call) {
            started.check(failures, row, password);
        }
        // The recipes' tools get the password byte for byte.
        if call.name == "gcloud" && call.args.iter().any(|arg| arg == "--data-file=-") {
            failures.check_eq(row, call.stdin.as_str(), password);
        }
        for arg in &call.args {
            if let Some(value) = arg.strip_prefix("HOOK__AUTH__BASIC__PASSWORD=") {
                let is_reference = value.starts_with("secretref:") || value == "hook-password:1";
                failures.check(format!("{row}: {arg}"), is_reference || value == password);
            }
        }
    }
}

/// A call of Okta's API has a body that creates a hook with this secret.
fn check_hook_of_okta(failures: &mut Failures, row: &str, args: &[String], secret: &str) {
    let Some(flag) = args.iter().position(|arg| ["--json", "-d"].contains(&arg.as_str())) else {
        return;
    };
    let body = &args[flag + 1];
    // The reader of the page writes this file, so the test does not have it.
    if body.starts_with('@') {
        return;
    }
    let Ok(body) = serde_json::from_str::<Value>(body) else {
        failures.add(format!("{row}: not JSON: {body}"));
        return;
    };
    let scheme = &body["channel"]["config"]["authScheme"];
    if scheme.is_object() {
        failures.check_eq(row, &scheme["value"], &Value::from(secret));
    }
}

#[test]
fn complete_commands_in_the_text_succeed() {
    let sandbox = Sandbox::new("a-password-of-the-tests");
    let mut failures = Failures::default();
    let mut count = 0;

    for page in pages() {
        for command in inline_commands(&page_text(&page)) {
            if !command.starts_with("cargo run -- ") || command.contains('…') {
                continue;
            }
            let block = Block { line: 0, text: command.clone() };
            let outcome = sandbox.run_blocks(&page, &[block]);
            failures.check_eq(
                format!("{page}: {command}: {}", outcome.stderr),
                outcome.code,
                Some(0),
            );
            count += 1;
        }
    }

    failures.assert_none();
    assert!(count >= 10, "{count} commands");
}

#[test]
fn flags_in_the_text_exist() {
    let subcommand =
        Regex::new(r"^(registration-hook )?(serve|check|eval|replay|sample|preview|doctor)( |$)")
            .unwrap();
    let flag = Regex::new(r"--[a-z][a-z-]+").unwrap();
    let mut failures = Failures::default();
    let mut count = 0;

    for page in pages() {
        for command in inline_commands(&page_text(&page)) {
            if !subcommand.is_match(command.as_bytes()) {
                continue;
            }
            let name = command.trim_start_matches("registration-hook ").split(' ').next().unwrap();
            let help = run(program().args([name, "--help"]), b"");
            for found in flag.find_iter(&command) {
                let flag = &command[found.range()];
                failures.check_contains(format!("{page}: {command}"), text(&help.stdout), flag);
                count += 1;
            }
        }
    }

    failures.assert_none();
    assert!(count >= 10, "{count} flags");
}

/// Searches the whole text of the pages, and of the files for deployment.
#[test]
fn settings_that_the_documents_name_exist() {
    let name = Regex::new(r"HOOK__[A-Z0-9_]*[A-Z0-9]").unwrap();
    let mut names = BTreeSet::new();
    let mut files: Vec<_> = pages();
    files.extend(["deploy/kubernetes.yaml", "deploy/registration-hook.service"].map(str::to_owned));
    files.push("Dockerfile".to_owned());
    for file in files {
        let content = page_text(&file);
        names.extend(name.find_iter(&content).map(|found| content[found.range()].to_owned()));
    }
    // The pattern `HOOK__SECTION__KEY` itself.
    names.remove("HOOK__SECTION__KEY");
    let rules = rules_folder(&[("hook.toml", "self_service_registration.allow_all = true\n")]);
    let mut failures = Failures::default();

    for name in &names {
        let mut command = program();
        command.arg("check").arg("--rules").arg(rules.path()).env(name, "x");
        let output = run(&mut command, b"");
        let printed = text(&output.stdout).to_owned() + text(&output.stderr);
        failures.check(format!("{name}: {printed}"), !printed.contains("unknown"));
    }

    failures.assert_none();
    assert!(names.len() > 8, "{names:?}");
}

#[test]
fn the_password_has_one_name_in_all_documents() {
    let variable = Regex::new(r"\$\{?(PASSWORD|PASS|SECRET_VALUE|HOOK_SECRET)\b").unwrap();
    let mut failures = Failures::default();

    for page in pages() {
        let found = variable.find(&page_text(&page)).map(|found| found.range());
        failures.check(format!("{page}: {found:?}"), found.is_none());
    }

    failures.assert_none();
}

/// The memory of a connection without credentials: 70 KiB under TLS, 96 KiB in the kernel.
const MEMORY_OF_CONNECTION: u64 = 166 * 1024;
/// The memory of the service without connections.
const MEMORY_OF_SERVICE: u64 = 8 * 1024 * 1024;

#[test]
fn memory_in_the_recipes_fits_the_connections() {
    let deploy = page_text("docs/deploy.md");
    let kubernetes = page_text("deploy/kubernetes.yaml");
    let unit = page_text("deploy/registration-hook.service");
    let default = 1500;
    assert!(page_text("docs/settings.md").contains(&format!("max_connections = {default} ")));
    let mut failures = Failures::default();

    for (text, part, mebibytes, connections) in [
        (&deploy, "--memory 256m ", 256, default),
        (&deploy, "--memory 512Mi ", 512, default),
        (&deploy, "memory = \"512mb\"", 512, default),
        (&deploy, "--memory 0.5Gi ", 512, default),
        (&deploy, "\"memory\": \"512\"", 512, default),
        (&kubernetes, "limits: { memory: 256Mi }", 256, default),
        (&unit, "MemoryMax=512M\n", 512, 3000),
    ] {
        failures.check_contains(part, text, part);
        let needed = MEMORY_OF_SERVICE + connections * MEMORY_OF_CONNECTION;
        failures.check(part, needed <= mebibytes << 20);
    }
    failures.check_contains("kubernetes", &kubernetes, "value: \"1500\"");
    failures.check_contains("unit", &unit, "HOOK__SERVER__MAX_CONNECTIONS=3000");

    let count = deploy.matches("--memory ").count() + deploy.matches("memory = \"").count();

    assert_eq!(count, 4, "a recipe with memory has no row here");

    failures.assert_none();
}
