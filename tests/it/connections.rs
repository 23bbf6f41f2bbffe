//! Connections: how many may be open, when the service closes one, and that a client cannot hold up others.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use socket2::{Domain, Socket, Type};

use crate::{
    operations::metrics_address,
    support::{
        AUTHORIZATION, Answer, BASIC, Failures, JSON, Service, registration, repository, request,
        rules_folder, wait_for, wait_until,
    },
};

const HOOK: &str = "/registrationHookSSR";

fn health() -> Vec<u8> {
    request("GET", "/healthz", &[], b"")
}

fn good_request() -> Vec<u8> {
    let body = registration(r#"{"login":"a@okta.com","email":"a@okta.com"}"#);
    request("POST", HOOK, &[AUTHORIZATION, JSON], &body)
}

/// The number after this name in `/proc/PID/status`.
fn proc_number(service: &Service, name: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{}/status", service.child.id())).unwrap();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// The processor time that the service has used.
fn processor_time(service: &Service) -> Duration {
    let text = fs::read_to_string(format!("/proc/{}/stat", service.child.id())).unwrap();
    let (_, after_name) = text.rsplit_once(')').unwrap();
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    // `utime` and `stime` of proc_pid_stat(5), in hundredths of a second.
    let user: u64 = fields[11].parse().unwrap();
    let system: u64 = fields[12].parse().unwrap();
    Duration::from_millis((user + system) * 10)
}

/// Sends up to 32 MiB of requests until the service takes no more. Reads no answer.
fn send_ahead(address: SocketAddr, one: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    let many = one.repeat(1 + (64 << 10) / one.len());
    for _ in 0..512 {
        if stream.write_all(&many).is_err() {
            break;
        }
    }
    stream
}

/// Twenty-five such clients once took 256 MiB and a whole core.
#[test]
#[cfg(target_os = "linux")]
fn clients_that_read_no_answers_cost_little_memory_and_processor_time() {
    let service = Service::start(&[BASIC[0], BASIC[1], ("HOOK__METRICS__BIND", "127.0.0.1:0")]);
    let small_head = health();
    let big_head = request("GET", "/healthz", &[&format!("X-A: {}", "a".repeat(15 << 10))], b"");
    let post = request("POST", HOOK, &[JSON], b"{}");
    let before = proc_number(&service, "VmRSS:");
    let address = service.address;
    let _held = thread::scope(|scope| {
        let mut senders = Vec::new();
        for one in [&small_head, &big_head, &post] {
            for _ in 0..8 {
                senders.push(scope.spawn(move || send_ahead(address, one)));
            }
        }
        senders.into_iter().map(|sender| sender.join().unwrap()).collect::<Vec<_>>()
    });

    let grown = proc_number(&service, "VmHWM:").saturating_sub(before);

    assert!(grown < 24 * 128, "{grown} KiB for 24 connections");

    wait_until("the service to rest while every write stalls", || {
        let start = processor_time(&service);
        thread::sleep(Duration::from_secs(1));
        processor_time(&service) - start < Duration::from_millis(200)
    });

    assert_eq!(service.send(&good_request()).status, 200);
}

/// The write timeout cannot be configured, so this test takes half a minute. Test modules run in the order of their
/// names. In this file, the test begins early, so it does not make the whole run longer.
#[test]
fn a_client_that_reads_no_answers_is_closed_after_the_write_timeout() {
    let service = Service::with_basic();
    let mut stream = service.connect();
    stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    let requests = health().repeat(100);
    let start = Instant::now();

    loop {
        assert!(start.elapsed() < Duration::from_secs(120), "the connection is still open");
        match stream.write_all(&requests) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
    }

    assert!(start.elapsed() > Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn a_client_that_pipelines_thousands_of_requests_does_not_delay_others() {
    let service = Service::start(&[BASIC[0], BASIC[1], ("HOOK__SERVER__WORKERS", "1")]);
    let start = Instant::now();
    let mut eager = service.connect();
    let mut reader = eager.try_clone().unwrap();
    let sender = thread::spawn(move || {
        for _ in 0..10 {
            eager.write_all(&health().repeat(4000)).unwrap();
        }
        eager.shutdown(std::net::Shutdown::Write).unwrap();
    });
    let drain = thread::spawn(move || {
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        text.matches("HTTP/1.1 200 OK").count()
    });
    let mut slowest = Duration::ZERO;
    for _ in 0..20 {
        let start = Instant::now();
        assert_eq!(service.send(&good_request()).status, 200);
        slowest = slowest.max(start.elapsed());
    }

    sender.join().unwrap();

    assert_eq!(drain.join().unwrap(), 40_000);
    // On a slow machine, the 40,000 requests take long. The other client waits for a small part of that time.
    let most = Duration::from_secs(1).max(start.elapsed() / 4);
    assert!(slowest < most, "{slowest:?}");
}

#[test]
fn the_connection_that_has_been_idle_longest_is_closed_for_the_next_one() {
    let service = Service::start(&[
        BASIC[0],
        BASIC[1],
        ("HOOK__SERVER__WORKERS", "1"),
        ("HOOK__SERVER__MAX_CONNECTIONS", "3"),
    ]);
    let mut dripping = service.connect();
    dripping.write_all(b"GET /healthz HT").unwrap();
    wait_until("the service to have accepted `dripping`", || service.send(&health()).status == 200);
    let mut silent = service.connect();
    silent.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let mut active = service.connect();

    active.write_all(&health()).unwrap();

    assert_eq!(Answer::read(&mut active).status, 200);

    // Single bytes do not make a connection less idle.
    dripping.write_all(b"TP").unwrap();

    // Each of these connections takes the place of one that is idle.
    for _ in 0..2 {
        assert_eq!(service.send(&good_request()).status, 200);
    }

    dripping.set_read_timeout(Some(Duration::from_secs(2))).unwrap();

    assert!(Answer::try_read(&mut dripping).is_none());
    assert!(matches!(silent.read(&mut [0]), Ok(0) | Err(_)));

    service.wait_for_log("server.max_connections is reached");
}

#[test]
fn unauthenticated_clients_cannot_occupy_every_connection() {
    let service = Service::start(&[BASIC[0], BASIC[1], ("HOOK__SERVER__MAX_CONNECTIONS", "20")]);
    let mut held: Vec<_> = (0..20).map(|_| service.connect()).collect();
    for stream in &mut held {
        stream.write_all(b"POST /registrationHookSSR HTTP/1.1\r\nX").unwrap();
    }

    for _ in 0..30 {
        assert_eq!(service.send(&good_request()).status, 200);
    }
}

/// Connections that are refused and linger, and a caller that waits for the issuer's keys, count like
/// any other.
#[test]
fn connections_in_every_state_count_towards_the_limit() {
    let silent_issuer = TcpListener::bind("127.0.0.1:0").unwrap();
    let issuer = format!("http://{}/oauth2/default", silent_issuer.local_addr().unwrap());
    let service = Service::start(&[
        BASIC[0],
        BASIC[1],
        ("HOOK__METRICS__BIND", "127.0.0.1:0"),
        ("HOOK__SERVER__WORKERS", "1"),
        ("HOOK__SERVER__MAX_CONNECTIONS", "20"),
        ("HOOK__AUTH__OAUTH__ISSUER", &issuer),
        ("HOOK__AUTH__OAUTH__AUDIENCE", "api://registration-hook"),
        ("HOOK__AUTH__OAUTH__CLIENT_IDS__0", "client"),
        ("HOOK__AUTH__OAUTH__SCOPE", "registration.hook.invoke"),
    ]);
    let metrics = metrics_address(&service);
    let malformed = b"X\r\n\r\n".to_vec();
    let many_then_malformed =
        [b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n".repeat(109), malformed.clone()];
    let token = "Authorization: Bearer eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.e30.AAAA";
    let waits_for_keys = request("POST", HOOK, &[token, JSON], b"{}");
    let mut held = Vec::new();
    let mut most = 0;
    for sent in [malformed, many_then_malformed.concat(), waits_for_keys] {
        for _ in 0..250 {
            let mut stream = service.connect();
            // Fails if the service has closed the connection at once.
            let _ = stream.write_all(&sent);
            held.push(stream);
            // The service has time to answer before the next connection comes.
            thread::sleep(Duration::from_millis(3));
        }
        most = most.max(open_connections(metrics));
    }

    // The limit, and the connections that have not ended yet: up to 64 that were evicted, and up to 64 that were turned
    // away.
    let allowed = 20 + 64 + 64;
    assert!(most <= allowed, "{most} connections are open, {allowed} allowed");
    assert_eq!(service.send(&good_request()).status, 200);
}

/// Whole requests arrive on new connections faster than the service can answer. The service opens a bounded number
/// of descriptors, and answers each request that it has accepted.
#[test]
#[cfg(target_os = "linux")]
fn a_burst_of_connections_neither_passes_the_limit_nor_cuts_requests() {
    let service = Service::start(&[
        BASIC[0],
        BASIC[1],
        ("HOOK__SERVER__WORKERS", "1"),
        ("HOOK__SERVER__MAX_CONNECTIONS", "20"),
    ]);
    let descriptors = || fs::read_dir(format!("/proc/{}/fd", service.child.id())).unwrap().count();
    let before = descriptors();
    service.signal("STOP");
    let mut burst: Vec<_> = (0..800).map(|_| service.connect()).collect();
    for stream in &mut burst {
        stream.write_all(&request("GET", "/healthz", &["Connection: close"], b"")).unwrap();
    }
    service.signal("CONT");

    let mut most = 0;
    let mut wrong = Vec::new();
    for stream in &mut burst {
        most = most.max(descriptors());
        match Answer::try_read(stream) {
            Some(answer) if [200, 503].contains(&answer.status) => {}
            missing_or_other => wrong.push(missing_or_other),
        }
    }

    assert!(wrong.is_empty(), "{} of 800: {:?}", wrong.len(), wrong.first());
    // The limit, the connections that were evicted or turned away and have not ended yet, and the queues of accepted
    // ones.
    let allowed = 20 + 2 * 64 + 2 * 64;
    assert!(most - before <= allowed, "{} connections, {allowed} allowed", most - before);
}

/// The buffer of a large body must be freed after the answer, even if the connection stays open.
#[test]
#[cfg(target_os = "linux")]
fn an_idle_connection_keeps_no_large_buffer() {
    let service = Service::with_basic();
    let mut body = registration(r#"{"login":"a@okta.com","email":"a@okta.com"}"#);
    body.resize(250_000, b' ');
    let large = request("POST", HOOK, &[AUTHORIZATION, JSON], &body);
    let mut idle = Vec::new();
    let before = proc_number(&service, "VmRSS:");

    for _ in 0..200 {
        let mut stream = service.connect();
        stream.write_all(&large).unwrap();
        assert_eq!(Answer::read(&mut stream).status, 200);
        idle.push(stream);
    }

    let grown = proc_number(&service, "VmRSS:").saturating_sub(before);
    assert!(grown < 200 * 64, "{grown} KiB for 200 idle connections");
}

/// With 2,000 rules the metrics have some 200 KB. Each reader once held a copy.
#[test]
#[cfg(target_os = "linux")]
fn clients_that_do_not_read_the_metrics_share_their_text() {
    const CLIENTS: u64 = 30;
    let mut rules = String::new();
    for number in 0..2_000 {
        rules += &format!(
            "[[self_service_registration.rules]]\nid = 'rule-{number}'\nattribute = 'email'\n\
             length = {{ min = 1 }}\nmessage = 'm'\n"
        );
    }
    let folder = rules_folder(&[("registrationHookSSR.toml", &rules)]);
    let service = Service::start(&[
        BASIC[0],
        BASIC[1],
        ("HOOK__METRICS__BIND", "127.0.0.1:0"),
        ("HOOK__RULES__DIRECTORY", folder.path().to_str().unwrap()),
    ]);
    let metrics = metrics_address(&service);
    assert_eq!(service.send(&good_request()).status, 200);
    let get = request("GET", "/metrics", &[], b"");
    let whole = {
        let mut stream = TcpStream::connect(metrics).unwrap();
        stream.write_all(&get).unwrap();
        Answer::read(&mut stream).body.len()
    };
    assert!(whole > 150_000, "{whole} bytes of metrics");
    let before = proc_number(&service, "VmRSS:");

    let mut stalled = Vec::new();
    for _ in 0..CLIENTS {
        let mut stream = connect_with_small_buffer(metrics);
        stream.write_all(&get).unwrap();
        stalled.push(stream);
    }
    for stream in &mut stalled {
        // Waits for the first byte of the answer.
        stream.read_exact(&mut [0]).unwrap();
    }

    let grown = proc_number(&service, "VmRSS:").saturating_sub(before);
    assert!(grown < CLIENTS * 128, "{grown} KiB for {CLIENTS} connections");
}

/// A connection on which the service can send only a little before the client reads.
fn connect_with_small_buffer(address: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect(&address.into()).unwrap();
    socket.into()
}

/// The gauge of open connections.
fn open_connections(metrics: SocketAddr) -> u64 {
    let mut stream = TcpStream::connect(metrics).unwrap();
    stream.write_all(&request("GET", "/metrics", &[], b"")).unwrap();
    let answer = Answer::read(&mut stream);
    let name = "registration_hook_connections ";
    let line = answer.text().lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// RFC 9110 §7.8: a server may ignore the header, and we do.
#[test]
fn upgrade_headers_are_ignored() {
    // If the service waited for more of a body that has arrived, the test would see the delay.
    let long_timeout = ("HOOK__SERVER__REQUEST_TIMEOUT", "60s");
    let service = Service::start(&[BASIC[0], BASIC[1], long_timeout]);
    let body = registration(r#"{"login":"a@okta.com","email":"a@okta.com"}"#);
    for headers in [
        &["Connection: Upgrade", "Upgrade: websocket"][..],
        &["Connection: upgrade", "Upgrade: h2c"],
        &["Connection: upgrade, keep-alive"],
        &["Upgrade: websocket"],
    ] {
        let headers = [&[AUTHORIZATION, JSON][..], headers].concat();
        let mut stream = service.connect();
        let start = Instant::now();
        for _ in 0..2 {
            stream.write_all(&request("POST", HOOK, &headers, &body)).unwrap();
            let answer = Answer::read(&mut stream);
            assert_eq!(answer.status, 200, "{headers:?}");
            assert_eq!(answer.header("upgrade"), None);
            assert_eq!(answer.header("connection"), None, "{headers:?}");
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{headers:?}: {:?}", start.elapsed());
        // A chunked body is read as well.
        let head = format!(
            "POST {HOOK} HTTP/1.1\r\nHost: x\r\n{}\r\nTransfer-Encoding: chunked\r\n\r\n",
            headers.join("\r\n")
        );
        let chunk = format!("{:x}\r\n", body.len());
        let whole = [head.as_bytes(), chunk.as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
        stream.write_all(&whole).unwrap();
        assert_eq!(Answer::read(&mut stream).status, 200, "{headers:?}");
    }
}

#[test]
fn requests_after_a_closing_answer_are_not_answered() {
    let service = Service::with_basic();
    let close = request("GET", "/healthz", &["Connection: close"], b"");
    let unread = request("POST", HOOK, &[JSON], b"{}");
    let malformed = b"GET /healthz HTTP/1.1\r\nNo-Colon\r\n\r\n".to_vec();
    let old = b"GET /healthz HTTP/1.0\r\n\r\n".to_vec();
    let mut failures = Failures::default();

    for (name, first, status) in [
        ("Connection: close", close, 200),
        ("an unread body", unread, 401),
        ("a malformed head", malformed, 400),
        ("HTTP/1.0", old, 200),
    ] {
        let mut stream = service.connect();
        stream.write_all(&[first, health(), good_request()].concat()).unwrap();
        let answer = Answer::read(&mut stream);
        let next = Answer::try_read(&mut stream);

        failures.check_eq(name, answer.status, status);
        failures.check_eq(name, answer.header("connection"), Some("close"));
        failures.check(format!("{name}: {next:?}"), next.is_none());
    }

    failures.assert_none();
}

#[test]
fn an_http_1_0_client_may_ask_to_keep_its_connection() {
    let service = Service::with_basic();
    let mut stream = service.connect();
    for _ in 0..2 {
        stream.write_all(b"GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").unwrap();
        let answer = Answer::read(&mut stream);
        assert_eq!((answer.status, answer.header("connection")), (200, Some("keep-alive")));
    }
}

/// A blank line does not begin a request. A head that has begun must be complete within five seconds.
#[test]
fn a_blank_line_does_not_shorten_the_wait_for_a_request() {
    let service = Service::start(&[BASIC[0], BASIC[1], ("HOOK__SERVER__KEEP_ALIVE", "20s")]);
    let mut stream = service.connect();
    stream.write_all(&good_request()).unwrap();

    assert_eq!(Answer::read(&mut stream).status, 200);

    stream.write_all(b"\r\n").unwrap();
    thread::sleep(Duration::from_millis(5500));
    stream.write_all(&good_request()).unwrap();

    assert_eq!(Answer::read(&mut stream).status, 200);
}

/// The admitted caller's connection has been idle longest. It must stay open, since it may be a proxy's.
#[test]
fn strangers_do_not_close_the_connection_of_an_admitted_caller() {
    let service = Service::start(&[
        BASIC[0],
        BASIC[1],
        ("HOOK__SERVER__WORKERS", "1"),
        ("HOOK__SERVER__MAX_CONNECTIONS", "5"),
    ]);
    let mut admitted = service.connect();
    admitted.write_all(&good_request()).unwrap();

    assert_eq!(Answer::read(&mut admitted).status, 200);

    let mut strangers = Vec::new();
    for _ in 0..20 {
        let mut stranger = service.connect();
        stranger.write_all(&health()).unwrap();

        assert_eq!(Answer::read(&mut stranger).status, 200);

        strangers.push(stranger);
    }
    admitted.write_all(&good_request()).unwrap();

    assert_eq!(Answer::read(&mut admitted).status, 200);
}

/// RFC 9112 §2.2.
#[test]
fn blank_lines_before_a_request_are_ignored() {
    let service = Service::with_basic();
    let mut stream = service.connect();
    let mut failures = Failures::default();

    for blank in ["\r\n", "\n\n\r\n", ""] {
        stream.write_all(&[blank.as_bytes(), &good_request()].concat()).unwrap();

        failures.check_eq(blank, Answer::read(&mut stream).status, 200);
    }

    failures.assert_none();
}

#[test]
fn malformed_http_gets_a_refusal_with_the_usual_headers_and_body() {
    let service = Service::with_basic();
    let mut failures = Failures::default();

    let long_target = [b"GET /".as_slice(), &[b'a'; 40 << 10]].concat();
    let long_header = [b"GET / HTTP/1.1\r\nX: ".as_slice(), &[b'a'; 40 << 10]].concat();
    let many_headers =
        [b"GET / HTTP/1.1\r\n".as_slice(), &b"a: b\r\n".repeat(100), b"\r\n"].concat();
    for (name, bytes, status) in [
        ("no colon", &b"GET /healthz HTTP/1.1\r\nNo-Colon\r\n\r\n"[..], 400),
        ("no host", b"GET /healthz HTTP/1.1\r\n\r\n", 400),
        ("a path in the host", b"GET /healthz HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
        ("a user in the host", b"GET /healthz HTTP/1.1\r\nHost: a@b\r\n\r\n", 400),
        ("two hosts in one", b"GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        ("endless empty lines", &b"\r\n".repeat(4000), 400),
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n\n", 400),
        ("a long target", &long_target, 414),
        ("a long header", &long_header, 431),
        ("many headers", &many_headers, 431),
    ] {
        let mut stream = service.connect();
        stream.write_all(bytes).unwrap();
        let answer = Answer::read(&mut stream);
        let next = Answer::try_read(&mut stream);

        failures.check_eq(name, answer.status, status);
        failures.check_eq(name, answer.header("cache-control"), Some("no-store"));
        failures.check_eq(name, answer.header("content-type"), Some("application/json"));
        failures.check_contains(name, answer.text(), "errorSummary");
        failures.check(format!("{name}: {next:?}"), next.is_none());
    }

    failures.assert_none();
}

/// The requests wait in accepted and unaccepted sockets when the signal arrives.
#[test]
#[cfg(unix)]
fn every_request_that_arrived_before_the_signal_is_answered() {
    let mut service = Service::with_basic();
    let mut kept: Vec<_> = (0..50).map(|_| service.connect()).collect();
    for stream in &mut kept {
        stream.write_all(&health()).unwrap();
        assert_eq!(Answer::read(stream).status, 200);
    }
    service.signal("STOP");
    let mut all: Vec<_> = (0..250).map(|_| service.connect()).collect();
    all.append(&mut kept);
    for stream in &mut all {
        // The second request is pipelined. It is a probe: unlike requests to hooks, a probe does not wait for its turn,
        // so even a slow machine does not refuse it with 503.
        stream.write_all(&[good_request(), health()].concat()).unwrap();
    }
    service.signal("TERM");
    service.signal("CONT");
    for (index, stream) in all.iter_mut().enumerate() {
        for _ in 0..2 {
            let answer = Answer::try_read(stream).unwrap_or_else(|| panic!("no answer to {index}"));
            assert_eq!(answer.status, 200);
        }
    }

    let end = wait_for("the end", || service.child.try_wait().unwrap());

    assert_eq!(end.code(), Some(0));
}

/// Has two hundred requests and a probe arrive at once. Returns how many requests were refused, or `None` if the
/// probe did not overtake them.
#[cfg(unix)]
fn send_at_once(service: &Service, one: &[u8]) -> Option<usize> {
    service.signal("STOP");
    let mut waiting: Vec<_> = (0..200).map(|_| service.connect()).collect();
    for stream in &mut waiting {
        stream.write_all(one).unwrap();
    }
    let mut probe = service.connect();
    probe.write_all(&health()).unwrap();
    service.signal("CONT");

    assert_eq!(Answer::read(&mut probe).status, 200);

    let overtaken = !has_answer(&waiting[199]);
    let mut refused = 0;
    for stream in &mut waiting {
        let answer = Answer::read(stream);
        if answer.status == 503 {
            assert_eq!(answer.header("retry-after"), Some("2"));
            refused += 1;
        } else {
            assert_eq!(answer.status, 200);
        }
    }
    overtaken.then_some(refused)
}

/// Two hundred requests arrive at once for one worker that needs milliseconds for each.
#[test]
#[cfg(unix)]
fn requests_that_waited_too_long_get_503_with_retry_after() {
    let mut rules = String::new();
    for number in 0..8000 {
        rules += &format!(
            "[[self_service_registration.rules]]\nid = \"r{number}\"\nattribute = \"email\"\n\
             pattern = \"[a-z.]+@[a-z.]+\"\nmessage = \"No.\"\n"
        );
    }
    let folder = rules_folder(&[("hook.toml", &rules)]);
    let service = Service::start(&[
        BASIC[0],
        BASIC[1],
        ("HOOK__SERVER__WORKERS", "1"),
        ("HOOK__RULES__DIRECTORY", folder.path().to_str().unwrap()),
    ]);
    let body = registration(r#"{"email":"rosario.jones@okta.example"}"#);

    let one = request("POST", "/hook", &[AUTHORIZATION, JSON], &body);

    assert_eq!(service.send(&one).status, 200);

    // On a busy machine, the service may refuse all requests, or this test may look too late to see the probe overtake.
    let mut refused = send_at_once(&service, &one);
    for _ in 0..5 {
        if refused.is_none_or(|count| count == 200) {
            refused = send_at_once(&service, &one);
        }
    }

    let refused = refused.expect("the probe overtakes the requests");

    assert!((1..200).contains(&refused), "{refused} refused");

    wait_until("normal service", || service.send(&one).status == 200);
    service.wait_for_log("overloaded: requests wait");
}

fn has_answer(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let answer = stream.peek(&mut [0]);
    stream.set_nonblocking(false).unwrap();
    answer.is_ok()
}

/// A trailer here contains a bare line feed. Some servers end a line at it, and so read `hidden` as a second request.
#[test]
fn bytes_behind_a_chunked_body_are_not_answered() {
    let service = Service::with_basic();
    let mut stream = service.connect();
    let head = format!(
        "POST {HOOK} HTTP/1.1\r\nHost: x\r\n{AUTHORIZATION}\r\n{JSON}\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    let body = registration("{}");
    let hidden = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

    write!(stream, "{head}{:x}\r\n", body.len()).unwrap();
    stream.write_all(&body).unwrap();
    write!(stream, "\r\n0\r\na: b\n\n\r\n\r\n{hidden}").unwrap();
    let answer = Answer::read(&mut stream);
    let next = Answer::try_read(&mut stream);

    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("connection"), Some("close"));
    assert!(next.is_none(), "{next:?}");
}

#[test]
#[cfg(target_os = "linux")]
fn running_out_of_file_descriptors_is_logged_and_survived() {
    let mut command = Command::new("sh");
    let program = env!("CARGO_BIN_EXE_registration-hook");
    command.args(["-c", &format!("ulimit -n 64; exec {program}")]);
    command.current_dir(repository("tests/guide")).envs(BASIC);
    command.env("HOOK__SERVER__BIND", "127.0.0.1:0");
    let service = Service::spawn(&mut command);
    let held: Vec<_> = (0..200).map(|_| service.connect()).collect();
    service.wait_for_log("cannot accept connections");

    drop(held);

    assert_eq!(service.send(&good_request()).status, 200);
    assert_eq!(service.stderr().matches("cannot accept connections").count(), 1);
}

/// In a burst, no stranger is idle yet. So the only idle connection that could be closed is that of the admitted
/// caller.
#[test]
fn a_burst_of_strangers_does_not_close_the_connection_of_an_admitted_caller() {
    let service = Service::start(&[
        BASIC[0],
        BASIC[1],
        ("HOOK__SERVER__WORKERS", "1"),
        ("HOOK__SERVER__MAX_CONNECTIONS", "5"),
    ]);
    let mut admitted = service.connect();
    let mut strangers = Vec::new();
    for _ in 0..5 {
        admitted.write_all(&good_request()).unwrap();

        assert_eq!(Answer::read(&mut admitted).status, 200);

        service.signal("STOP");
        for _ in 0..50 {
            strangers.push(service.connect());
        }
        service.signal("CONT");
    }
    admitted.write_all(&good_request()).unwrap();

    assert_eq!(Answer::read(&mut admitted).status, 200);
}
