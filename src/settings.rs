//! Settings: reads raw layers, and returns valid [`Settings`] or every problem. The only reader of the
//! environment.
//!
//! The layers are the defaults, a TOML file, `HOOK__SECTION__KEY` variables and flags. Later ones win. An
//! unknown key is a problem in every layer, even if a later layer sets the right one. No problem ever shows a value.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};

use derive_more::Display;

use crate::{
    problem::{Problem, Problems},
    proxies::Proxies,
};

mod colour;
mod layers;
mod misspelt;
mod proxies;
mod raw;
mod reader;
mod secret;
mod secret_files;
mod sections;
mod source_names;
mod sources;
mod values;
mod weak_secrets;

pub(crate) use colour::is_colour_allowed;
pub(crate) use proxies::read_proxies_from;
use reader::SettingsReader;
pub use secret::{Secret, SecretList};
pub use sources::{HttpSource, PostgresSource, SourceHeader, SourceSecret, SourceSettings};

/// The valid settings of the service.
#[derive(Debug)]
pub struct Settings {
    /// `[server]`
    pub server: ServerSettings,
    /// `metrics.bind`, the address of the metrics listener. `None` if there is no such listener.
    pub metrics: Option<SocketAddr>,
    /// `[auth]`
    pub auth: AuthSettings,
    /// `[rules]`
    pub rules: RulesSettings,
    /// `lookups.timeout`, for all lookups of one request together.
    pub lookups_timeout: Duration,
    /// `[sources.NAME]` by their names.
    pub sources: BTreeMap<String, SourceSettings>,
    /// The names of sources that have a problem, and are therefore not in `sources`.
    pub invalid_sources: Vec<String>,
    /// The proxies for outgoing HTTP. Empty if the service sends no such request.
    pub proxies: Proxies,
    /// `[log]`
    pub log: LogSettings,
    /// `response.debug_context`: whether answers carry `debugContext`.
    pub debug_context: bool,
    /// Messages about settings that are valid, but should be changed.
    pub warnings: Vec<String>,
    /// The files that the settings were read from, including those with secrets.
    pub files: Vec<PathBuf>,
}

/// The listener of the hooks, and its limits.
#[derive(Debug, PartialEq, Eq)]
pub struct ServerSettings {
    /// The address of the hooks and the probes.
    pub bind: SocketAddr,
    /// The prefix of the path of every hook and probe: empty, `/a` or `/a/b`.
    pub path_prefix: String,
    /// The number of threads that serve requests, at least 1.
    pub workers: usize,
    /// The largest request body, in bytes.
    pub body_limit: usize,
    /// The time for a whole request after its head has arrived, including its body and lookups.
    pub request_timeout: Duration,
    /// The most open connections. Each further one closes the connection that has been idle longest.
    pub max_connections: usize,
    /// How long a connection may be idle between two requests.
    pub keep_alive: Duration,
    /// How long the listener stays open after SIGTERM.
    pub drain_delay: Duration,
    /// How long requests in progress may take once the listener has closed.
    pub shutdown_timeout: Duration,
    /// The certificate for HTTPS. `None` for plain HTTP.
    pub tls: Option<TlsFiles>,
}

/// A certificate and its key, as files in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, followed by the intermediate ones.
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// The authentication methods. Any configured one admits a caller.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct AuthSettings {
    /// `[auth.basic]`
    pub basic: Option<BasicSettings>,
    /// `[auth.header]`
    pub header: Option<HeaderSettings>,
    /// `[auth.oauth]`
    pub oauth: Option<OAuthSettings>,
}

/// The user name and passwords of HTTP Basic (RFC 7617).
#[derive(Debug, PartialEq, Eq)]
pub struct BasicSettings {
    /// The name, without a colon.
    pub username: String,
    /// The passwords that admit this user.
    pub passwords: SecretList,
}

/// A header whose whole value is a secret.
#[derive(Debug, PartialEq, Eq)]
pub struct HeaderSettings {
    /// The header's name, in lower case.
    pub name: String,
    /// The values that admit a caller.
    pub secrets: SecretList,
}

/// OAuth 2.0 access tokens.
#[derive(Debug, PartialEq, Eq)]
pub struct OAuthSettings {
    /// The name of the authorization server, exactly as in the claim `iss`.
    pub(crate) issuer: String,
    pub(crate) audience: String,
    /// The clients that may call, at least one.
    pub(crate) client_ids: Vec<String>,
    /// The claim that names the client. `None` for `cid`, or `client_id` if the token has no `cid`.
    pub(crate) client_claim: Option<String>,
    pub(crate) scope: String,
    /// The claim that lists the scopes. `None` for `scp`, or `scope` if the token has no `scp`.
    pub(crate) scope_claim: Option<String>,
    /// The URL of the key set. `None` to read it from the issuer's metadata.
    pub(crate) jwks_uri: Option<String>,
    /// Certificates of a private authority, instead of the system's.
    pub(crate) ca_file: Option<PathBuf>,
    /// How far the issuer's clock and ours may differ.
    pub(crate) leeway: Duration,
    /// The greatest age of keys while no newer ones can be fetched.
    pub(crate) max_stale: Duration,
}

