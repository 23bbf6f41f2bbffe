//! `serve`: runs the service.

use std::{
    io, mem,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{Arc, atomic::AtomicBool, mpsc::sync_channel},
};

use ring::rand::{SecureRandom as _, SystemRandom};
use rustls::sign::CertifiedKey;

use super::{CliError, ExitStatus, SharedFlags, banner::Banner, messages, preview, rules_source};
use crate::{
    auth::Reason,
    certificate, clock,
    credentials::Credentials,
    decision_log::DecisionLog,
    load::{self, Loaded, Purpose, RulesSource},
    lookup::{Sources, source_kinds},
    metrics::Metrics,
    reload::{self, Target},
    server::{self, State, Stopped, Warnings},
    settings::{SecretFiles, ServerSettings, Settings},
    state::{Live, LiveState},
};

pub(super) const EXAMPLES: &str = "\
Examples:
  registration-hook serve                           serve the hooks in `rules`
  registration-hook serve --config production.toml  serve with these settings

Exit codes: 0 stopped cleanly, 2 could not start,
130 stopped at once by a second signal";

/// The listeners of the service.
struct Listeners {
    hooks: BoundListener,
    metrics: Option<BoundListener>,
    page: Option<PageListener>,
}

/// A listener, and its address. In place of port 0, the address has the port that the system has chosen.
struct BoundListener {
    listener: TcpListener,
    address: SocketAddr,
}

/// The listener of the preview page, and the token in the page's path.
struct PageListener {
    listener: TcpListener,
    token: String,
}

pub(super) fn run(flags: &SharedFlags) -> Result<ExitStatus, CliError> {
    run_with_page(flags, None)
}

/// Runs the service, with the preview page on this port if there is one.
pub(super) fn run_with_page(
    flags: &SharedFlags,
    page_port: Option<u16>,
) -> Result<ExitStatus, CliError> {
    // A SIGHUP during the start would end the process.
    server::ignore_sighup()?;
    let mut settings = flags.load_valid_settings(SecretFiles::Read)?;
    let source = rules_source(&settings);
    let Loaded { rules, files } = load_rules(&source, &settings);
    let rules = rules?;
    // Dropped at the end, so that the last messages are written.
    let _messages = messages::start(settings.log.level)?;
    let certificate = read_certificate(&settings.server)?;
    let Listeners { hooks, metrics, page } = Listeners::bind(&settings, page_port)?;
    let log = start_decision_log(&settings)?;
    let generated_password = generate_password_if_needed(&settings)?;
    let live = LiveState {
        rules: Live::new(rules),
        credentials: Live::new(take_credentials(&mut settings, generated_password.as_deref())?),
        sources: Live::new(take_sources(&mut settings)?),
        certificate,
    };
    let state = Arc::new(State {
        settings: Arc::new(settings),
        live: Arc::new(live),
        draining: AtomicBool::new(false),
        warnings: Warnings::default(),
        metrics: Arc::new(new_metrics()?),
        log,
        feed: if page.is_some() { Some(Arc::default()) } else { None },
    });
    let banner = Banner {
        rules_source: source.clone(),
        address: hooks.address,
        path_prefix: &state.settings.server.path_prefix,
        metrics_address: metrics.as_ref().map(|bound| bound.address),
        generated_password: generated_password.as_deref(),
    };
    let (sighup_sender, sighups) = sync_channel(1);
    let target = Target { live: state.live.clone(), metrics: state.metrics.clone() };
    let layers = flags.layers(SecretFiles::Read);
    reload::start(target, &state.settings, layers, source, files, sighups)?;
    let metrics_listener = metrics.map(|bound| bound.listener);
    let stopped = server::run(hooks.listener, metrics_listener, &state, sighup_sender, || {
        after_start(&banner, page, &state);
    });
    finish_logs(&state);
    match stopped? {
        Stopped::Gracefully => Ok(ExitStatus::Success),
        Stopped::AtOnce => Ok(ExitStatus::Interrupted),
    }
}

/// Loads the rules, together with the files that a reload watches.
fn load_rules(source: &RulesSource, settings: &Settings) -> Loaded {
    let kinds = source_kinds(&settings.sources);
    load::load_rules(source, &clock::facts(), &kinds, Purpose::Serve).into_loaded()
}

