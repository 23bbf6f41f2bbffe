//! `[sources.NAME]`: a source of lookups. The scheme of its URL decides the kind.

use std::path::PathBuf;

use url::Url;

use super::{
    Secret,
    reader::SettingsReader,
    source_names::SECTION,
    values::{
        parse_count, parse_header_secret, parse_password, parse_path, parse_secret_header_name,
    },
};
use crate::trusted_url;

/// The settings of one source.
#[derive(Debug, PartialEq, Eq)]
pub enum SourceSettings {
    /// An HTTP API.
    Http(HttpSource),
    /// A PostgreSQL database.
    Postgres(PostgresSource),
}

/// An HTTP API.
#[derive(Debug, PartialEq, Eq)]
pub struct HttpSource {
    /// `https`, or `http` to loopback. It may have a path, and has no user name, query or fragment.
    pub url: Url,
    /// A header that is sent with every question.
    pub header: Option<SourceHeader>,
    /// Certificates of a private authority, instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// The most questions at a time, at least 1.
    pub concurrency: usize,
}

/// A header whose whole value is a secret.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceHeader {
    /// The header's name, in lower case.
    pub name: String,
    /// Its value.
    pub secret: SourceSecret,
}

/// A PostgreSQL database.
#[derive(Debug, PartialEq, Eq)]
pub struct PostgresSource {
    /// `postgres` or `postgresql`, without a password. A host that starts with `%2F` is the folder of a Unix socket,
    /// and so is the parameter `host`. The only other parameter is `user`.
    pub url: Url,
    /// The password of the URL's user.
    pub password: Option<SourceSecret>,
    /// Certificates of a private authority, instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// The most connections, at least 1.
    pub connections: usize,
}

/// The secret of a source.
#[derive(Debug, PartialEq, Eq)]
pub enum SourceSecret {
    /// The secret.
    Known(Secret),
    /// The secret is in a file that was not read. See [`SecretFiles`](super::SecretFiles).
    Skipped,
}

impl SourceSecret {
    /// Returns the secret. Send it, and never show it. `None` if it was not read.
    pub fn expose(&self) -> Option<&str> {
        match self {
            Self::Known(secret) => Some(secret.expose()),
            Self::Skipped => None,
        }
    }
}

/// A valid URL of a source. Its scheme decides the kind.
enum SourceUrl {
    Http(Url),
    Postgres(Url),
}

/// The keys that only HTTP sources have, each with the key to use for a PostgreSQL source.
const HTTP_ONLY: [(&str, &str); 4] = [
    ("concurrency", "connections"),
    ("header", "password_file"),
    ("secret", "password"),
    ("secret_file", "password_file"),
];
/// The keys that only PostgreSQL sources have, each with the key to use for an HTTP source.
const POSTGRES_ONLY: [(&str, &str); 3] =
    [("connections", "concurrency"), ("password", "secret"), ("password_file", "secret_file")];

/// Reads a source. Returns `None` if a key that it requires is missing or invalid.
pub(super) fn read_source(reader: &mut SettingsReader, name: &str) -> Option<SourceSettings> {
    let section = &format!("{SECTION}.{name}");
    // Read the keys of both kinds. A key that is not read would be reported as unknown.
    let url = reader.read_required(&format!("{section}.url"), parse_source_url);
    let ca_file = reader.read_optional(&format!("{section}.ca_file"), parse_path);
    if let Some(path) = &ca_file {
        reader.files.push(path.clone());
    }
    let header = reader.read_optional(&format!("{section}.header"), parse_secret_header_name);
    let secret = reader.read_secret(&format!("{section}.secret"), parse_header_secret);
    let password = reader.read_secret(&format!("{section}.password"), parse_password);
    // Defaults and bounds are texts, as in a settings file.
    let concurrency = format!("{section}.concurrency");
    let concurrency = reader.read_bounded(&concurrency, parse_count, "32", "1"..="1024");
    let connections = format!("{section}.connections");
    let connections = reader.read_bounded(&connections, parse_count, "8", "1"..="1024");
    match url? {
        SourceUrl::Http(url) => {
            report_keys_of_other_kind(reader, section, "an HTTP source", &POSTGRES_ONLY);
            report_half_header(reader, section);
            let header = match (header, secret) {
                (Some(name), Some(secret)) => Some(SourceHeader { name, secret }),
                _ => None,
            };
            if let Some(header) = &header {
                warn_of_missing_scheme(reader, section, header);
            }
            Some(SourceSettings::Http(HttpSource { url, header, ca_file, concurrency }))
        }
        SourceUrl::Postgres(url) => {
            report_keys_of_other_kind(reader, section, "a PostgreSQL source", &HTTP_ONLY);
            Some(SourceSettings::Postgres(PostgresSource { url, password, ca_file, connections }))
        }
    }
}

