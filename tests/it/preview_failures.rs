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
    api::{Api, Asked, Wire, wait_for_end, write_response},
    preview::Preview,
    support::{Failures, registration, rules_folder, wait_until},
};

/// A hook whose lookup `account` asks this source and has these keys.
fn rules(source: &str, keys: &str) -> String {
    format!(
        "[self_service_registration.lookups.account]\nsource = '{source}'\n\
         get = '/{{email.local}}'\nreturns = {{ status = '/status' }}\n{keys}\n\
         [[self_service_registration.rules]]\nid = 'active'\nattribute = 'account.status'\n\
         one_of = ['active']\nlocation = 'data.userProfile.email'\nreason = 'CLOSED'\n\
         message = 'Your account is closed.'\n"
    )
}

const SKIPS: &str = "on_failure = 'skip'";

/// A service with a hook that skips failures of its source and one that denies, for each of two sources. Nothing
/// listens at the second one. Returns its folder, too.
fn start(api: &Api) -> (Preview, TempDir) {
    let folder = rules_folder(&[]);
    fs::create_dir(folder.path().join("rules")).unwrap();
    for source in ["accounts", "closed"] {
        for (name, keys) in [("skips", SKIPS), ("denies", "")] {
            let path = format!("rules/{name}-{source}.toml");
            fs::write(folder.path().join(path), rules(source, keys)).unwrap();
        }
    }
    let settings = format!(
        "[server]\nworkers = 1\n[lookups]\ntimeout = '500ms'\n[sources.accounts]\n\
         url = 'http://{}'\nconcurrency = 1\n[sources.closed]\nurl = 'http://127.0.0.1:1'\n",
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
        "/slow" => wait_for_end(wire),
        "/closed" => write_response(wire, "200 OK", br#"{"status":"closed"}"#),
        _ => write_response(wire, "200 OK", br#"{"status":"active"}"#),
    });
    let (preview, _folder) = start(&api);
    let mut failures = Failures::default();

    let late = "it did not respond in time";
    for (source, name, decision, why) in [
        ("accounts", "html", "deny", "the response is not strict JSON"),
        ("accounts", "large", "deny", "the response is larger than 64 KiB"),
        (
            "accounts",
            "list",
            "deny",
            "the result for `status` is not a text, a number or a boolean",
        ),
        ("accounts", "down", "allow", "it responded with status 500"),
        ("accounts", "slow", "allow", late),
        ("closed", "refused", "allow", "nothing listens at its address"),
        ("accounts", "closed", "deny", ""),
        ("accounts", "good", "allow", ""),
    ] {
        for keys in ["skips", "denies"] {
            let hook = format!("{keys}-{source}");
            let answer = preview.service.post(&format!("/{hook}"), &form(name));
            let row = format!("{hook} {name}");
            let opened = opened(&preview);
            let failed = opened["failures"].clone();

            let decided =
                preview.decide_with(&hook, &form(name), opened["lookups"].clone(), failed);

            let explained = &decided["explained"];
            let is_of_source = ["down", "slow", "refused"].contains(&name);
            let decision = if is_of_source && keys == "denies" { "deny" } else { decision };
            failures.check_eq(&row, decided["response"].as_str(), Some(answer.text()));
            failures.check_eq(&row, explained["decision"].as_str(), Some(decision));
            let shown = explained["lookups"][0]["why"].as_str().unwrap_or_default();
            failures.check_contains(&row, shown, why);
            failures.check_eq(&row, shown.is_empty(), why.is_empty());
            // A fixture says only `failed`, after which the rule of the first hook would not count.
            let is_other = ["html", "large", "list"].contains(&name);
            let recorded = if is_other { json!(["account"]) } else { json!([]) };
            let is_lost = is_other && keys == "skips";
            let lost = if is_lost { json!(["account"]) } else { json!([]) };
            failures.check_eq(&row, &decided["recorded_as_source"], &recorded);
            failures.check_eq(&row, &decided["not_recordable"], &lost);
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

    let (busy, opened) = thread::scope(|scope| {
        scope.spawn(|| preview.service.post("/skips-accounts", &form("slow")));
        wait_until("the slow question", || !api.asked().is_empty());
        let busy = preview.service.post("/skips-accounts", &form("busy"));
        let opened = opened(&preview);
        release.send(()).unwrap();
        (busy, opened)
    });

    let failure = &opened["failures"]["account"];
    assert_eq!(failure["is_of_source"], false, "{failure}");
    let lookups = opened["lookups"].clone();
    let failed = opened["failures"].clone();
    let decided = preview.decide_with("skips-accounts", &form("busy"), lookups, failed);
    assert_eq!(decided["explained"]["decision"], "deny");
    assert_eq!(decided["response"], busy.text());
    assert_eq!(decided["not_recordable"], json!(["account"]));
}

#[test]
fn a_fixture_loses_only_the_failures_of_lookups_that_skip() {
    let folder = rules_folder(&[]);
    fs::create_dir(folder.path().join("rules")).unwrap();
    let second = rules("accounts", "").replace("lookups.account", "lookups.other");
    let second = second.replace("'active'\nattribute = 'account", "'other'\nattribute = 'other");
    let both = rules("accounts", SKIPS) + &second;
    fs::write(folder.path().join("rules/both.toml"), both).unwrap();
    let settings = "[sources.accounts]\nurl = 'http://127.0.0.1:1'\n";
    fs::write(folder.path().join("registration-hook.toml"), settings).unwrap();
    let preview = Preview::start_in(folder.path());
    let failure = |is_of_source: bool| json!({ "why": "it failed", "is_of_source": is_of_source });
    let mut failures = Failures::default();

    for (account, other, recorded, lost) in [
        (false, false, json!(["account", "other"]), json!(["account"])),
        (false, true, json!(["account"]), json!(["account"])),
        (true, false, json!(["other"]), json!([])),
        (true, true, json!([]), json!([])),
    ] {
        let row = format!("{account} {other}");
        let decided = preview.decide_with(
            "both",
            &form("x"),
            json!({ "account": "failed", "other": "failed" }),
            json!({ "account": failure(account), "other": failure(other) }),
        );
        failures.check_eq(&row, &decided["recorded_as_source"], &recorded);
        failures.check_eq(&row, &decided["not_recordable"], &lost);
    }

    failures.assert_none();
}
