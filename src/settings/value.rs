//! What values say, or what would be right in their place.

use std::{net::SocketAddr, time::Duration};

use config::ValueKind;
use jiff::SignedDuration;

/// What is read, or what is wrong with it, which never repeats it.
pub(super) type Parsed<T> = Result<T, String>;

/// How a text is read.
pub(super) type Parse<T> = fn(&str) -> Parsed<T>;

/// A string. A number is none: `0012` or `1e3` would not stay what somebody wrote.
pub(super) fn string(value: &ValueKind) -> Parsed<&str> {
    match value {
        ValueKind::String(text) if text.is_empty() => Err("this may not be empty".into()),
        ValueKind::String(text) if text.contains(char::is_control) => {
            Err("a control character does not belong here; leave it out".into())
        }
        ValueKind::String(text) => Ok(text),
        _ => Err("expected a string, in quotes".into()),
    }
}

/// One string or several, each parsed; several of the environment are a table of their indices.
pub(super) fn each<T>(value: &ValueKind, parse: Parse<T>) -> Parsed<Vec<T>> {
    let values: Option<Vec<_>> = match value {
        ValueKind::String(_) => Some(vec![value]),
        ValueKind::Array(items) => Some(items.iter().map(|item| &item.kind).collect()),
        ValueKind::Table(items) => {
            (0..items.len()).map(|index| Some(&items.get(&index.to_string())?.kind)).collect()
        }
        _ => None,
    };
    let values = values.ok_or(
        "expected a string or a list of strings (in variables numbered from `__0`), in quotes",
    )?;
    match values.is_empty() {
        true => Err("this may not be empty".into()),
        false => values.into_iter().map(|value| string(value).and_then(parse)).collect(),
    }
}

/// Any text.
pub(super) fn any<T: for<'t> From<&'t str>>(text: &str) -> Parsed<T> {
    Ok(text.into())
}

pub(super) fn address(text: &str) -> Parsed<SocketAddr> {
    text.parse()
        .or(Err("expected an address and a port up to 65535, such as `127.0.0.1:8080`".into()))
}

pub(super) fn flag(text: &str) -> Parsed<bool> {
    text.parse().or(Err("expected `true` or `false`".into()))
}

pub(super) fn count(text: &str) -> Parsed<usize> {
    text.parse().or(Err("expected a whole number".into()))
}

pub(super) fn time(text: &str) -> Parsed<Duration> {
    let time = text.parse::<SignedDuration>().ok().and_then(|signed| signed.try_into().ok());
    time.ok_or("expected a duration, such as `2500ms` or `75s`".into())
}

/// `256 KiB`, `64KiB`, `1 MiB` or `1000`, in bytes.
pub(super) fn size(text: &str) -> Parsed<usize> {
    let text = text.to_ascii_lowercase();
    let number = |unit| text.strip_suffix(unit)?.trim_end().parse::<usize>().ok();
    [("kib", 1 << 10), ("mib", 1 << 20), ("b", 1), ("", 1)]
        .into_iter()
        .find_map(|(unit, bytes)| number(unit)?.checked_mul(bytes))
        .ok_or("expected bytes, such as `256 KiB`".into())
}
