//! Sources as they are now: `--live`, and their settings.

use std::{fs, net::TcpListener};

use crate::{
    api::{Api, write_response},
    lookup_service::{REGISTRATION, ask, found, hook, service_of, service_with},
    reload::readiness,
    support::{BASIC, Service, program, registration, rules_folder, run, text, wait_until},
};

#[test]
fn live_results_are_recorded_as_the_source_gave_them() {
    let api = Api::start(|_, wire| {
        write_response(
            wire,
            "200 OK",
            br#"{"level":12345678901234567890123,"plan":"","paid":true}"#,
        )
    });
    let rules = hook("get = '/a'\nreturns.plan = '/plan'\nreturns.paid = '/paid'");
    let folder = rules_folder(&[("hook.toml", &rules)]);
    let cases = folder.path().join("cases");
    fs::create_dir_all(cases.join("hook")).unwrap();
    let body = registration(str::from_utf8(REGISTRATION).unwrap());
    fs::write(cases.join("hook/a.request.json"), body).unwrap();
    let replay = |more: &[&str]| {
        let mut command = program();
        command.env("HOOK__SOURCES__MEMBERS__URL", format!("http://{}", api.address));
        command.arg("--rules").arg(folder.path()).arg("replay").arg(&cases).args(more);
        run(&mut command, b"")
    };
    let recorded = || fs::read_to_string(cases.join("hook/a.lookups.json")).unwrap();

    let updated = replay(&["--update", "--live"]);
    let output = text(&updated.stdout);
    assert!(output.ends_with("1 passed, 0 failed\n"), "{output}{}", text(&updated.stderr));
    assert_eq!(
        recorded(),
        "{\n  \"account\": {\n    \"level\": 12345678901234567890123,\n    \"paid\": true\n  }\n}\n"
    );
    fs::write(cases.join("hook/a.lookups.json"), r#"{"account": {"level": "old"}}"#).unwrap();
    let again = replay(&["--update", "--live"]);
    let line = "\n  hook/a: same answer, other results of lookups\n";
    assert!(text(&again.stdout).contains(line), "{}", text(&again.stdout));
    // An empty text is absent, as it is from a source.
    fs::write(cases.join("hook/a.lookups.json"), r#"{"account": {"level": ""}}"#).unwrap();
    replay(&["--update"]);

    let answer = fs::read_to_string(cases.join("hook/a.response.json")).unwrap();
    assert!(!answer.contains("level"), "{answer}");
}

#[test]
fn a_source_stays_as_long_as_rules_ask_it() {
    let api = Api::start(|_, wire| found(wire));
    let rules = hook("get = '/a'\non_failure = 'skip'");
    let folder = rules_folder(&[("hook.toml", &rules)]);
    let config = folder.path().join("settings");
    let source = |name: &str| format!("[sources.{name}]\nurl = 'http://{}'\n", api.address);
    let ready = |rules: &str| {
        format!(r#"{{"ready":true,"rules":"{rules}","keys":"none","draining":false}}"#)
    };
    fs::write(&config, source("members")).unwrap();
    let mut command = program();
    command
        .envs(BASIC)
        .env("HOOK__SERVER__BIND", "127.0.0.1:0")
        .env("HOOK__RULES__RELOAD", "100ms");
    command.arg("--config").arg(&config).arg("--rules").arg(folder.path());
    let service = Service::spawn(&mut command);
    assert_eq!(ask(&service, "hook", REGISTRATION), "level gold");

    fs::write(&config, source("people")).unwrap();
    let log = service.wait_for_log("credentials: not reloaded");
    assert!(log.contains("sources.members: the lookup `account` of `hook` asks this"), "{log}");
    assert_eq!(ask(&service, "hook", REGISTRATION), "level gold");

    // The other order: the rules come first, and wait for the settings.
    fs::write(&config, source("members")).unwrap();
    service.wait_for_log("credentials: valid and unchanged");
    fs::write(folder.path().join("hook.toml"), rules.replace("'members'", "'people'")).unwrap();
    service.wait_for_log("rules: not reloaded");
    assert_eq!(readiness(&service), ready("stale"));
    fs::write(&config, source("people")).unwrap();
    service.wait_for_log("rules: reloaded");
    assert_eq!(readiness(&service), ready("ok"));
    assert_eq!(ask(&service, "hook", REGISTRATION), "level gold");

    // The settings wait for the rules.
    fs::write(&config, source("members")).unwrap();
    wait_until("the rejection", || service.stderr().contains("sources.people: the lookup"));
    fs::write(folder.path().join("hook.toml"), &rules).unwrap();
    wait_until("the rules", || service.stderr().matches("rules: reloaded").count() == 2);
    assert_eq!(ask(&service, "hook", REGISTRATION), "level gold");
}

#[test]
fn eval_describes_the_part_of_a_response_in_which_a_pointer_finds_no_value() {
    let api = Api::start(|_, wire| {
        write_response(
            wire,
            "200 OK",
            br#"{"results":[{"level":"planted-7","plan":{"name":"planted-8"},"note":null}],"by":{"planted":{"level":"gold"}},"x@y":1}"#,
        )
    });
    let keys = "get = '/a'\nfound = '/results/0'\nreturns.stat = '/results/0/stat'\n\
                returns.plan = '/results/0/plan/nam'\nreturns.note = '/results/0/note'\n\
                returns.second = '/results/1'\nreturns.carl = '/by/carl'\nreturns.deep = '/results/0/level/x'";
    let rules = hook(keys).replace("'/level'", "'/results/0/level'");
    let folder = rules_folder(&[("hook.toml", &rules)]);
    let mut command = program();
    command.env("HOOK__SOURCES__MEMBERS__URL", format!("http://{}", api.address));
    command.args(["eval", "hook", "--live", "--explain", "--rules"]).arg(folder.path());

    let output = run(&mut command, &registration(str::from_utf8(REGISTRATION).unwrap()));

    let explained = text(&output.stderr);
    let hints: Vec<_> = explained.lines().filter(|line| line.contains("no value at")).collect();
    let hint = |pointer: &str, end: &str| {
        format!("lookup account: the response has no value at `{pointer}`: {end}")
    };
    let object = "an object with 1 other key; keys may be values, so none is shown";
    assert_eq!(
        hints,
        [
            hint(
                "/results/0/stat",
                "`/results/0` is an object with 3 other keys; keys may be values, so none is shown"
            ),
            hint("/results/0/plan/nam", "`/results/0/plan` is an object; did you mean `name`?"),
            hint("/results/1", "`/results` is a list of 1 element, with the index 0"),
            hint("/by/carl", &format!("`/by` is {object}")),
            hint("/results/0/level/x", "`/results/0/level` is a text, a number, a boolean or null"),
        ]
    );
    assert!(!explained.contains("planted"), "{explained}");
}

/// An empty list counts as found, since it is neither null nor false.
#[test]
fn eval_says_that_the_list_at_found_is_empty() {
    let api = Api::start(|_, wire| write_response(wire, "200 OK", br#"{"level":"x","f":[]}"#));
    let folder = rules_folder(&[("hook.toml", &hook("get = '/a'\nfound = '/f'"))]);
    let mut command = program();
    command.env("HOOK__SOURCES__MEMBERS__URL", format!("http://{}", api.address));
    command.args(["eval", "hook", "--live", "--explain", "--rules"]).arg(folder.path());

    let output = run(&mut command, &registration(str::from_utf8(REGISTRATION).unwrap()));

    let explained = text(&output.stderr);
    assert!(explained.contains("lookup account: found"), "{explained}");
    let hint =
        "lookup account: `found = \"/f\"` is an empty list, which counts as found; write `/f/0`\n";
    assert!(explained.contains(hint), "{explained}");
}

/// A service whose rules are read again when they change.
fn service_with_reload(api: &Api, folder: &std::path::Path) -> Service {
    let mut command = program();
    command
        .envs(BASIC)
        .env("HOOK__SERVER__BIND", "127.0.0.1:0")
        .env("HOOK__RULES__RELOAD", "100ms");
    command.env("HOOK__SOURCES__MEMBERS__URL", format!("http://{}", api.address));
    Service::spawn(command.arg("--rules").arg(folder))
}

#[test]
fn a_shorter_cache_in_new_rules_holds_for_results_that_are_kept() {
    let api = Api::start(|_, wire| found(wire));
    let rules = |cache: &str| hook(&format!("get = '/a'\ncache = '{cache}'"));
    let folder = rules_folder(&[("hook.toml", &rules("1h"))]);
    let service = service_with_reload(&api, folder.path());
    for _ in 0..2 {
        assert_eq!(ask(&service, "hook", REGISTRATION), "level gold");
    }
    assert_eq!(api.asked().len(), 1);

    fs::write(folder.path().join("hook.toml"), rules("1s")).unwrap();
    service.wait_for_log("rules: reloaded");
    std::thread::sleep(std::time::Duration::from_millis(1000));

    assert_eq!(ask(&service, "hook", REGISTRATION), "level gold");
    assert_eq!(api.asked().len(), 2);
}

#[test]
fn the_log_has_each_reason_of_a_failure() {
    let api = Api::start(|asked, wire| {
        let status = asked.target.trim_start_matches('/').to_owned();
        write_response(wire, &format!("{status} Status"), b"{}")
    });
    let folder = rules_folder(&[("hook.toml", &hook("get = '/{login}'"))]);
    let service = service_with_reload(&api, folder.path());

    for status in ["500", "503", "500"] {
        let form = format!(r#"{{"login":"{status}"}}"#);
        assert_eq!(ask(&service, "hook", form.as_bytes()), "LOOKUP_FAILED");
    }

    service.wait_for_log("it responded with status 503");
    assert_eq!(service.stderr().matches("it responded with status 500").count(), 1);
}

#[test]
fn a_source_that_is_down_at_the_start_is_reported_once_and_does_not_stop_the_service() {
    // Nothing listens there any more.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let database = format!("postgres://hook@{address}/people");
    let api = format!("http://{address}");
    let lookup =
        |name: &str, keys: &str| format!("[self_service_registration.lookups.{name}]\n{keys}\n");
    let rules = [
        "[self_service_registration]\nallow_all = true\n".to_owned(),
        lookup("a", "source = 'people'\ntable = 't'\nmatch = { email = '{email}' }"),
        lookup("b", "source = 'people'\ntable = 'u'\nmatch = { email = '{email}' }"),
        lookup("c", "source = 'members'\nget = '/'"),
        lookup("d", "source = 'members'\nget = '/'"),
    ];
    let settings = [
        ("HOOK__SOURCES__PEOPLE__URL", database.as_str()),
        ("HOOK__SOURCES__MEMBERS__URL", &api),
        ("HOOK__SOURCES__UNUSED__URL", &api),
    ];

    let service = service_with(&[("hook.toml", &rules.concat())], &settings);

    for source in ["people", "members"] {
        let why =
            "nothing listens at its address; is it running, and is the port of its `url` right?";
        let warning =
            format!("WARN  the source `{source}` cannot be used now, so its lookups fail: {why}");
        service.wait_for_log(&warning);
    }
    assert_eq!(ask(&service, "hook", REGISTRATION), "allow");
    assert_eq!(service.stderr().matches("cannot be used now").count(), 2);
}

#[test]
fn the_cache_drops_the_oldest_results_first() {
    let ratio = format!("0.{}", "1".repeat(60 << 10));
    let body = format!(r#"{{"level":"gold","ratio":{ratio}}}"#);
    let api = Api::start(move |_, wire| write_response(wire, "200 OK", body.as_bytes()));
    let short = hook("get = '/{login}'\ncache = '1s'");
    let long = hook("get = '/{login}'\ncache = '1h'");
    let pad = "x".repeat(140 << 10);
    let large = hook(&format!(
        "post = '/{{login}}'\nbody = {{ pad = '{pad}' }}\nreturns.ratio = '/ratio'\ncache = '1h'"
    ));
    let files = [("short.toml", &*short), ("long.toml", &*long), ("large.toml", &*large)];
    let service = service_of(&api, &files, &[]);
    let ask_about = |hook: &str, login: &str| {
        let form = format!(r#"{{"login":"{login}"}}"#);
        assert_eq!(ask(&service, hook, form.as_bytes()), "level gold");
    };
    let count_of = |target: &str| api.asked().iter().filter(|asked| asked.target == target).count();

    // The result for `replaced` is the first in the cache. It is fetched again after `oldest`, so it is then newer.
    ask_about("short", "replaced");
    ask_about("large", "oldest");
    std::thread::sleep(std::time::Duration::from_millis(1000));
    ask_about("short", "replaced");
    // Together with `oldest`, these are more than the 16 MiB of the cache. Each takes 140 KiB for its question, and
    // 60 KiB for the number `ratio`.
    for number in 0..81 {
        ask_about("large", &format!("n{number}"));
    }
    assert_eq!(count_of("/replaced"), 2);

    ask_about("long", "replaced");
    assert_eq!(count_of("/replaced"), 2);
    ask_about("large", "oldest");
    assert_eq!(count_of("/oldest"), 2);
}