fn start_decision_log(settings: &Settings) -> Result<Option<Arc<DecisionLog>>, CliError> {
    match DecisionLog::start(&settings.log) {
        Ok(log) => Ok(log),
        Err(error) => {
            let place = &settings.log.decisions;
            Err(CliError(format!("log.decisions: cannot open {place}: {error}")))
        }
    }
}

/// Logs how many warnings were left out, and writes the last lines of the decision log.
fn finish_logs(state: &State) {
    state.warnings.log_omitted();
    if let Some(log) = &state.log {
        log.finish();
    }
}

impl Listeners {
    fn bind(settings: &Settings, page_port: Option<u16>) -> Result<Self, CliError> {
        let hooks = bind("server.bind", settings.server.bind)?;
        let metrics = match settings.metrics {
            Some(address) => Some(bind("metrics.bind", address)?),
            None => None,
        };
        let page = match page_port {
            Some(port) => Some(bind_page(port)?),
            None => None,
        };
        Ok(Self { hooks, metrics, page })
    }
}

fn bind(key: &str, address: SocketAddr) -> Result<BoundListener, CliError> {
    let listener = server::bind(key, address)?;
    let address = listener.local_addr()?;
    Ok(BoundListener { listener, address })
}

/// Moves the authentication methods from the settings to the credentials. A reload replaces the credentials, but not
/// the settings.
fn take_credentials(
    settings: &mut Settings,
    generated_password: Option<&str>,
) -> Result<Credentials, CliError> {
    let auth = mem::take(&mut settings.auth);
    let before_reload = None;
    Ok(Credentials::new(auth, generated_password, before_reload, &settings.proxies)?)
}

/// Moves the sources of lookups out of the settings. A reload replaces the sources, but not the settings.
fn take_sources(settings: &mut Settings) -> Result<Sources, CliError> {
    let sources = mem::take(&mut settings.sources);
    Ok(Sources::new(sources, settings.lookups_timeout, &settings.proxies)?)
}

fn new_metrics() -> Result<Metrics, CliError> {
    let auth_failures: Vec<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
    Ok(Metrics::new(&auth_failures, &server::REASONS).map_err(io::Error::other)?)
}

/// Starts to check in the background whether the sources can answer. Logs a problem for each that cannot.
fn try_sources(live: &LiveState) {
    let sources = live.sources.load();
    let rules = live.rules.load();
    sources.try_apis(&rules);
    sources.verify_databases(&rules);
}

fn read_certificate(server: &ServerSettings) -> Result<Option<Arc<Live<CertifiedKey>>>, CliError> {
    match &server.tls {
        Some(files) => Ok(Some(Arc::new(Live::new(certificate::read_pair(files)?)))),
        None => Ok(None),
    }
}

/// Logs the banner, and the warnings about settings and rules. Starts the preview page, and tries the sources.
fn after_start(banner: &Banner<'_>, page: Option<PageListener>, state: &Arc<State>) {
    banner.log(&state.live);
    for warning in &state.settings.warnings {
        log::warn!("{warning}");
    }
    reload::warn_of_hidden_messages(&state.live.rules.load());
    if let Some(PageListener { listener, token }) = page {
        preview::start_page(listener, token, banner, state);
    }
    try_sources(&state.live);
}

/// Listens on loopback for the preview page.
fn bind_page(port: u16) -> Result<PageListener, CliError> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    match TcpListener::bind(address) {
        Ok(listener) => Ok(PageListener { listener, token: generate_secret()? }),
        Err(error) => Err(CliError(format!(
            "--page: cannot listen on `{address}`: {error}; choose another port"
        ))),
    }
}

/// Generates the password of `admin`. Returns `None` if an authentication method is configured.
fn generate_password_if_needed(settings: &Settings) -> Result<Option<String>, CliError> {
    if settings.auth.is_configured() { Ok(None) } else { Ok(Some(generate_secret()?)) }
}

/// Generates a secret of 128 random bits: a password, or the token of the preview page.
fn generate_secret() -> Result<String, CliError> {
    let mut bytes = [0; 16];
    if SystemRandom::new().fill(&mut bytes).is_err() {
        return Err(CliError("the system has no random bytes".to_owned()));
    }
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}
