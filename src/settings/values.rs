//! Reads the text of a setting as a value of its type. An error describes a valid text, and never repeats
//! the present one, which may be a secret.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use jiff::SignedDuration;
use url::Url;

use super::{LogFormat, LogTarget, Secret};
use crate::trusted_url;

/// Units of sizes, in lower case, each with its number of bytes.
const SIZE_UNITS: [(&str, usize); 4] = [("kib", 1 << 10), ("mib", 1 << 20), ("b", 1), ("", 1)];

/// Any text.
pub(super) fn parse_text(text: &str) -> Result<String, &'static str> {
    Ok(text.to_owned())
}

/// A path to a file or folder.
pub(super) fn parse_path(text: &str) -> Result<PathBuf, &'static str> {
    Ok(text.into())
}

/// The prefix of every hook's path. The result has a slash before each segment and none at the end.
pub(super) fn parse_path_prefix(text: &str) -> Result<String, &'static str> {
    let expected = "expected a path such as `/okta`, whose segments have letters, digits, `-`, `_`, \
                    `.` and `~`";
    let mut prefix = String::new();
    let path = text.trim_matches('/');
    if path.is_empty() {
        return Ok(prefix);
    }
    for segment in path.split('/') {
        let is_plain = segment.bytes().all(is_unreserved_byte);
        if !is_plain || matches!(segment, "" | "." | "..") {
            return Err(expected);
        }
        prefix.push('/');
        prefix.push_str(segment);
    }
    Ok(prefix)
}

/// Whether a byte stands for itself in a path (RFC 3986 §2.3).
fn is_unreserved_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// An IP address with a port.
pub(super) fn parse_address(text: &str) -> Result<SocketAddr, &'static str> {
    let expected = "expected an address and a port up to 65535, such as `127.0.0.1:8080`";
    text.parse().or(Err(expected))
}

pub(super) fn parse_flag(text: &str) -> Result<bool, &'static str> {
    text.parse().or(Err("expected `true` or `false`"))
}

/// A whole number that is not negative.
pub(super) fn parse_count(text: &str) -> Result<usize, &'static str> {
    text.parse().or(Err("expected a whole number"))
}

/// A duration, such as `2500ms`.
pub(super) fn parse_duration(text: &str) -> Result<Duration, &'static str> {
    let expected = "expected a duration, such as `2500ms` or `75s`";
    match text.parse::<SignedDuration>() {
        Ok(duration) => duration.try_into().or(Err(expected)),
        Err(_) => Err(expected),
    }
}

/// A number of bytes: `256 KiB`, `64KiB`, `1 MiB` or `1000`.
pub(super) fn parse_size(text: &str) -> Result<usize, &'static str> {
    let text = text.to_ascii_lowercase();
    for (unit, bytes) in SIZE_UNITS {
        if let Some(number) = text.strip_suffix(unit)
            && let Ok(number) = number.trim_end().parse::<usize>()
            && let Some(size) = number.checked_mul(bytes)
        {
            return Ok(size);
        }
    }
    Err("expected bytes, such as `256 KiB`")
}

/// The user name of HTTP Basic authentication.
pub(super) fn parse_username(text: &str) -> Result<String, &'static str> {
    if text.contains(':') {
        return Err("a user name with a colon cannot be sent (RFC 7617 §2); choose another");
    }
    parse_text(text)
}

/// The password of HTTP Basic authentication.
pub(super) fn parse_password(text: &str) -> Result<Secret, &'static str> {
    parse_text(text).map(Secret)
}

/// The name of any header (RFC 9110 §5.1), in lower case.
fn parse_header_name(text: &str) -> Result<String, &'static str> {
    if !text.bytes().all(is_token_byte) {
        return Err("this is not a header name; use letters, digits and hyphens");
    }
    Ok(text.to_ascii_lowercase())
}

/// Headers that HTTP, Okta or a proxy sets in every request.
const SET_BY_OTHERS: [&str; 16] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "expect",
    "forwarded",
    "host",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
];

/// The name of a header that carries a secret, in lower case.
pub(super) fn parse_secret_header_name(text: &str) -> Result<String, &'static str> {
    let name = parse_header_name(text)?;
    if SET_BY_OTHERS.contains(&name.as_str()) {
        return Err(
            "HTTP or the caller sets this header itself; choose another, such as `x-hook-secret`",
        );
    }
    Ok(name)
}

/// Whether a byte may occur in a token of HTTP (RFC 9110 §5.6.2).
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// A secret that is the whole value of a header.
pub(super) fn parse_header_secret(text: &str) -> Result<Secret, &'static str> {
    if !text.is_ascii() {
        return Err("a header can only carry ASCII; choose a secret without other characters");
    }
    parse_without_outer_space(text).map(Secret)
}

/// A text without white space at its ends. Refuses such white space, and does not remove it.
pub(super) fn parse_without_outer_space(text: &str) -> Result<String, &'static str> {
    if text.trim() != text {
        return Err("white space at the start or end would be lost in transit; remove it");
    }
    parse_text(text)
}

/// The name of an authorization server (RFC 8414 §2).
pub(super) fn parse_issuer(text: &str) -> Result<String, &'static str> {
    let url = trusted_url::parse(text)?;
    if url.query().is_some() {
        return Err("an issuer's URL has no query; remove it");
    }
    if is_org_server(&url) {
        return Err(
            "only Okta can verify tokens of an org authorization server; name a custom one, such as \
             `https://example.okta.com/oauth2/default`",
        );
    }
    parse_text(text)
}

/// Whether this is the org authorization server of an Okta org, by its domain and path.
fn is_org_server(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let is_okta =
        [".okta.com", ".oktapreview.com", ".okta-emea.com"].iter().any(|end| host.ends_with(end));
    is_okta && matches!(url.path().trim_end_matches('/'), "" | "/oauth2")
}

/// A trusted URL, as text.
pub(super) fn parse_url(text: &str) -> Result<String, &'static str> {
    trusted_url::parse(text)?;
    parse_text(text)
}

/// A single OAuth scope (RFC 6749 §3.3).
pub(super) fn parse_scope(text: &str) -> Result<String, &'static str> {
    if !text.bytes().all(is_scope_byte) {
        return Err("expected visible ASCII without spaces, quotes and backslashes");
    }
    parse_text(text)
}

fn is_scope_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b'"' && byte != b'\\'
}

pub(super) fn parse_log_target(text: &str) -> Result<LogTarget, &'static str> {
    match text {
        "stdout" => Ok(LogTarget::Stdout),
        "off" => Ok(LogTarget::Off),
        file => Ok(LogTarget::File(file.into())),
    }
}

pub(super) fn parse_log_format(text: &str) -> Result<LogFormat, &'static str> {
    match text {
        "auto" => Ok(LogFormat::Auto),
        "human" => Ok(LogFormat::Human),
        "json" => Ok(LogFormat::Json),
        _ => Err("expected `auto`, `human` or `json`"),
    }
}
