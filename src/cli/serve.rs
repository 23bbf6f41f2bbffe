//! `serve`: runs the service.

use std::{
    fmt::Write as _,
    io, mem,
    net::{SocketAddr, TcpListener},
    sync::{Arc, atomic::AtomicBool, mpsc::sync_channel},
};

use arc_swap::ArcSwap;
use ring::rand::{SecureRandom as _, SystemRandom};

use super::{
    Common, Exit, Failure, Rules, introduction,
    messages::{self, INTRODUCTION},
    rules,
};
use crate::{
    auth::Reason,
    credentials::Credentials,
    decision_log::DecisionLog,
    load::Scrutiny,
    metrics::Metrics,
    reload::{self, Watched},
    server::{self, Certificate, Listeners, State, Stopped, Warnings},
};

pub(super) fn run(common: &Common) -> Result<Exit, Failure> {
    let (mut settings, mut problems) = common.settings(true)?;
    problems.extend(settings.unguarded());
    if !problems.is_empty() {
        return Err(problems.into());
    }
    let Rules { place, directory, set } = rules(&settings, &Scrutiny::default());
    let rules = set?;
    let _messages = messages::start(settings.log.level)?;
    let certificate = settings.server.tls.as_ref().map(Certificate::read).transpose()?;
    let listeners = Listeners {
        hooks: listen("server.bind", settings.server.bind)?,
        certificate: certificate.map(|pair| Arc::new(Certificate::new(pair))),
        metrics: settings.metrics.map(|address| listen("metrics.bind", address)).transpose()?,
    };
    let log = DecisionLog::start(&settings.log)
        .map_err(|error| Failure::new(format!("log.decisions: cannot open the file: {error}")))?;
    let password = match settings.auth.is_configured() {
        true => None,
        false => Some(make_password()?),
    };
    let introduction = introduction::lines(
        &settings,
        &rules,
        &place,
        listeners.hooks.local_addr()?,
        password.as_deref(),
    );
    let warnings = mem::take(&mut settings.warnings);
    let auth = mem::take(&mut settings.auth);
    let metrics =
        Metrics::new(Reason::ALL.iter().map(|reason| reason.as_str())).map_err(io::Error::other)?;
    metrics.rules_in_force(&rules.revision);
    let state = Arc::new(State {
        rules: ArcSwap::from_pointee(rules),
        rules_stale: Arc::default(),
        credentials: ArcSwap::from_pointee(Credentials::new(auth, password.as_deref(), None)?),
        body_limit: settings.server.body_limit,
        request_timeout: settings.server.request_timeout,
        debug_context: settings.debug_context,
        draining: AtomicBool::new(false),
        warnings: Warnings::default(),
        metrics,
        log,
    });
    let settings = Arc::new(settings);
    let mut watched = vec![Watched::credentials(&state, common.sources(true), settings.clone())];
    watched.extend(directory.map(|directory| Watched::rules(&state, directory)));
    if let (Some(certificate), Some(files)) = (&listeners.certificate, &settings.server.tls) {
        watched.push(Watched::certificate(certificate.clone(), files.clone()));
    }
    let (reload, asked) = sync_channel(1);
    reload::keep(watched, state.clone(), settings.rules.reload, asked)?;
    let served = server::run(listeners, &state, &settings.server, reload, || {
        for line in introduction {
            log::info!(target: INTRODUCTION, "{line}");
        }
        for warning in warnings {
            log::warn!("{warning}");
        }
    });
    if let Some(log) = &state.log {
        log.finish();
    }
    Ok(match served? {
        Stopped::Gracefully => Exit::Good,
        Stopped::AtOnce => Exit::Interrupted,
    })
}

fn listen(setting: &str, address: SocketAddr) -> Result<TcpListener, Failure> {
    server::bind(address).map_err(|error| {
        let variable = format!("HOOK__{}", setting.to_uppercase().replace('.', "__"));
        Failure::new(format!(
            "{setting}: cannot listen on `{address}`: {error}; choose another, as with {variable}=127.0.0.1:8081"
        ))
    })
}

/// 128 random bits.
fn make_password() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| {
        Failure::new("no random password can be made here; set `auth.basic.username` and `auth.basic.password`")
    })?;
    let mut password = String::new();
    for byte in bytes {
        let _ = write!(password, "{byte:02x}");
    }
    Ok(password)
}
