//! The keys of each section, with their defaults and bounds.

use std::{collections::BTreeMap, mem, ops::RangeInclusive, thread, time::Duration};

use super::{
    AuthSettings, BasicSettings, HeaderSettings, LogFormat, LogSettings, LogTarget, OAuthSettings,
    RulesSettings, ServerSettings, Settings, SourceSettings, TlsFiles,
    reader::SettingsReader,
    sources::read_source,
    values::{
        parse_address, parse_count, parse_duration, parse_header_secret, parse_issuer,
        parse_log_format, parse_log_target, parse_password, parse_path, parse_scope,
        parse_secret_header_name, parse_size, parse_text, parse_url, parse_username,
        parse_without_outer_space,
    },
};
use crate::proxies::Proxies;

/// The most workers that a setting or the number of cores can give.
const MOST_WORKERS: usize = 512;
/// The number of workers by default if the number of cores is not known.
const DEFAULT_WORKERS: &str = "2";

/// How long Okta waits for an answer.
const OKTA_TIMEOUT: Duration = Duration::from_secs(3);

/// Reads every section. Each function below reads all of its keys before it returns, even if one is missing:
/// a key that is not read would be reported as unknown.
pub(super) fn read_settings(reader: &mut SettingsReader) -> Settings {
    let server = read_server(reader);
    let sources = read_sources(reader);
    let mut invalid_sources = reader.source_names.to_vec();
    invalid_sources.retain(|name| !sources.contains_key(name));
    warn_of_long_timeout(reader, server.request_timeout);
    Settings {
        lookups_timeout: read_lookups_timeout(reader, server.request_timeout),
        sources,
        invalid_sources,
        proxies: Proxies::default(),
        server,
        metrics: reader.read_optional("metrics.bind", parse_address),
        auth: AuthSettings {
            basic: read_basic(reader),
            header: read_header(reader),
            oauth: read_oauth(reader),
        },
        rules: read_rules(reader),
        log: read_log(reader),
        debug_context: reader.read_flag("response.debug_context"),
        warnings: mem::take(&mut reader.warnings),
        files: mem::take(&mut reader.files),
    }
}

fn read_server(reader: &mut SettingsReader) -> ServerSettings {
    let cores = match thread::available_parallelism() {
        Ok(cores) => cores.get().min(MOST_WORKERS).to_string(),
        Err(_) => DEFAULT_WORKERS.to_owned(),
    };
    let bind = reader.read_optional("server.bind", parse_address);
    // Defaults and bounds are texts, as in a settings file.
    ServerSettings {
        bind: bind.unwrap_or(([127, 0, 0, 1], 8080).into()),
        path_prefix: reader.read_path_prefix("server.path_prefix"),
        workers: reader.read_bounded("server.workers", parse_count, &cores, "1"..="512"),
        body_limit: reader.read_bounded("server.body_limit", parse_size, "256 KiB", "1"..="64 MiB"),
        request_timeout: read_duration(reader, "server.request_timeout", "2500ms", "1ms"..="60s"),
        max_connections: reader.read_bounded(
            "server.max_connections",
            parse_count,
            "1500",
            "1"..="1000000",
        ),
        keep_alive: read_duration(reader, "server.keep_alive", "75s", "1s"..="3600s"),
        drain_delay: read_duration(reader, "server.drain_delay", "0s", "0s"..="3600s"),
        shutdown_timeout: read_duration(reader, "server.shutdown_timeout", "10s", "0s"..="3600s"),
        tls: read_tls(reader),
    }
}

fn read_duration(
    reader: &mut SettingsReader,
    key: &str,
    default: &str,
    bounds: RangeInclusive<&str>,
) -> Duration {
    reader.read_bounded(key, parse_duration, default, bounds)
}

fn read_tls(reader: &mut SettingsReader) -> Option<TlsFiles> {
    let certificate = reader.read_required("server.tls.certificate", parse_path);
    let key = reader.read_required("server.tls.key", parse_path)?;
    reader.warn_if_world_readable("server.tls.key", &key);
    Some(TlsFiles { certificate: certificate?, key })
}

fn read_basic(reader: &mut SettingsReader) -> Option<BasicSettings> {
    let username = reader.read_required("auth.basic.username", parse_username);
    let passwords = reader.read_secrets("auth.basic.password", parse_password);
    Some(BasicSettings { username: username?, passwords: passwords? })
}