/// Reports each of `other_keys` that is set. This source has the kind `kind`, and only sources of the other kind have
/// these keys.
fn report_keys_of_other_kind(
    reader: &mut SettingsReader,
    section: &str,
    kind: &str,
    other_keys: &[(&str, &str)],
) {
    for (key, instead) in other_keys {
        let key = format!("{section}.{key}");
        if reader.is_set(&key) {
            reader.report(&key, format!("{kind} has no such key; use `{instead}`"));
        }
    }
}

/// Warns of an Authorization header whose value has no space, and so no scheme.
fn warn_of_missing_scheme(reader: &mut SettingsReader, section: &str, header: &SourceHeader) {
    let Some(value) = header.secret.expose() else {
        return;
    };
    if header.name == "authorization" && !value.contains(' ') {
        reader.warnings.push(format!(
            "{section}.secret: the value of an Authorization header begins with its scheme, as in `Bearer …`"
        ));
    }
}

/// Reports a header without its secret, or a secret without its header.
fn report_half_header(reader: &mut SettingsReader, section: &str) {
    let header = format!("{section}.header");
    let secret = format!("{section}.secret");
    match (reader.is_set(&header), reader.is_secret_set(&secret)) {
        (true, false) => {
            let hint = format!("set the header's value, or `{secret}_file`");
            reader.report_missing(&secret, &hint);
        }
        (false, true) => reader.report_missing(&header, "name the header that carries the secret"),
        (true, true) | (false, false) => {}
    }
}

fn parse_source_url(text: &str) -> Result<SourceUrl, &'static str> {
    let scheme = text.split("://").next().unwrap_or_default();
    match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => parse_http_url(text).map(SourceUrl::Http),
        "postgres" | "postgresql" => parse_postgres_url(text).map(SourceUrl::Postgres),
        _ => Err("expected a URL that starts with `https://` (`http://` only on a loopback \
                  address) or `postgres://`"),
    }
}

fn parse_http_url(text: &str) -> Result<Url, &'static str> {
    let url = trusted_url::parse(text)?;
    if url.query().is_some() {
        return Err("a source's URL has no query; write it in the lookup");
    }
    Ok(url)
}

/// Reads the URL of a database. The percent-encoded host or the parameter `host` may be the folder of a Unix socket.
fn parse_postgres_url(text: &str) -> Result<Url, &'static str> {
    let expected = "expected a URL such as `postgres://user@db.example.com:5432/database`, or \
                    `postgres://user@%2Frun%2Fpostgresql/database` for a socket";
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(expected);
    }
    let url = Url::parse(text).or(Err(expected))?;
    if url.password().is_some() {
        return Err("a password is not allowed here; use `password_file`");
    }
    if url.fragment().is_some() {
        return Err("a fragment is not allowed here");
    }
    let PostgresTarget { has_host, has_user } = read_postgres_target(&url)?;
    if !has_host {
        return Err(expected);
    }
    // On a socket, the URL need not name a user: the default is that of the process. A URL without a host has the
    // socket's folder in the parameter `host`.
    let is_on_socket = url.host_str().is_none_or(|host| host.starts_with("%2F"));
    if !has_user && !is_on_socket {
        return Err(
            "the URL names no user; write it as in `postgres://user@db.example.com/database`",
        );
    }
    Ok(url)
}

/// Whether the URL of a database names a host and a user, itself or by a parameter.
struct PostgresTarget {
    has_host: bool,
    has_user: bool,
}

fn read_postgres_target(url: &Url) -> Result<PostgresTarget, &'static str> {
    let mut has_host = url.host().is_some();
    let mut has_user = !url.username().is_empty();
    for (name, value) in url.query_pairs() {
        match name.as_ref() {
            "user" => {
                if !url.username().is_empty() {
                    return Err("the URL names two users; keep one");
                }
                has_user = true;
            }
            "host" => {
                if has_host {
                    return Err("the URL names two hosts; keep one");
                }
                if !value.starts_with('/') {
                    return Err(
                        "the parameter `host` must be the absolute path of a socket's folder",
                    );
                }
                has_host = true;
            }
            _ => {
                return Err(
                    "only two parameters are allowed here: `user`, and `host` for a socket's folder",
                );
            }
        }
    }
    Ok(PostgresTarget { has_host, has_user })
}
