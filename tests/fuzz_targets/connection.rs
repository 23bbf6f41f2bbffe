//! Raw bytes on a connection.
//!
//! The first byte says in what pieces the others are sent; the client then sends no more and reads
//! until the service ends the connection.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpStream},
    time::Duration,
};

use super::answer::{Outcome, read_answer};

/// The credentials that admit a caller.
const CREDENTIALS: &str = "YWRtaW46c3VwZXJzZWNyZXQ=";
/// Longer than the service waits for the rest of a request that is cut short.
const PATIENCE: Duration = Duration::from_secs(20);

/// Sends the bytes to a service and checks everything that it answers.
///
/// # Panics
///
/// An answer breaks a promise, or the connection does not end.
pub fn connection(service: SocketAddr, data: &[u8]) {
    let Some((&pieces, bytes)) = data.split_first() else {
        return;
    };
    let mut stream = TcpStream::connect(service).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // One piece, or pieces of 1 to 255 bytes.
    let size = if pieces == 0 { bytes.len().max(1) } else { usize::from(pieces) };
    for piece in bytes.chunks(size) {
        // The service may have ended the connection already.
        if stream.write_all(piece).is_err() {
            break;
        }
    }
    let _ = stream.shutdown(Shutdown::Write);
    let mut text = Vec::new();
    match stream.read_to_end(&mut text) {
        // If the service ends the connection with bytes unread, the rest of its answer is lost.
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("the connection does not end: {error}"),
        Ok(_) => check_answers(&text, bytes),
    }
}

/// Checks the answers to these bytes.
fn check_answers(mut text: &[u8], sent: &[u8]) {
    let most = sent.iter().filter(|byte| **byte == b'\n').count() + 1;
    let mut count = 0;
    while !text.is_empty() {
        if let Some(rest) = text.strip_prefix(b"HTTP/1.1 100 Continue\r\n\r\n") {
            text = rest;
            continue;
        }
        let end = text.windows(4).position(|window| window == b"\r\n\r\n").expect("a whole head");
        let head = str::from_utf8(&text[..end]).expect("a head is text");
        let after = &text[end + 4..];
        let has_head = sent.windows(5).any(|part| part == b"HEAD ");
        let is_head_request = has_head && (after.is_empty() || after.starts_with(b"HTTP/1.1 "));
        let length: usize = header(head, "content-length").parse().expect("a length");
        let body = if is_head_request { &[][..] } else { &after[..length] };
        text = &after[body.len()..];
        count += 1;
        check_answer(head, body, sent);
        if has_header(head, "connection", "close") {
            assert!(text.is_empty(), "an answer follows `connection: close`");
        }
    }
    assert!(count <= most, "{count} answers to at most {most} requests");
}

fn check_answer(head: &str, body: &[u8], sent: &[u8]) {
    let status = head.get(9..12).expect("a status");
    let known = ["200", "400", "401", "404", "405", "408", "413", "414", "415", "431", "503"];
    assert!(known.contains(&status), "status {status}");
    assert_eq!(header(head, "cache-control"), "no-store");
    assert_eq!(header(head, "x-content-type-options"), "nosniff");
    assert_eq!(header(head, "content-type"), "application/json");
    let decides = status == "200" && body.starts_with(br#"{"commands""#);
    if decides && [Outcome::Allow, Outcome::Update].contains(&read_answer(body)) {
        let admitted = sent.windows(CREDENTIALS.len()).any(|part| part == CREDENTIALS.as_bytes());
        assert!(admitted, "a decision without credentials");
    }
}

/// The value of a header that every answer has.
fn header<'h>(head: &'h str, name: &str) -> &'h str {
    for line in head.lines().skip(1) {
        if let Some((key, value)) = line.split_once(": ")
            && key == name
        {
            return value;
        }
    }
    panic!("no `{name}` in {head}");
}

fn has_header(head: &str, name: &str, value: &str) -> bool {
    head.lines().any(|line| line == format!("{name}: {value}"))
}
