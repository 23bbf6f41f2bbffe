//! HTTP exactly as a test writes it, and the answers.

use std::{io::Read as _, net::TcpStream};

use super::text;

/// The credentials of [`BASIC`](super::BASIC).
pub const AUTHORIZATION: &str = "Authorization: Basic YWRtaW46c3VwZXJzZWNyZXQ=";
pub const JSON: &str = "Content-Type: application/json";

/// The bytes of a request, with its `Content-Length`.
pub fn request(method: &str, path: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n");
    for header in headers {
        bytes.push_str(header);
        bytes.push_str("\r\n");
    }
    bytes.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    [bytes.as_bytes(), body].concat()
}

/// An HTTP answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn read(stream: &mut TcpStream) -> Self {
        Self::try_read(stream).expect("an answer")
    }

    /// The next answer, or `None` if the connection ends without one.
    pub fn try_read(stream: &mut TcpStream) -> Option<Self> {
        let mut head = Vec::new();
        // Reads byte by byte, so that no byte of the next answer is taken.
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0; 1];
            match stream.read(&mut byte) {
                Ok(1) => head.push(byte[0]),
                _ => return None,
            }
        }
        let head = String::from_utf8(head).unwrap();
        // After `HTTP/1.1 `.
        let status = head[9..12].parse().unwrap();
        let mut answer = Self { status, head, body: Vec::new() };
        if let Some(length) = answer.header("content-length") {
            answer.body = vec![0; length.parse().unwrap()];
        }
        stream.read_exact(&mut answer.body).ok()?;
        Some(answer)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        for line in self.head.lines() {
            if let Some((key, value)) = line.split_once(": ")
                && key.eq_ignore_ascii_case(name)
            {
                return Some(value);
            }
        }
        None
    }

    pub fn text(&self) -> &str {
        text(&self.body)
    }
}
