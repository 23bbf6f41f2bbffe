//! Each section's keys, defaults and ranges.

use std::{mem, net::SocketAddr, time::Duration};

use jiff::SignedDuration;

use super::{
    Auth, Basic, Decisions, Format, HeaderSecret, Log, OAuth, Rules, Secret, Server, Settings, Tls,
    reader::{Parsed, Reader},
};
use crate::origin;

pub(super) fn settings(reader: &mut Reader) -> Settings {
    Settings {
        server: server(reader),
        metrics: reader.get("metrics.bind", address),
        auth: Auth { basic: basic(reader), header: header(reader), oauth: oauth(reader) },
        rules: rules(reader),
        log: log(reader),
        debug_context: reader.bounded("response.debug_context", flag, ["false", "false", "true"]),
        warnings: mem::take(&mut reader.warnings),
        files: mem::take(&mut reader.files),
    }
}

fn server(reader: &mut Reader) -> Server {
    let cores = std::thread::available_parallelism().map_or(2, |cores| cores.get().min(512));
    Server {
        bind: reader.get("server.bind", address).unwrap_or(([127, 0, 0, 1], 8080).into()),
        workers: reader.bounded("server.workers", count, [&cores.to_string(), "1", "512"]),
        body_limit: reader.bounded("server.body_limit", size, ["256 KiB", "1", "64 MiB"]),
        request_timeout: reader.bounded("server.request_timeout", time, ["2500ms", "1ms", "60s"]),
        max_connections: reader.bounded("server.max_connections", count, ["1500", "1", "1000000"]),
        keep_alive: reader.bounded("server.keep_alive", time, ["75s", "1s", "3600s"]),
        drain_delay: reader.bounded("server.drain_delay", time, ["0s", "0s", "3600s"]),
        shutdown_timeout: reader.bounded("server.shutdown_timeout", time, ["10s", "0s", "3600s"]),
        tls: tls(reader),
    }
}

fn tls(reader: &mut Reader) -> Option<Tls> {
    let certificate = reader.required("server.tls.certificate", any);
    let key = reader.required::<String>("server.tls.key", any)?;
    reader.warn_if_open("server.tls.key", &key);
    Some(Tls { certificate: certificate?, key: key.into() })
}

fn basic(reader: &mut Reader) -> Option<Basic> {
    let username = reader.required("auth.basic.username", |name| {
        let why = "a user name with a colon cannot be sent (RFC 7617 §2); choose another";
        ensure(!name.contains(':'), why).and(any(name))
    });
    let passwords = reader.secrets("auth.basic.password", |password| any(password).map(Secret));
    Some(Basic { username: username?, passwords: passwords? })
}

fn header(reader: &mut Reader) -> Option<HeaderSecret> {
    let name = reader.required("auth.header.name", |name| {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let why = "this is no header name; use letters, digits and hyphens";
        ensure(name.bytes().all(token), why).and(any(&name.to_ascii_lowercase()))
    });
    let secrets = reader.secrets("auth.header.secret", |secret| {
        ensure(secret.is_ascii(), "a header carries ASCII only; use other characters")?;
        trimmed(secret).map(Secret)
    });
    Some(HeaderSecret { name: name?, secrets: secrets? })
}

fn oauth(reader: &mut Reader) -> Option<OAuth> {
    let issuer = reader.required("auth.oauth.issuer", |url| {
        // RFC 8414 §2.
        ensure(origin::trusted(url)?.query().is_none(), "an issuer has no query").and(any(url))
    });
    let audience = reader.required("auth.oauth.audience", trimmed);
    let client_ids = reader.several("auth.oauth.client_ids", any);
    let scope = reader.required("auth.oauth.scope", |token| {
        // RFC 6749 §3.3.
        let good = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
        let why = "expected visible ASCII without spaces, quotes and backslashes";
        ensure(token.bytes().all(good), why).and(any(token))
    });
    Some(OAuth {
        jwks_uri: reader.get("auth.oauth.jwks_uri", |url| any(origin::trusted(url).map(|_| url)?)),
        ca_file: reader.get("auth.oauth.ca_file", any),
        leeway: reader.bounded("auth.oauth.leeway", time, ["60s", "0s", "600s"]),
        max_stale: reader.bounded("auth.oauth.max_stale", time, ["24h", "1s", "720h"]),
        // Last, so that every key is asked for whatever is missing.
        issuer: issuer?,
        audience: audience?,
        client_ids: client_ids?,
        scope: scope?,
    })
}

fn rules(reader: &mut Reader) -> Rules {
    let directory = reader.get("rules.directory", any);
    let on = reader.read("rules.reload", |value| Ok(*value != "off".into())).unwrap_or(true);
    Rules {
        named: directory.is_some(),
        directory: directory.unwrap_or_else(|| "rules".into()),
        reload: on.then(|| reader.bounded("rules.reload", time, ["2s", "100ms", "3600s"])),
    }
}

fn log(reader: &mut Reader) -> Log {
    let format = |name: &str| match name {
        "auto" => Ok(Format::Auto),
        "human" => Ok(Format::Human),
        "json" => Ok(Format::Json),
        _ => Err("expected `auto`, `human` or `json`".into()),
    };
    Log {
        decisions: match reader.get::<String>("log.decisions", any).as_deref() {
            None | Some("stdout") => Decisions::Stdout,
            Some("off") => Decisions::Off,
            Some(file) => Decisions::File(file.into()),
        },
        format: reader.get("log.format", format).unwrap_or(Format::Auto),
        level: reader.level.unwrap_or(log::LevelFilter::Info),
    }
}

fn ensure(good: bool, why: &str) -> Parsed<()> {
    if good { Ok(()) } else { Err(why.to_owned()) }
}

fn trimmed(text: &str) -> Parsed<String> {
    let why = "white space at either end never arrives; leave it out";
    ensure(text.trim() == text, why).and(any(text))
}

/// Any text.
fn any<T: for<'t> From<&'t str>>(text: &str) -> Parsed<T> {
    Ok(text.into())
}

fn address(text: &str) -> Parsed<SocketAddr> {
    text.parse()
        .or(Err("expected an address and a port up to 65535, such as `127.0.0.1:8080`".into()))
}

fn flag(text: &str) -> Parsed<bool> {
    text.parse().or(Err("expected `true` or `false`".into()))
}

fn count(text: &str) -> Parsed<usize> {
    text.parse().or(Err("expected a whole number".into()))
}

fn time(text: &str) -> Parsed<Duration> {
    let time = text.parse::<SignedDuration>().ok().and_then(|signed| signed.try_into().ok());
    time.ok_or("expected a duration, such as `2500ms` or `75s`".into())
}

/// `256 KiB`, `64KiB`, `1 MiB` or `1000`, in bytes.
fn size(text: &str) -> Parsed<usize> {
    let text = text.to_ascii_lowercase();
    let number = |unit| text.strip_suffix(unit)?.trim_end().parse::<usize>().ok();
    [("kib", 1 << 10), ("mib", 1 << 20), ("b", 1), ("", 1)]
        .into_iter()
        .find_map(|(unit, bytes)| number(unit)?.checked_mul(bytes))
        .ok_or("expected bytes, such as `256 KiB`".into())
}
