//! An answer as Okta reads it: what holds for every one of them.

use registration_hook::{
    clock,
    pipeline::{self, NoAnswer},
    rule::Hook,
};

use super::json::{self, Json, Kind};

/// The effect of an answer at Okta.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Allow,
    Update,
    Deny,
}

impl Outcome {
    /// The name in logs and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Update => "update",
            Self::Deny => "deny",
        }
    }
}

/// Answers a request by these rules. `None` where there is no answer that decides.
///
/// # Panics
///
/// The service ran into a fault of its own, or the answer breaks a promise.
pub fn outcome_of(rules: &Hook, body: &[u8]) -> Option<Outcome> {
    match pipeline::answer(rules, body, &clock::facts()) {
        Ok(answer) => {
            let outcome = read_answer(&answer.body);
            assert_eq!(answer.decision.as_str(), outcome.name());
            Some(outcome)
        }
        Err(NoAnswer::Panicked) => panic!("the service panicked"),
        Err(_) => None,
    }
}

/// Reads an answer. It must decide, and there must be no ALLOW or update beside an `error`.
pub fn read_answer(body: &[u8]) -> Outcome {
    let text = str::from_utf8(body).expect("an answer is UTF-8");
    let answer = json::parse(text).expect("an answer is JSON").top;
    let commands = list(&answer, "commands");
    if answer.members("error").is_empty() {
        return read_commands(commands);
    }
    let error = answer.member("error").expect("an answer has one error");
    let causes = list(error, "errorCauses");
    assert!(!causes.is_empty(), "an error has a cause");
    for cause in causes {
        let text = cause.member("errorSummary").and_then(Json::text);
        assert!(text.is_some_and(|text| !text.is_empty()), "a cause has a text");
    }
    for command in commands {
        assert!(registers(command, "DENY"), "beside an error stands {}", command.source);
    }
    Outcome::Deny
}

/// Reads the commands of an answer without `error`.
fn read_commands(commands: &[Json<'_>]) -> Outcome {
    assert!(!commands.is_empty(), "an answer without an error has a command");
    let mut outcome = Outcome::Allow;
    for command in commands {
        match command.member("type").and_then(Json::text) {
            Some("com.okta.action.update") => {
                assert!(registers(command, "ALLOW"), "without an error: {}", command.source);
            }
            Some("com.okta.user.profile.update" | "com.okta.user.progressive.profile.update") => {
                let value = command.member("value").expect("an update has values");
                assert!(matches!(value.kind, Kind::Object(_)), "an update has values");
                outcome = Outcome::Update;
            }
            _ => panic!("Okta knows no such command: {}", command.source),
        }
    }
    outcome
}

/// Whether a command is the one that allows or denies a registration.
fn registers(command: &Json<'_>, action: &str) -> bool {
    let command_type = command.member("type").and_then(Json::text);
    let value = command.member("value").and_then(|value| value.member("registration"));
    command_type == Some("com.okta.action.update") && value.and_then(Json::text) == Some(action)
}

/// The list that is this member.
fn list<'a>(value: &'a Json<'_>, name: &str) -> &'a [Json<'a>] {
    match value.member(name).map(|member| &member.kind) {
        Some(Kind::List(items)) => items,
        _ => panic!("an answer has the list `{name}`"),
    }
}
