//! Timeouts of slow clients: one for each phase of a connection.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use crate::support::{
    AUTHORIZATION, Answer, BASIC, JSON, Service, Stopwatch, registration, request,
};

/// Waits until the service closes the connection, and sends `drip`, if any, every 200 ms meanwhile. Returns a clock
/// that started with that, and the answer.
fn until_closed(mut stream: TcpStream, drip: Option<u8>) -> (Stopwatch, String) {
    let clock = Stopwatch::start();
    let mut answer = Vec::new();
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    loop {
        assert!(clock.passed() < Duration::from_secs(60), "still open");
        let mut buffer = [0; 1024];
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => answer.extend(&buffer[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                if let Some(byte) = drip {
                    let _ = stream.write_all(&[byte]);
                }
            }
            Err(_) => break,
        }
    }
    (clock, String::from_utf8(answer).unwrap())
}

/// Checks a time that has just ended. The time of the service may begin up to half a second before that of the test.
/// A machine under load is late.
fn assert_about(clock: &Stopwatch, seconds: f64) {
    let (passed, taken) = (clock.passed().as_secs_f64(), clock.taken().as_secs_f64());
    assert!(passed > seconds - 0.5 && taken < seconds + 4.0, "{passed} s, not {seconds} s");
}

fn after_a_good_request(service: &Service) -> TcpStream {
    let mut stream = service.connect();
    let body = registration(r#"{"login":"a@okta.com","email":"a@okta.com"}"#);
    stream
        .write_all(&request("POST", "/registrationHookSSR", &[AUTHORIZATION, JSON], &body))
        .unwrap();
    assert_eq!(Answer::read(&mut stream).status, 200);
    stream
}

#[test]
fn a_client_that_does_not_finish_its_first_head_is_closed_after_five_seconds() {
    let service = Service::with_basic();
    let silent = service.connect();
    let mut stalled = service.connect();
    stalled.write_all(b"POST / HTTP/1.1\r\nX").unwrap();
    let mut dripping = service.connect();
    dripping.write_all(b"POST / HTTP/1.1\r\nX").unwrap();
    std::thread::scope(|scope| {
        for (stream, drip, is_silent) in
            [(silent, None, true), (stalled, None, false), (dripping, Some(b'x'), false)]
        {
            scope.spawn(move || {
                let (clock, answer) = until_closed(stream, drip);
                assert_about(&clock, 5.0);
                if is_silent {
                    assert_eq!(answer, "");
                } else {
                    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
                }
            });
        }
    });
}

#[test]
fn a_client_that_does_not_finish_a_later_head_is_closed_after_five_seconds() {
    let service = Service::with_basic();
    std::thread::scope(|scope| {
        for drip in [None, Some(b'x')] {
            let mut stream = after_a_good_request(&service);
            scope.spawn(move || {
                stream.write_all(b"POST / HTTP/1.1\r\nX").unwrap();
                assert_about(&until_closed(stream, drip).0, 5.0);
            });
        }
    });
}

#[test]
fn a_client_that_does_not_finish_a_body_gets_408_after_the_request_timeout() {
    let service = Service::with_basic();
    let head = |length: &str| {
        format!(
            "POST /registrationHookSSR HTTP/1.1\r\nHost: x\r\n{AUTHORIZATION}\r\n{JSON}\r\n{length}\r\n\r\n"
        )
    };
    let known = head("Content-Length: 100") + "{";
    let chunked = head("Transfer-Encoding: chunked") + "ff\r\n{";
    std::thread::scope(|scope| {
        for (drip, head) in
            [(None, &known), (Some(b' '), &known), (None, &chunked), (Some(b' '), &chunked)]
        {
            for mut stream in [service.connect(), after_a_good_request(&service)] {
                scope.spawn(move || {
                    stream.write_all(head.as_bytes()).unwrap();
                    let (clock, answer) = until_closed(stream, drip);
                    // The answer comes at 2.5 s. The connection may stay open for a second more, which is within the
                    // tolerance.
                    assert_about(&clock, 2.5);
                    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
                });
            }
        }
    });
}

#[test]
fn an_idle_connection_is_closed_after_keep_alive() {
    let service = Service::start(&[BASIC[0], BASIC[1], ("HOOK__SERVER__KEEP_ALIVE", "1s")]);

    let (clock, answer) = until_closed(after_a_good_request(&service), None);

    assert_about(&clock, 1.0);
    assert_eq!(answer, "");
}

#[test]
fn a_connection_that_ends_within_a_body_gets_400() {
    let service = Service::with_basic();
    let mut stream = service.connect();
    let head = format!(
        "POST /registrationHookSSR HTTP/1.1\r\nHost: x\r\n{AUTHORIZATION}\r\n{JSON}\r\nContent-Length: 100\r\n\r\n{{}}"
    );
    stream.write_all(head.as_bytes()).unwrap();

    stream.shutdown(std::net::Shutdown::Write).unwrap();

    assert_eq!(Answer::read(&mut stream).status, 400);
}

#[test]
fn keep_alive_starts_after_a_request_without_a_body() {
    let service = Service::start(&[BASIC[0], BASIC[1], ("HOOK__SERVER__KEEP_ALIVE", "1s")]);
    std::thread::scope(|scope| {
        for head in ["GET /healthz", "HEAD /readyz", "GET /nope", "GET /registrationHookSSR"] {
            let mut stream = service.connect();
            scope.spawn(move || {
                stream.write_all(format!("{head} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).unwrap();
                assert_about(&until_closed(stream, None).0, 1.0);
            });
        }
    });
}

/// The head begins in the same packet as the request before it, where the service might overlook it. Unusual white
/// space in that request makes no difference.
#[test]
fn an_unfinished_head_that_arrived_with_a_request_is_closed_after_five_seconds() {
    let service = Service::with_basic();
    let body = registration("{}");
    let post = request("POST", "/registrationHookSSR", &[AUTHORIZATION, JSON], &body);
    let get = request("GET", "/healthz", &[], b"");
    let odd = b"GET /healthz HTTP/1.1\r\nHost:   \t x    \t  \r\nX-A:\t\ty\t\t\r\n\r\n".to_vec();
    std::thread::scope(|scope| {
        for (first, second) in
            [(post, "GET /healthz HT"), (get.clone(), "G"), (get, "GET /h"), (odd, "G")]
        {
            let mut stream = service.connect();
            scope.spawn(move || {
                stream.write_all(&[&first[..], second.as_bytes()].concat()).unwrap();
                assert_about(&until_closed(stream, None).0, 5.0);
            });
        }
    });
}
