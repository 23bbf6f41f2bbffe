//! The recorded requests: library, program and service give the same bytes.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use boon::{Compiler, Schemas};
use registration_hook::{
    clock, findings,
    form_fields::form_fields,
    okta::{DecisionKind, reply::HookReply},
    pipeline,
    user_view::{Effect, user_view},
};
use serde_json::Value;

use crate::support::{Failures, Service, compact, load_rules, program, repository, run, text};
use crate::tidy::source::files_below;

struct Fixture {
    hook: String,
    case: String,
    request: Vec<u8>,
    recorded: String,
}

fn fixtures() -> Vec<Fixture> {
    let mut fixtures = Vec::new();
    for folder in entries(repository("tests/guide/fixtures")) {
        let hook = folder.file_name().unwrap().to_str().unwrap().to_owned();
        for path in entries(folder) {
            let name = path.to_str().unwrap();
            if let Some(start) = name.strip_suffix(".request.json") {
                fixtures.push(Fixture {
                    hook: hook.clone(),
                    case: name.to_owned(),
                    request: fs::read(&path).unwrap(),
                    recorded: fs::read_to_string(format!("{start}.response.json")).unwrap(),
                });
            }
        }
    }
    assert!(fixtures.len() > 50, "only {} fixtures", fixtures.len());
    fixtures
}

fn entries(folder: PathBuf) -> Vec<PathBuf> {
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn library_program_and_service_give_the_recorded_answer() {
    let rules = load_rules(&repository("tests/guide/rules")).unwrap();
    let service = Service::with_basic();
    let mut failures = Failures::default();

    for fixture in fixtures() {
        let Fixture { hook, case, request, recorded } = fixture;
        let answer = pipeline::answer(&rules.hooks[&hook], &request, &clock::facts()).unwrap().body;
        let served = service.post(&format!("/{hook}"), &request);
        let printed = run(program().args(["eval", &hook]), &request);

        let is_denied = recorded.contains("\"error\"");
        failures.check_eq(&case, text(&answer), compact(&recorded));
        failures.check_eq(&case, served.status, 200);
        failures.check_eq(&case, served.header("content-type"), Some("application/json"));
        failures.check_eq(&case, text(&served.body), text(&answer));
        failures.check_eq(&case, text(&printed.stdout), text(&answer));
        failures.check_eq(&case, printed.status.code(), Some(i32::from(is_denied)));
    }

    failures.assert_none();
}

#[test]
fn the_guides_rules_pass_the_probe_and_are_covered() {
    let output = run(program().args(["check", "--probe", "--coverage", "fixtures"]), b"");

    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
}

/// A user may change, add or delete any file of these folders.
#[test]
fn no_test_and_no_source_reads_the_users_rules_and_fixtures() {
    let names_of_users_files = [
        "repository(\"rules",
        "repository(\"tests/fixtures",
        "REPOSITORY / \"rules",
        "REPOSITORY / \"tests/fixtures",
        "REPOSITORY}tests/fixtures",
        "include_str!(\"../rules",
        "include_str!(\"../../rules",
    ];
    let is_code = |path: &Path| {
        let extension = path.extension().unwrap_or_default();
        path.is_dir() || extension == "rs" || extension == "py" || extension == "mjs"
    };
    let mut failures = Failures::default();

    for folder in ["src", "tests"] {
        for path in files_below(&repository(folder), &is_code) {
            // This file lists the names, and the list of words excludes the user's files by name.
            if path.ends_with("it/fixtures.rs") || path.ends_with("tidy/words.rs") {
                continue;
            }
            let source = fs::read_to_string(&path).unwrap();
            for name in names_of_users_files {
                failures.check(format!("{}: {name}", path.display()), !source.contains(name));
            }
        }
    }

    failures.assert_none();
}

#[test]
fn every_answer_fits_the_schema_of_okta_and_decides() {
    let mut schemas = Schemas::new();
    let schema = Compiler::new()
        .compile(repository("tests/response.schema.json").to_str().unwrap(), &mut schemas)
        .unwrap();
    let rules = load_rules(&repository("tests/guide/rules")).unwrap();
    let mut kinds = BTreeMap::new();
    for fixture in fixtures() {
        // Each request is sent to every hook, also to those it is not meant for.
        for (name, hook) in &rules.hooks {
            let answer = pipeline::answer(hook, &fixture.request, &clock::facts()).unwrap();
            let json: Value = serde_json::from_slice(&answer.body).unwrap();
            if let Err(error) = schemas.validate(&json, schema) {
                panic!("{} at {name}: {error}", fixture.case);
            }
            assert_decides(&json, answer.decision);
            *kinds.entry(answer.decision).or_insert(0) += 1;
        }
    }

    assert_eq!(kinds.len(), 3, "{kinds:?}");
}

/// Fails if there is no explicit decision, or an ALLOW or update beside an `error`.
fn assert_decides(json: &Value, decision: DecisionKind) {
    let commands = json["commands"].as_array().unwrap();
    match json.get("error") {
        Some(error) => {
            assert_eq!(decision, DecisionKind::Deny);
            assert!(!error["errorCauses"].as_array().unwrap().is_empty());
            for command in commands {
                assert_eq!(command["value"]["registration"], "DENY");
            }
        }
        None => {
            assert_ne!(decision, DecisionKind::Deny);
            assert!(!commands.is_empty());
        }
    }
}

#[test]
fn the_predicted_effect_agrees_with_the_decision_and_no_answer_has_a_fault() {
    let rules = load_rules(&repository("tests/guide/rules")).unwrap();
    let mut failures = Failures::default();

    for Fixture { hook, case, request, .. } in fixtures() {
        let hook = &rules.hooks[&hook];
        let answer = pipeline::answer(hook, &request, &clock::facts()).unwrap();
        let request = pipeline::decode(&request).unwrap();
        let fields = form_fields(&request, hook.section(request.flow));
        let reply = HookReply::Answered { status: 200, body: &answer.body };
        let view = user_view(reply, request.flow, &fields);

        let expected = match answer.decision {
            DecisionKind::Allow => Effect::GoesOn,
            DecisionKind::Update => Effect::Updates,
            DecisionKind::Deny => Effect::Stops,
        };
        failures.check_eq(&case, view.effect, expected);
        for finding in findings::find(reply, request.flow, &fields) {
            // Some fixtures record a request type for which their hook has no section.
            let is_expected = finding.id == "unhandled-request-type";
            failures.check(format!("{case}: {finding:?}"), is_expected);
        }
    }
    failures.assert_none();
}
