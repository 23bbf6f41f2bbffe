//! The blocks of `docs/okta.md` are well-formed. `.ci/okta-sdk` parses them with more programs.

use std::fs;

use registration_hook::okta::request;
use serde_json::Value;

use crate::support::{Failures, repository};

/// A fenced block: its language, its kind, and its text.
struct Block {
    language: String,
    kind: String,
    text: String,
}

fn blocks() -> Vec<Block> {
    let page = fs::read_to_string(repository("docs/okta.md")).unwrap();
    let mut blocks = Vec::new();
    // Every second piece is in a block.
    for piece in page.split("\n```").skip(1).step_by(2) {
        let (info, text) = piece.split_once('\n').unwrap();
        let (language, kind) = info.split_once(' ').unwrap_or((info, ""));
        blocks.push(Block {
            language: language.to_owned(),
            kind: kind.to_owned(),
            text: text.to_owned(),
        });
    }
    assert!(blocks.len() > 10, "only {} blocks", blocks.len());
    blocks
}

/// The names that follow a prefix in a text: letters, digits and `_`.
fn names_after(text: &str, prefix: &str) -> Vec<String> {
    let mut names = Vec::new();
    for rest in text.split(prefix).skip(1) {
        let name = rest.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next();
        names.push(name.unwrap().to_owned());
    }
    names
}

#[test]
fn commands_have_no_published_secret_and_pass_no_failed_call_on() {
    let mut failures = Failures::default();

    for block in blocks() {
        // The password of Okta's guide, and `admin:` in Base64.
        for secret in ["supersecret", "YWRtaW46"] {
            failures.check(&block.text, !block.text.contains(secret));
        }
        let commands = block.text.replace("|\n", "|");
        for line in commands.lines().filter(|line| line.contains("curl ")) {
            // With `-f`, curl prints no body of an error, which jq would read as the answer.
            let option = if line.contains("jq ") { "curl -f " } else { "curl --fail-with-body " };
            failures.check_contains(line, line, option);
        }
    }

    failures.assert_none();
}

#[test]
fn every_body_is_json_and_the_request_is_one_of_a_registration_hook() {
    let mut failures = Failures::default();
    let mut kinds = Vec::new();

    for block in blocks().iter().filter(|block| block.language == "json") {
        failures.check(&block.text, serde_json::from_str::<Value>(&block.text).is_ok());
        if block.kind == "request" {
            failures.check(&block.text, request::decode(block.text.as_bytes()).is_ok());
        }
        kinds.push(block.kind.clone());
    }

    failures.check_eq("kinds", kinds, ["hook", "hook", "hook", "request", "rule"]);
    failures.assert_none();
}

#[test]
fn every_variable_of_a_command_is_set_before_it_is_used() {
    let mut failures = Failures::default();
    let mut commands = String::new();
    let mut used = 0;

    for block in blocks().iter().filter(|block| block.language == "sh") {
        for line in block.text.lines() {
            for name in names_after(line, "$") {
                // `$id` belongs to jq, and `$(` begins a command.
                if !name.is_empty() && name != "id" {
                    used += 1;
                    let is_set = commands.contains(&format!("{name}="))
                        || commands.contains(&format!("read -rs {name}"));
                    failures.check(format!("{name}: {line}"), is_set);
                }
            }
            commands.push_str(line);
        }
    }

    failures.check(used, used > 10);
    failures.assert_none();
}

#[test]
fn terraform_blocks_are_balanced_and_declare_their_variables() {
    let mut failures = Failures::default();
    let mut count = 0;

    for block in blocks().iter().filter(|block| block.language == "hcl") {
        count += 1;
        for (open, close) in [('{', '}'), ('[', ']'), ('(', ')')] {
            let (opened, closed) = (block.text.matches(open), block.text.matches(close));
            failures.check_eq(&block.text, opened.count(), closed.count());
        }
        for name in names_after(&block.text, "var.") {
            let declaration = format!("variable \"{name}\" {{");
            failures.check_contains(&name, &block.text, &declaration);
        }
        for name in names_after(&block.text, "= okta_") {
            failures.check_contains(&name, &block.text, &format!("resource \"okta_{name}\""));
        }
    }

    failures.check_eq("blocks", count, 2);
    failures.assert_none();
}
