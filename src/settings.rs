//! Settings: raw layers in, valid [`Settings`] out, or every problem. The only reader of the
//! environment.
//!
//! Layers, later wins: defaults, a TOML file, `HOOK__SECTION__KEY` variables, flags. A key that is
//! unknown in any layer is a problem of that layer. No problem ever shows a value.

use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

use crate::problem::{Problem, Problems};

mod layers;
mod reader;
mod sections;

use reader::Reader;

/// What the service runs with.
#[derive(Debug)]
pub struct Settings {
    /// `[server]`
    pub server: Server,
    /// `[metrics]`, the address of its listener.
    pub metrics: Option<SocketAddr>,
    /// `[auth]`
    pub auth: Auth,
    /// `[rules]`
    pub rules: Rules,
    /// `[log]`
    pub log: Log,
    /// `[response]`, whether answers carry `debugContext`.
    pub debug_context: bool,
    /// What is no problem and should be changed.
    pub warnings: Vec<String>,
    /// The files that all this is read from, those with secrets among them.
    pub files: Vec<PathBuf>,
}

/// Where and within what bounds the service answers.
#[derive(Debug, PartialEq, Eq)]
pub struct Server {
    /// The address of the hooks and the probes.
    pub bind: SocketAddr,
    /// Threads that serve, from 1.
    pub workers: usize,
    /// The largest body, in bytes.
    pub body_limit: usize,
    /// The time for a whole request once its head is read, body included.
    pub request_timeout: Duration,
    /// Connections at a time; further ones wait to be accepted.
    pub max_connections: usize,
    /// How long a connection may be idle between requests.
    pub keep_alive: Duration,
    /// After SIGTERM, how long to go on before the listener closes.
    pub drain_delay: Duration,
    /// After that, how long to wait for requests in flight.
    pub shutdown_timeout: Duration,
    /// What HTTPS is served with; plain HTTP without it.
    pub tls: Option<Tls>,
}

/// Files in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The certificate, and those that lead to its authority.
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// The ways in. Any configured one admits a caller.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Auth {
    /// `[auth.basic]`
    pub basic: Option<Basic>,
    /// `[auth.header]`
    pub header: Option<HeaderSecret>,
    /// `[auth.oauth]`
    pub oauth: Option<OAuth>,
}

/// RFC 7617 credentials.
#[derive(Debug, PartialEq, Eq)]
pub struct Basic {
    /// The one user.
    pub username: String,
    /// At least one; two while one is being rotated.
    pub passwords: Vec<Secret>,
}

/// A header that carries a secret verbatim.
#[derive(Debug, PartialEq, Eq)]
pub struct HeaderSecret {
    /// The header's name, in lower case.
    pub name: String,
    /// At least one; two while one is being rotated.
    pub secrets: Vec<Secret>,
}

/// OAuth 2.0 access tokens.
#[derive(Debug, PartialEq, Eq)]
pub struct OAuth {
    /// The authorization server's, as its tokens say it.
    pub(crate) issuer: String,
    pub(crate) audience: String,
    /// Those that may call; at least one.
    pub(crate) client_ids: Vec<String>,
    pub(crate) scope: String,
    /// The key set, where the issuer's metadata are not to be asked for it.
    pub(crate) jwks_uri: Option<String>,
    /// A private authority's certificates, in place of the system's.
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) leeway: Duration,
    /// How old keys may become while the issuer gives no newer ones.
    pub(crate) max_stale: Duration,
}

/// A secret, which is never printed.
#[derive(PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret itself; for comparing, not for showing.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(…)")
    }
}

/// Where the rules are.
#[derive(Debug, PartialEq, Eq)]
pub struct Rules {
    /// The folder.
    pub directory: PathBuf,
    /// Whether somebody named it, as opposed to the default.
    pub named: bool,
    /// Within what time a changed file is in force; nothing for on SIGHUP only.
    pub reload: Option<Duration>,
}

/// What is written about requests.
#[derive(Debug, PartialEq, Eq)]
pub struct Log {
    /// Where decision lines go.
    pub decisions: Decisions,
    /// How they are written.
    pub format: Format,
    /// The least level of our own messages (`RUST_LOG`).
    pub level: log::LevelFilter,
}

/// Where decision lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decisions {
    /// Standard output.
    Stdout,
    /// A file that is appended to.
    File(PathBuf),
    /// Nowhere.
    Off,
}

/// How decision lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people on a terminal, else JSON.
    Auto,
    /// One readable line a request.
    Human,
    /// One JSON object a line.
    Json,
}

/// What settings are read from.
#[derive(Default)]
pub struct Sources {
    /// `--config`
    pub file: Option<PathBuf>,
    /// `--rules`
    pub rules: Option<PathBuf>,
    /// The process environment, or a test's.
    pub environment: Vec<(String, Vec<u8>)>,
    /// Whether to read the files that hold secrets, which only the service itself needs.
    pub secrets: bool,
}

/// The environment of this process.
pub fn environment() -> Vec<(String, Vec<u8>)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_encoded_bytes())))
        .collect()
}

/// Reads, merges and validates all layers. What is at fault has its default, and a problem.
///
/// # Errors
///
/// The settings file cannot be read.
pub fn load(sources: &Sources) -> Result<(Settings, Problems), Problem> {
    let mut reader = Reader::default();
    // Keys are written where they are read, and nowhere else: reading nothing tells all there are.
    sections::settings(&mut reader);
    reader.merge_layers(sources)?;
    let settings = sections::settings(&mut reader);
    let bind = settings.server.bind;
    let open = !settings.auth.is_configured() && !bind.ip().is_loopback();
    if open && sources.secrets && reader.problems.is_empty() {
        let why = format!(
            "no way in is configured, so only a loopback address may be served, not `{bind}`; \
             set `auth.basic.username` and `auth.basic.password`, or [auth.header] or [auth.oauth]"
        );
        reader.problems.push(Problem::named("server.bind", why));
    }
    Ok((settings, reader.problems))
}

impl Auth {
    /// Whether anybody configured a way in.
    pub fn is_configured(&self) -> bool {
        self.basic.is_some() || self.header.is_some() || self.oauth.is_some()
    }
}

impl Settings {
    /// Whether these settings and others differ, if at all, in `auth`.
    pub fn same_but_for_auth(&self, other: &Self) -> bool {
        (&self.server, &self.metrics, &self.rules, &self.log, self.debug_context)
            == (&other.server, &other.metrics, &other.rules, &other.log, other.debug_context)
    }
}
