//! Each section's keys, defaults and ranges.

use std::{net::Ipv4Addr, path::PathBuf, time::Duration};

use crate::origin;

use super::{
    Auth, Basic, Decisions, Format, HeaderSecret, Log, OAuth, Rules, Server, Tls, reader::Reader,
};

/// The rules folder where none is named.
const DEFAULT_RULES: &str = "rules";

pub(super) fn server(reader: &mut Reader) -> Server {
    let second = Duration::from_secs(1);
    let bind = reader.address("server.bind").unwrap_or_else(|| {
        match reader.port() {
            // The convention of platforms that route to a container.
            Some(port) => (Ipv4Addr::UNSPECIFIED, port).into(),
            None => (Ipv4Addr::LOCALHOST, 8080).into(),
        }
    });
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    Server {
        bind,
        workers: reader.count("server.workers", cores.min(512), 1..=512),
        body_limit: reader.size("server.body_limit", 256 << 10, 1..=64 << 20),
        request_timeout: reader.duration(
            "server.request_timeout",
            second * 5 / 2,
            Duration::from_millis(1)..=second * 60,
        ),
        max_connections: reader.count("server.max_connections", 25_000, 1..=1_000_000),
        keep_alive: reader.duration("server.keep_alive", second * 75, second..=second * 3600),
        drain_delay: reader.duration(
            "server.drain_delay",
            Duration::ZERO,
            Duration::ZERO..=second * 3600,
        ),
        shutdown_timeout: reader.duration(
            "server.shutdown_timeout",
            second * 10,
            Duration::ZERO..=second * 3600,
        ),
        tls: tls(reader),
    }
}

fn tls(reader: &mut Reader) -> Option<Tls> {
    if !reader.has("server.tls") {
        return None;
    }
    let certificate = reader.required_text("server.tls.certificate", |_| Ok(()));
    let key = reader.required_text("server.tls.key", |_| Ok(()));
    reader.warn_if_open("server.tls.key", key.as_deref()?);
    Some(Tls { certificate: certificate?.into(), key: key?.into() })
}

pub(super) fn auth(reader: &mut Reader) -> Auth {
    Auth { basic: basic(reader), header: header(reader), oauth: oauth(reader) }
}

fn basic(reader: &mut Reader) -> Option<Basic> {
    if !reader.has("auth.basic") {
        return None;
    }
    let username = reader.required_text("auth.basic.username", |name| {
        if name.contains(':') {
            return Err("a user name with a colon cannot be sent (RFC 7617 §2); choose another");
        }
        no_control(name)
    });
    let passwords = reader.secrets("auth.basic.password", no_control);
    Some(Basic { username: username?, passwords: passwords? })
}

fn header(reader: &mut Reader) -> Option<HeaderSecret> {
    if !reader.has("auth.header") {
        return None;
    }
    let name = reader.required_text("auth.header.name", |name| {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        match name.bytes().all(token) {
            true => Ok(()),
            false => Err("this is no header name; use letters, digits and hyphens"),
        }
    });
    let secrets = reader.secrets("auth.header.secret", |secret| {
        if secret.trim() != secret {
            return Err("white space at either end never arrives; leave it out");
        }
        match secret.is_ascii() {
            true => no_control(secret),
            false => Err("a header carries ASCII only; use other characters"),
        }
    });
    Some(HeaderSecret { name: name?.to_ascii_lowercase(), secrets: secrets? })
}

fn oauth(reader: &mut Reader) -> Option<OAuth> {
    if !reader.has("auth.oauth") {
        return None;
    }
    let url = |text: &str| origin::trusted(text).map(drop);
    // RFC 8414 §2.
    let issuer = |text: &str| match origin::trusted(text)?.query() {
        None => Ok(()),
        Some(_) => Err("an issuer has no query"),
    };
    // RFC 6749 §3.3, of a scope.
    let token = |text: &str| {
        let good = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
        match text.bytes().all(good) {
            true => Ok(()),
            false => Err("expected visible ASCII without spaces, quotes and backslashes"),
        }
    };
    let audience = |text: &str| match text.trim() == text {
        true => no_control(text),
        false => Err("white space at either end is never in a token; leave it out"),
    };
    let issuer = reader.required_text("auth.oauth.issuer", issuer);
    let audience = reader.required_text("auth.oauth.audience", audience);
    let client_ids = reader.required_list("auth.oauth.client_ids", no_control);
    let scope = reader.required_text("auth.oauth.scope", token);
    let jwks_uri = reader.valid_text("auth.oauth.jwks_uri", url);
    let ca_file = reader.text("auth.oauth.ca_file").map(PathBuf::from);
    let minute = Duration::from_secs(60);
    let leeway = reader.duration("auth.oauth.leeway", minute, Duration::ZERO..=minute * 10);
    let max_stale = reader.duration(
        "auth.oauth.max_stale",
        minute * 60 * 24,
        minute / 60..=minute * 60 * 24 * 30,
    );
    Some(OAuth {
        issuer: issuer?,
        audience: audience?,
        client_ids: client_ids?,
        scope: scope?,
        jwks_uri,
        ca_file,
        leeway,
        max_stale,
    })
}

fn no_control(text: &str) -> Result<(), &'static str> {
    match text.chars().any(char::is_control) {
        true => Err("a control character cannot be sent; leave it out"),
        false => Ok(()),
    }
}

pub(super) fn rules(reader: &mut Reader) -> Rules {
    let second = Duration::from_secs(1);
    let directory = reader.text("rules.directory");
    Rules {
        named: directory.is_some(),
        directory: directory.map_or_else(|| DEFAULT_RULES.into(), PathBuf::from),
        reload: reader.interval("rules.reload", second * 2, second / 10..=second * 3600),
    }
}

pub(super) fn log(reader: &mut Reader) -> Log {
    Log {
        decisions: match reader.text("log.decisions").as_deref() {
            None | Some("stdout") => Decisions::Stdout,
            Some("off") => Decisions::Off,
            Some(path) => Decisions::File(path.into()),
        },
        format: reader.choice(
            "log.format",
            &[("auto", Format::Auto), ("human", Format::Human), ("json", Format::Json)],
        ),
        level: reader.level(),
    }
}
