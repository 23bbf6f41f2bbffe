//! Reads the text of a setting as a value of its type.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use jiff::SignedDuration;

use super::{LogFormat, LogTarget, Secret, invalid::InvalidValue};
use crate::origin;

/// Units of sizes, in lower case, with their bytes.
const SIZE_UNITS: [(&str, usize); 4] = [("kib", 1 << 10), ("mib", 1 << 20), ("b", 1), ("", 1)];

/// Any text.
pub(super) fn parse_text(text: &str) -> Result<String, InvalidValue> {
    Ok(text.to_owned())
}

/// A path to a file or folder.
pub(super) fn parse_path(text: &str) -> Result<PathBuf, InvalidValue> {
    Ok(text.into())
}

/// An IP address with a port.
pub(super) fn parse_address(text: &str) -> Result<SocketAddr, InvalidValue> {
    let expected = "expected an address and a port up to 65535, such as `127.0.0.1:8080`";
    text.parse().or(Err(InvalidValue::Unexpected(expected)))
}

pub(super) fn parse_flag(text: &str) -> Result<bool, InvalidValue> {
    text.parse().or(Err(InvalidValue::Unexpected("expected `true` or `false`")))
}

pub(super) fn parse_count(text: &str) -> Result<usize, InvalidValue> {
    text.parse().or(Err(InvalidValue::Unexpected("expected a whole number")))
}

/// A duration, such as `2500ms`.
pub(super) fn parse_duration(text: &str) -> Result<Duration, InvalidValue> {
    let expected = "expected a duration, such as `2500ms` or `75s`";
    match text.parse::<SignedDuration>() {
        Ok(duration) => duration.try_into().or(Err(InvalidValue::Unexpected(expected))),
        Err(_) => Err(InvalidValue::Unexpected(expected)),
    }
}

/// A number of bytes: `256 KiB`, `64KiB`, `1 MiB` or `1000`.
pub(super) fn parse_size(text: &str) -> Result<usize, InvalidValue> {
    let text = text.to_ascii_lowercase();
    for (unit, bytes) in SIZE_UNITS {
        if let Some(number) = text.strip_suffix(unit)
            && let Ok(number) = number.trim_end().parse::<usize>()
            && let Some(size) = number.checked_mul(bytes)
        {
            return Ok(size);
        }
    }
    Err(InvalidValue::Unexpected("expected bytes, such as `256 KiB`"))
}

/// The user name of HTTP Basic authentication.
pub(super) fn parse_username(text: &str) -> Result<String, InvalidValue> {
    if text.contains(':') {
        let why = "a user name with a colon cannot be sent (RFC 7617 §2); choose another";
        return Err(InvalidValue::Unexpected(why));
    }
    parse_text(text)
}

pub(super) fn parse_password(text: &str) -> Result<Secret, InvalidValue> {
    parse_text(text).map(Secret)
}

/// The name of a header (RFC 9110 §5.1), in lower case.
pub(super) fn parse_header_name(text: &str) -> Result<String, InvalidValue> {
    if !text.bytes().all(is_token_byte) {
        let why = "this is not a header name; use letters, digits and hyphens";
        return Err(InvalidValue::Unexpected(why));
    }
    Ok(text.to_ascii_lowercase())
}

/// Whether a byte may occur in a token of HTTP (RFC 9110 §5.6.2).
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// A secret that is the whole value of a header.
pub(super) fn parse_header_secret(text: &str) -> Result<Secret, InvalidValue> {
    if !text.is_ascii() {
        let why = "a header carries ASCII only; use other characters";
        return Err(InvalidValue::Unexpected(why));
    }
    parse_trimmed(text).map(Secret)
}

/// Text without white space at its ends.
pub(super) fn parse_trimmed(text: &str) -> Result<String, InvalidValue> {
    if text.trim() != text {
        let why = "white space at either end is lost on the way; remove it";
        return Err(InvalidValue::Unexpected(why));
    }
    parse_text(text)
}

/// The name of an authorization server (RFC 8414 §2).
pub(super) fn parse_issuer(text: &str) -> Result<String, InvalidValue> {
    let url = origin::trusted(text)?;
    if url.query().is_some() {
        return Err(InvalidValue::Unexpected("an issuer's URL has no query; remove it"));
    }
    parse_text(text)
}

/// A URL that is `https`, or on this machine.
pub(super) fn parse_url(text: &str) -> Result<String, InvalidValue> {
    origin::trusted(text)?;
    parse_text(text)
}

/// One OAuth scope (RFC 6749 §3.3).
pub(super) fn parse_scope(text: &str) -> Result<String, InvalidValue> {
    if !text.bytes().all(is_scope_byte) {
        let why = "expected visible ASCII without spaces, quotes and backslashes";
        return Err(InvalidValue::Unexpected(why));
    }
    parse_text(text)
}

fn is_scope_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b'"' && byte != b'\\'
}

pub(super) fn parse_log_target(text: &str) -> Result<LogTarget, InvalidValue> {
    match text {
        "stdout" => Ok(LogTarget::Stdout),
        "off" => Ok(LogTarget::Off),
        file => Ok(LogTarget::File(file.into())),
    }
}

pub(super) fn parse_log_format(text: &str) -> Result<LogFormat, InvalidValue> {
    match text {
        "auto" => Ok(LogFormat::Auto),
        "human" => Ok(LogFormat::Human),
        "json" => Ok(LogFormat::Json),
        _ => Err(InvalidValue::Unexpected("expected `auto`, `human` or `json`")),
    }
}
