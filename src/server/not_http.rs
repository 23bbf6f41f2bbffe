//! The reasons why bytes are not an HTTP/1.1 request. The codec refuses such bytes and does not say why.

use std::borrow::Cow;

/// Why bytes are not an HTTP/1.1 request. Repeats none of the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotHttp {
    Http2,
    ProxyProtocol,
    /// Too many empty lines before the request. The connection counts them.
    BlankLines,
    /// A fault of the first line (RFC 9112 §3). Completes "the line …".
    RequestLine(&'static str),
    /// A fault of a header (RFC 9112 §5).
    Header {
        /// The number of the line, from 1 for the request line.
        line: usize,
        fault: &'static str,
    },
    /// A fault of the headers that give the length of the body (RFC 9112 §6), as a sentence.
    Length(&'static str),
    /// A fault of the header `host` (RFC 9112 §3.2). Completes "the header `host` …".
    Host(&'static str),
    /// A fault that [`NotHttp::of`] does not find.
    Other,
}

/// The headers because of which the codec may refuse a request.
#[derive(Default)]
struct Framing<'h> {
    /// The values of `content-length`.
    lengths: Vec<&'h [u8]>,
    /// The values of `transfer-encoding`.
    encodings: Vec<&'h [u8]>,
    /// How often the header `host` occurs.
    hosts: usize,
}

impl NotHttp {
    /// The reason why the codec refuses the request at the start of these bytes. The head may be incomplete.
    pub(super) fn of(bytes: &[u8]) -> Self {
        if bytes.starts_with(b"PRI * HTTP/2.0") {
            return Self::Http2;
        }
        // Version 2 of the PROXY protocol begins with `\r\n\r\n\0\r\nQUIT\n`. Its first empty lines are not in
        // `bytes`: the connection drops empty lines before a request.
        if bytes.starts_with(b"PROXY ") || bytes.starts_with(b"\0\r\nQUIT\n") {
            return Self::ProxyProtocol;
        }
        let mut lines = bytes.split_inclusive(|byte| *byte == b'\n');
        let request_line = without_line_end(lines.next().unwrap_or_default());
        if let Some(fault) = fault_of_request_line(request_line) {
            return Self::RequestLine(fault);
        }
        let mut framing = Framing::default();
        for (whole_line, line) in lines.zip(2..) {
            let header = without_line_end(whole_line);
            if header.is_empty() {
                break;
            }
            match split_header(header, whole_line.ends_with(b"\n")) {
                Ok((name, value)) => framing.add(name, value),
                Err(fault) => return Self::Header { line, fault },
            }
        }
        framing.fault(request_line.ends_with(b"HTTP/1.1"))
    }

    /// The kind of reason, in words. Reasons of one kind share a limit in the log.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Http2 => "HTTP/2",
            Self::ProxyProtocol => "PROXY protocol",
            Self::BlankLines => "empty lines",
            Self::RequestLine(_) => "first line",
            Self::Header { .. } => "header line",
            Self::Length(_) => "length",
            Self::Host(_) => "host",
            Self::Other => "other",
        }
    }

    /// The reason as a text for the log, with a hint.
    pub(super) fn diagnosis(self) -> Cow<'static, str> {
        match self {
            Self::Http2 => {
                "the client speaks HTTP/2, and the service HTTP/1.1; let the proxy use HTTP/1.1 for the service".into()
            }
            Self::ProxyProtocol => {
                "the PROXY protocol precedes the request, and the service does not read it; switch it \
                 off in the load balancer"
                    .into()
            }
            Self::BlankLines => "too many empty lines precede the request".into(),
            Self::RequestLine(fault) => format!(
                "this is not an HTTP/1.1 request, whose first line is `METHOD /path HTTP/1.1`: the line {fault}"
            )
            .into(),
            Self::Header { line, fault } => format!(
                "line {line} of the request is not a header in the form `name: value`: {fault}"
            )
            .into(),
            Self::Length(fault) => {
                format!("the headers do not give one clear length of the body: {fault}").into()
            }
            Self::Host(fault) => format!("the header `host` {fault}").into(),
            Self::Other => "this is not an HTTP/1.1 request; the path may have a character that must be percent-encoded".into(),
        }
    }
}