fn read_header(reader: &mut SettingsReader) -> Option<HeaderSettings> {
    let name = reader.read_required("auth.header.name", parse_secret_header_name);
    let secrets = reader.read_secrets("auth.header.secret", parse_header_secret);
    Some(HeaderSettings { name: name?, secrets: secrets? })
}

fn read_oauth(reader: &mut SettingsReader) -> Option<OAuthSettings> {
    let issuer = reader.read_required("auth.oauth.issuer", parse_issuer);
    let audience = reader.read_required("auth.oauth.audience", parse_without_outer_space);
    let client_ids = reader.read_required_list("auth.oauth.client_ids", parse_text);
    let client_claim = reader.read_optional("auth.oauth.client_claim", parse_text);
    let scope = reader.read_required("auth.oauth.scope", parse_scope);
    let scope_claim = reader.read_optional("auth.oauth.scope_claim", parse_text);
    let jwks_uri = reader.read_optional("auth.oauth.jwks_uri", parse_url);
    let ca_file = reader.read_optional("auth.oauth.ca_file", parse_path);
    if let Some(path) = &ca_file {
        reader.files.push(path.clone());
    }
    let leeway = read_duration(reader, "auth.oauth.leeway", "60s", "0s"..="600s");
    let max_stale = read_duration(reader, "auth.oauth.max_stale", "24h", "1s"..="720h");
    Some(OAuthSettings {
        issuer: issuer?,
        audience: audience?,
        client_ids: client_ids?,
        client_claim,
        scope: scope?,
        scope_claim,
        jwks_uri,
        ca_file,
        leeway,
        max_stale,
    })
}

fn read_rules(reader: &mut SettingsReader) -> RulesSettings {
    let directory = reader.read_optional("rules.directory", parse_path);
    RulesSettings {
        is_directory_set: directory.is_some(),
        directory: directory.unwrap_or_else(|| "rules".into()),
        reload: read_reload(reader),
    }
}

/// Reads `rules.reload`: a duration, or `off`.
fn read_reload(reader: &mut SettingsReader) -> Option<Duration> {
    const KEY: &str = "rules.reload";
    if reader.is_set_to(KEY, "off") {
        return None;
    }
    Some(read_duration(reader, KEY, "2s", "100ms"..="3600s"))
}

/// Warns of a time limit for requests that is longer than Okta waits.
fn warn_of_long_timeout(reader: &mut SettingsReader, request_timeout: Duration) {
    if request_timeout >= OKTA_TIMEOUT {
        let warning = "server.request_timeout: Okta waits 3 s for an answer, so a later one is lost; shorten it";
        reader.warnings.push(warning.to_owned());
    }
}

/// Reads `lookups.timeout`, which must be less than `server.request_timeout`. If it is not less, returns three fifths
/// of the request timeout, as the default of 1500 ms is of 2500 ms. Reports it only if it is set.
fn read_lookups_timeout(reader: &mut SettingsReader, request_timeout: Duration) -> Duration {
    const KEY: &str = "lookups.timeout";
    let timeout = read_duration(reader, KEY, "1500ms", "100ms"..="60s");
    if timeout < request_timeout {
        return timeout;
    }
    if reader.is_set(KEY) {
        reader.report(
            KEY,
            "this is not less than `server.request_timeout`; lower it, or raise that setting",
        );
    }
    request_timeout * 3 / 5
}

fn read_sources(reader: &mut SettingsReader) -> BTreeMap<String, SourceSettings> {
    let mut sources = BTreeMap::new();
    for name in reader.source_names.to_vec() {
        if let Some(source) = read_source(reader, &name) {
            sources.insert(name, source);
        }
    }
    sources
}

fn read_log(reader: &mut SettingsReader) -> LogSettings {
    let decisions = reader.read_optional("log.decisions", parse_log_target);
    let format = reader.read_optional("log.format", parse_log_format);
    LogSettings {
        decisions: decisions.unwrap_or(LogTarget::Stdout),
        format: format.unwrap_or(LogFormat::Auto),
        level: reader.log_level.unwrap_or(log::LevelFilter::Info),
    }
}
