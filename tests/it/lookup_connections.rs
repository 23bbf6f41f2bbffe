//! Connections and slots of lookups in an HTTP API.

use std::{
    process::Command,
    thread,
    time::{Duration, Instant},
};

use crate::{
    api::{Api, Then, wait_for_end},
    lookup_service::{
        REGISTRATION, ask, decision, found, hang, hook, hook_of, service_of, service_with,
    },
    support::{Answer, BASIC, Service, Stopwatch, program, repository, rules_folder, wait_until},
};

#[test]
fn a_question_is_asked_again_if_idle_connections_turn_out_to_be_closed() {
    // The connections of the first four questions are closed when a second question comes on them.
    let api = Api::start(|asked, wire| {
        if asked.target.contains("first") {
            // The four questions overlap, so that each opens a connection.
            thread::sleep(Duration::from_millis(100));
            return found(wire);
        }
        if asked.target.contains("second") && asked.connection <= 4 {
            return Then::Close;
        }
        found(wire)
    });
    let first = hook("get = '/first'");
    let second = hook("post = '/second'\nbody = {}");
    let service = service_of(&api, &[("first.toml", &first), ("second.toml", &second)], &[]);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(ask(&service, "first", REGISTRATION), "level gold"));
        }
    });
    assert_eq!(api.connections(), 4);

    assert_eq!(ask(&service, "second", REGISTRATION), "level gold");

    // The second question failed on each idle connection, and then opened one.
    assert_eq!(api.connections(), 5);
    let count = api.asked().iter().filter(|one| one.target == "/second").count();
    assert_eq!(count, 5);
}

#[test]
fn a_question_is_asked_once_if_a_new_connection_ends() {
    let api = Api::start(|_, _| Then::Close);
    let service = service_of(&api, &[("hook.toml", &hook("get = '/'"))], &[]);

    assert_eq!(ask(&service, "hook", REGISTRATION), "LOOKUP_FAILED");

    assert_eq!((api.connections(), api.asked().len()), (1, 1));
}

#[test]
fn a_question_beyond_the_concurrency_waits_a_short_time_and_fails() {
    let api = Api::start(|asked, wire| match asked.target.as_str() {
        "/hung" => wait_for_end(wire),
        _ => found(wire),
    });
    let hung = hook("get = '/hung'");
    // `skip` does not apply: a busy connection is not a failure of the source.
    let next = hook("get = '/next'\non_failure = 'skip'");
    let free = "[self_service_registration]\nallow_all = true\n";
    let files = [("hung.toml", &*hung), ("next.toml", &next), ("free.toml", free)];
    let more = [("HOOK__LOOKUPS__TIMEOUT", "4s"), ("HOOK__SERVER__REQUEST_TIMEOUT", "30s")];
    let service = service_of(&api, &files, &more);
    let mut hanging = hang(&service, &api, 32);

    let clock = Stopwatch::start();
    assert_eq!(ask(&service, "next", REGISTRATION), "LOOKUP_FAILED");
    let waited = clock.passed();
    let wait = clock.taken();
    // Other work of this machine delays some of these, but not all.
    let mut undelayed = Duration::MAX;
    for _ in 0..10 {
        let start = Instant::now();
        assert_eq!(ask(&service, "free", REGISTRATION), "allow");
        undelayed = undelayed.min(start.elapsed());
    }

    // The questions that hang end after 4 s.
    assert!(waited >= Duration::from_millis(95) && wait < Duration::from_secs(2), "{waited:?}");
    assert!(undelayed < Duration::from_millis(90), "{undelayed:?}");
    service.wait_for_log("`next`: the lookup `account` failed: all its connections are busy");
    for connection in &mut hanging {
        assert_eq!(decision(&Answer::read(connection)), "LOOKUP_FAILED");
    }
    // The slots are free again, once the threads of the calls have noticed the time-out.
    wait_until("a free slot", || ask(&service, "next", REGISTRATION) == "level gold");
    assert_eq!(api.asked().len(), 33);
}

#[test]
fn a_slot_stays_taken_until_its_call_has_ended_even_if_the_caller_has_left() {
    let api = Api::start(|_, wire| wait_for_end(wire));
    let more = [
        ("HOOK__LOOKUPS__TIMEOUT", "30s"),
        ("HOOK__SERVER__REQUEST_TIMEOUT", "60s"),
        ("HOOK__SOURCES__MEMBERS__CONCURRENCY", "1"),
    ];
    let service = service_of(&api, &[("hung.toml", &hook("get = '/hung'"))], &more);
    drop(hang(&service, &api, 1));

    assert_eq!(ask(&service, "hung", REGISTRATION), "LOOKUP_FAILED");

    service.wait_for_log("all its connections are busy");
    assert_eq!(api.asked().len(), 1);
}

#[cfg(unix)]
#[test]
fn a_stop_waits_for_hung_questions_only_until_their_deadline() {
    let api = Api::start(|_, wire| wait_for_end(wire));
    let files = [("hung.toml", &*hook("get = '/hung'"))];
    let mut service = service_of(&api, &files, &[("HOOK__LOOKUPS__TIMEOUT", "600ms")]);
    let mut hanging = hang(&service, &api, 32);

    let clock = Stopwatch::start();
    service.signal("TERM");
    let status = service.child.wait().unwrap();

    assert!(status.success(), "{status}");
    // `server.shutdown_timeout` is 10 s.
    assert!(clock.taken() < Duration::from_secs(6), "{:?}", clock.passed());
    for connection in &mut hanging {
        assert_eq!(decision(&Answer::read(connection)), "LOOKUP_FAILED");
    }
}

