//! The preview page keeps which failure a lookup of a live request had.

use std::{
    fs,
    sync::{Mutex, mpsc},
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    api::{Api, Asked, Wire, write_response},
    preview::Preview,
    support::{Failures, registration, rules_folder, wait_until},
};

/// A hook whose lookup `account` has these keys.
fn rules(keys: &str) -> String {
    format!(
        "[self_service_registration.lookups.account]\nsource = 'accounts'\n\
         get = '/{{email.local}}'\nreturns = {{ status = '/status' }}\n{keys}\n\
         [[self_service_registration.rules]]\nid = 'active'\nattribute = 'account.status'\n\
         one_of = ['active']\nlocation = 'data.userProfile.email'\nreason = 'CLOSED'\n\
         message = 'Your account is closed.'\n"
    )
}

/// A service with both hooks, and its folder.
fn start(api: &Api) -> (Preview, TempDir) {
    let folder = rules_folder(&[]);
    fs::create_dir(folder.path().join("rules")).unwrap();
    fs::write(folder.path().join("rules/skips.toml"), rules("on_failure = 'skip'")).unwrap();
    fs::write(folder.path().join("rules/denies.toml"), rules("")).unwrap();
    let settings = format!(
        "[server]\nworkers = 1\n[sources.accounts]\nurl = 'http://{}'\nconcurrency = 1\n",
        api.address
    );
    fs::write(folder.path().join("registration-hook.toml"), settings).unwrap();
    (Preview::start_in(folder.path()), folder)
}

fn form(name: &str) -> Vec<u8> {
    registration(&format!(r#"{{"email":"{name}@okta.com","login":"x"}}"#))
}

/// The latest request, as the page opens it.
fn opened(preview: &Preview) -> Value {
    let number = preview.requests()[0]["number"].clone();
    preview.get_json(&format!("api/request?number={number}"))
}

#[test]
fn an_opened_request_has_the_decision_of_the_service() {
    let api = Api::start(|asked: &Asked, wire: &mut dyn Wire| match asked.target.as_str() {
        "/html" => write_response(wire, "200 OK", b"<html></html>"),
        "/large" => write_response(wire, "200 OK", "9".repeat(65 << 10).as_bytes()),
        "/list" => write_response(wire, "200 OK", br#"{"status":["active"]}"#),
        "/down" => write_response(wire, "500 Internal Server Error", b"{}"),
        "/closed" => write_response(wire, "200 OK", br#"{"status":"closed"}"#),
        _ => write_response(wire, "200 OK", br#"{"status":"active"}"#),
    });
    let (preview, _folder) = start(&api);
    let mut failures = Failures::default();

    for (name, decision, why) in [
        ("html", "deny", "the response is not strict JSON"),
        ("large", "deny", "the response is larger than 64 KiB"),
        ("list", "deny", "the result for `status` is not a text, a number or a boolean"),
        ("down", "allow", "it responded with status 500"),
        ("closed", "deny", ""),
        ("good", "allow", ""),
    ] {
        for hook in ["skips", "denies"] {
            let answer = preview.service.post(&format!("/{hook}"), &form(name));
            let row = format!("{hook} {name}");
            let opened = opened(&preview);
            let failed = opened["failures"].clone();

            let decided = preview.decide_with(hook, &form(name), opened["lookups"].clone(), failed);

            let explained = &decided["explained"];
            let decision = if name == "down" && hook == "denies" { "deny" } else { decision };
            failures.check_eq(&row, decided["response"].as_str(), Some(answer.text()));
            failures.check_eq(&row, explained["decision"].as_str(), Some(decision));
            let shown = explained["lookups"][0]["why"].as_str().unwrap_or_default();
            failures.check_eq(&row, shown, why);
            // A fixture says only `failed`, after which the rule would not count.
            let is_lost = hook == "skips" && ["html", "large", "list"].contains(&name);
            let expected = if is_lost { json!(["account"]) } else { json!([]) };
            failures.check_eq(&row, &decided["not_recordable"], &expected);
        }
    }

    failures.assert_none();
}

#[test]
fn an_opened_request_that_had_no_free_slot_is_denied_as_it_was() {
    let (release, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    let api = Api::start(move |asked: &Asked, wire: &mut dyn Wire| {
        if asked.target == "/slow" {
            let _ = released.lock().unwrap().recv_timeout(Duration::from_secs(5));
        }
        write_response(wire, "200 OK", br#"{"status":"active"}"#)
    });
    let (preview, _folder) = start(&api);

    let opened = thread::scope(|scope| {
        scope.spawn(|| preview.service.post("/skips", &form("slow")));
        wait_until("the slow question", || !api.asked().is_empty());
        preview.service.post("/skips", &form("busy"));
        let opened = opened(&preview);
        release.send(()).unwrap();
        opened
    });

    let failure = &opened["failures"]["account"];
    assert_eq!(failure["is_of_source"], false, "{failure}");
    let lookups = opened["lookups"].clone();
    let decided = preview.decide_with("skips", &form("busy"), lookups, opened["failures"].clone());
    assert_eq!(decided["explained"]["decision"], "deny");
    assert_eq!(decided["not_recordable"], json!(["account"]));
}