/// The fault of a request line. Completes "the line …". Returns `None` if there is none.
fn fault_of_request_line(line: &[u8]) -> Option<&'static str> {
    if line.iter().any(u8::is_ascii_control) {
        return Some("has a control character; percent-encode it in the path");
    }
    if !line.is_ascii() {
        return Some("has a character beyond ASCII; percent-encode it in the path");
    }
    let parts: Vec<_> = line.split(|byte| *byte == b' ').collect();
    let [method, .., version] = parts.as_slice() else {
        return Some("has no spaces");
    };
    if !version.starts_with(b"HTTP/") {
        return Some("does not end with `HTTP/1.1`");
    }
    if !matches!(*version, b"HTTP/1.1" | b"HTTP/1.0") {
        return Some("names another version of HTTP");
    }
    if !is_token(method) {
        return Some("does not begin with a method, such as POST");
    }
    match parts.len() {
        2 => Some("has no path"),
        3 => None,
        _ => Some("has more than two spaces; a space in the path is `%20`"),
    }
}

/// The name and the value of a header. Fails with the fault of the line. `is_complete` says whether the
/// end of the line has arrived. If not, the colon and the value may still come.
fn split_header(line: &[u8], is_complete: bool) -> Result<(&[u8], &[u8]), &'static str> {
    if line.starts_with(b" ") || line.starts_with(b"\t") {
        return Err("it begins with white space; write each header in one line");
    }
    let mut parts = line.splitn(2, |byte| *byte == b':');
    let name = parts.next().unwrap_or_default();
    let value = parts.next();
    if value.is_none() && is_complete {
        return Err("it has no colon; the header before may have a line break in its value");
    }
    if name.ends_with(b" ") || name.ends_with(b"\t") {
        return Err("there is white space before the colon");
    }
    if !is_token(name) {
        return Err("the name is empty, or has a space or another character that no name may have");
    }
    let value = value.unwrap_or_default();
    if value.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') {
        return Err("the value has a control character");
    }
    Ok((name, value.trim_ascii()))
}

impl<'h> Framing<'h> {
    fn add(&mut self, name: &[u8], value: &'h [u8]) {
        if name.eq_ignore_ascii_case(b"content-length") {
            self.lengths.push(value);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.encodings.push(value);
        } else if name.eq_ignore_ascii_case(b"host") {
            self.hosts += 1;
        }
    }

    /// The fault of these headers. If they have none, the codec has another reason to refuse: [`NotHttp::Other`].
    fn fault(&self, is_http_11: bool) -> NotHttp {
        if let Some(fault) = self.fault_of_length(is_http_11) {
            return NotHttp::Length(fault);
        }
        match self.hosts {
            0 if is_http_11 => NotHttp::Host("is missing, and HTTP/1.1 requires it"),
            0 | 1 => NotHttp::Other,
            _ => NotHttp::Host("occurs more than once; send it once"),
        }
    }

    fn fault_of_length(&self, is_http_11: bool) -> Option<&'static str> {
        match (self.lengths.as_slice(), self.encodings.as_slice()) {
            ([], []) => None,
            ([_, ..], [_, ..]) => {
                Some("`content-length` and `transfer-encoding` exclude each other")
            }
            ([length], []) if is_number(length) => None,
            ([_], []) => Some("`content-length` is not a number of bytes in digits"),
            ([_, _, ..], []) => Some("there is more than one `content-length`"),
            ([], [_]) if !is_http_11 => Some("HTTP/1.0 has no `transfer-encoding`; use HTTP/1.1"),
            ([], [encoding]) if encoding.eq_ignore_ascii_case(b"chunked") => None,
            ([], [_]) => {
                Some("`transfer-encoding` is not `chunked` alone; do not compress the body")
            }
            ([], [_, _, ..]) => Some("there is more than one `transfer-encoding`"),
        }
    }
}

/// Whether the text is a number that the codec can hold, in digits only: `parse` would also take `+5`.
fn is_number(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_digit)
        && str::from_utf8(text).is_ok_and(|text| text.parse::<u64>().is_ok())
}

/// Whether the text is a name of a method or a header (RFC 9110 §5.6.2).
fn is_token(text: &[u8]) -> bool {
    let is_token_byte =
        |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !text.is_empty() && text.iter().all(is_token_byte)
}

/// The line without the line feed at its end, and the carriage return before it.
fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}