/// A lookup in a source whose host name takes seconds to resolve.
struct SlowName {
    keys: &'static str,
    /// The settings of the source.
    source: [(&'static str, &'static str); 2],
}

/// The system cannot cancel the resolution of a host name. So it goes on after the request has its answer.
#[cfg(target_os = "linux")]
#[test]
fn a_slow_resolution_of_a_name_delays_no_request_and_occupies_only_its_slot() {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().join("slow_resolver.so");
    let mut compiler = Command::new("cc");
    compiler
        .args(["-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(repository("tests/slow_resolver.c"));
    assert!(compiler.arg("-ldl").status().unwrap().success());
    let slow_names = [
        SlowName {
            keys: "source = 'members'\nget = '/a'\nreturns.level = '/level'",
            source: [
                ("HOOK__SOURCES__MEMBERS__URL", "https://a.never-answers.example"),
                ("HOOK__SOURCES__MEMBERS__CONCURRENCY", "1"),
            ],
        },
        SlowName {
            keys: "source = 'people'\ntable = 't'\nmatch = { email = '{email}' }\nreturns = ['level']",
            // The service itself takes one connection, to try the source at the start.
            source: [
                ("HOOK__SOURCES__PEOPLE__URL", "postgres://hook@b.never-answers.example/people"),
                ("HOOK__SOURCES__PEOPLE__CONNECTIONS", "2"),
            ],
        },
    ];

    for SlowName { keys, source } in slow_names {
        let free = "[self_service_registration]\nallow_all = true\n";
        let files = [("slow.toml", &*hook_of(keys)), ("free.toml", free)];
        let mut more = source.to_vec();
        more.push(("LD_PRELOAD", library.to_str().unwrap()));
        more.push(("HOOK__LOOKUPS__TIMEOUT", "600ms"));
        more.push(("HOOK__SERVER__REQUEST_TIMEOUT", "60s"));
        let mut service = service_with(&files, &more);

        let clock = Stopwatch::start();
        assert_eq!(ask(&service, "slow", REGISTRATION), "LOOKUP_FAILED", "{keys}");
        let (first, without_stalls) = (clock.passed(), clock.taken());
        service.wait_for_log("`slow`: the lookup `account` failed: it did not respond in time");
        assert_eq!(ask(&service, "slow", REGISTRATION), "LOOKUP_FAILED", "{keys}");
        service.wait_for_log("`slow`: the lookup `account` failed: all its connections are busy");
        assert_eq!(ask(&service, "free", REGISTRATION), "allow", "{keys}");
        service.signal("TERM");
        let stop = Stopwatch::start();
        assert!(service.child.wait().unwrap().success(), "{keys}");

        // The search takes 20 s.
        assert!(first > Duration::from_millis(550), "{first:?}");
        assert!(without_stalls < Duration::from_secs(5), "{keys}: {first:?}");
        assert!(stop.taken() < Duration::from_secs(8), "{keys}: {:?}", stop.passed());
    }
}

/// Limits the address space of the service to this many bytes. `None` removes the limit.
#[cfg(target_os = "linux")]
fn limit_memory(service: &Service, limit: Option<u64>) {
    let process = service.child.id().to_string();
    let limit = limit.map_or("unlimited".to_owned(), |limit| limit.to_string());
    let mut prlimit = Command::new("prlimit");
    prlimit.args(["--pid", &process]).arg(format!("--as={limit}:unlimited"));
    assert!(prlimit.status().unwrap().success());
}

#[cfg(target_os = "linux")]
#[test]
fn a_slot_is_free_again_if_no_thread_can_start() {
    let api = Api::start(|_, wire| found(wire));
    let free = "[self_service_registration]\nallow_all = true\n";
    let folder = rules_folder(&[("free.toml", free)]);
    let settings =
        [("MEMBERS__CONCURRENCY", "1"), ("MEMBERS__URL", &format!("http://{}", api.address))];
    let mut command = program();
    command
        .envs(BASIC)
        .env("HOOK__SERVER__BIND", "127.0.0.1:0")
        .env("HOOK__RULES__RELOAD", "100ms");
    for (key, value) in settings {
        command.env(format!("HOOK__SOURCES__{key}"), value);
    }
    let service = Service::spawn(command.arg("--rules").arg(folder.path()));
    assert_eq!(ask(&service, "free", REGISTRATION), "allow");
    // The hook is added after the start. Otherwise the service would try its source at the start, on a thread. A later
    // thread could reuse the memory of that one, and so start despite the limit.
    std::fs::write(folder.path().join("hook.toml"), hook("get = '/a'")).unwrap();
    service.wait_for_log("hooks added: `hook`");
    let status = std::fs::read_to_string(format!("/proc/{}/status", service.child.id())).unwrap();
    let size = status.lines().find_map(|line| line.strip_prefix("VmSize:")).unwrap();
    let size: u64 = size.trim().trim_end_matches(" kB").parse().unwrap();

    // The address space in use, and 1 MiB, which is too small for a thread.
    limit_memory(&service, Some(size * 1024 + (1 << 20)));
    assert_eq!(ask(&service, "hook", REGISTRATION), "LOOKUP_FAILED");
    limit_memory(&service, None);

    assert_eq!(ask(&service, "hook", REGISTRATION), "level gold");
    assert_eq!(api.asked().len(), 1);
}