/// The rules folder, and how often it is checked.
#[derive(Debug, PartialEq, Eq)]
pub struct RulesSettings {
    /// The path of the folder.
    pub directory: PathBuf,
    /// Whether a layer sets the path. If not, the path is the default, and built-in rules may stand in for the folder.
    pub is_directory_set: bool,
    /// The time within which a changed file becomes active. `None` to reload on SIGHUP only.
    pub reload: Option<Duration>,
}

/// Decision lines, and the level of messages.
#[derive(Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// The target of decision lines.
    pub decisions: LogTarget,
    /// The format of decision lines.
    pub format: LogFormat,
    /// The lowest level of our own messages (`RUST_LOG`).
    pub level: log::LevelFilter,
}

/// The target of decision lines.
#[derive(Clone, Debug, PartialEq, Eq, Display)]
pub enum LogTarget {
    /// Standard output.
    #[display("standard output")]
    Stdout,
    /// A file that is appended to.
    #[display("`{}`", _0.display())]
    File(PathBuf),
    /// No decision lines.
    #[display("no target")]
    Off,
}

/// The format of decision lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// `Human` on a terminal, otherwise `Json`.
    Auto,
    /// One readable line per request.
    Human,
    /// One JSON object per line.
    Json,
}

/// The raw layers that settings are read from.
#[derive(Default)]
pub struct Layers {
    /// The settings file of `--config`. `None` for `registration-hook.toml`, which may be missing.
    pub file: Option<PathBuf>,
    /// The rules folder of `--rules`.
    pub rules: Option<PathBuf>,
    /// The variables of the process, or of a test.
    pub environment: Vec<(String, Vec<u8>)>,
    /// Whether to read the files that hold secrets.
    pub secret_files: SecretFiles,
}

/// Whether to read the files that hold secrets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SecretFiles {
    /// Read them. The service needs them.
    Read,
    /// Read them. A missing file with the secret of a source is only a warning. `check` does this, since it may run
    /// on a machine that has no secrets.
    ReadPresent,
    /// Skip them. The other subcommands need no secret.
    #[default]
    Skip,
}

/// The variables of a process. A value may have bytes that are not UTF-8.
pub type Environment = [(String, Vec<u8>)];

/// Returns the environment of this process.
pub fn environment() -> Vec<(String, Vec<u8>)> {
    let mut variables = Vec::new();
    for (name, value) in std::env::vars_os() {
        // The names of our variables are ASCII, so a name that is not UTF-8 is not ours.
        if let Ok(name) = name.into_string() {
            variables.push((name, value.into_encoded_bytes()));
        }
    }
    variables
}

/// The result of reading all layers.
#[derive(Debug)]
pub struct LoadedSettings {
    /// The settings. A setting whose value is invalid has its default.
    pub settings: Settings,
    /// The problems. The settings are valid if there are none.
    pub problems: Problems,
}

/// Reads all layers. Fails only if the settings file cannot be read.
pub fn load(layers: &Layers) -> Result<LoadedSettings, Problem> {
    let mut reader = SettingsReader::default();
    reader.merge_layers(layers)?;
    let mut settings = sections::read_settings(&mut reader);
    let mut problems = reader.problems;
    if proxies::are_used(&settings) {
        settings.proxies = proxies::read_proxies(layers, &mut problems);
    }
    weak_secrets::warn_of_weak_secrets(&mut settings);
    // If secrets were skipped or settings are invalid, `settings.auth` may lack a method that is configured.
    if layers.secret_files != SecretFiles::Skip && problems.is_empty() {
        report_open_address(&settings, &mut problems);
    }
    Ok(LoadedSettings { settings, problems })
}

/// Reports an address that other machines can reach, if no authentication method is configured.
fn report_open_address(settings: &Settings, problems: &mut Problems) {
    let bind = settings.server.bind;
    if settings.auth.is_configured() || bind.ip().is_loopback() {
        return;
    }
    let why = format!(
        "no authentication method is configured, so the service may only listen on a loopback \
         address, not `{bind}`; set `auth.basic.username` and `auth.basic.password`, or \
         [auth.header] or [auth.oauth]"
    );
    problems.push(Problem::named("server.bind", why));
}

impl AuthSettings {
    /// Whether any authentication method is configured.
    pub fn is_configured(&self) -> bool {
        self.basic.is_some() || self.header.is_some() || self.oauth.is_some()
    }
}

impl Settings {
    /// Whether two settings are equal in all parts that need a restart. `auth` and `sources` may differ, since
    /// they are reloaded. So may `proxies`, which only these two use.
    pub fn equals_apart_from_reloaded_parts(&self, other: &Self) -> bool {
        self.server == other.server
            && self.metrics == other.metrics
            && self.rules == other.rules
            && self.lookups_timeout == other.lookups_timeout
            && self.log == other.log
            && self.debug_context == other.debug_context
    }
}
