//! `serve`: runs the service.

use std::{
    io, mem,
    sync::{Arc, atomic::AtomicBool, mpsc::sync_channel},
};

use arc_swap::ArcSwap;
use ring::rand::{SecureRandom as _, SystemRandom};

use super::{Common, Exit, Failure, Rules, introduction, messages, rules};
use crate::{
    auth::Reason,
    credentials::Credentials,
    decision_log::DecisionLog,
    metrics::Metrics,
    reload::{self, RulesFolder},
    server::{self, Certificate, State, Stopped, Warnings},
};

pub(super) fn run(common: &Common) -> Result<Exit, Failure> {
    let (mut settings, problems) = common.settings(true)?;
    if !problems.is_empty() {
        return Err(problems.into());
    }
    let Rules { place, directory, set, files } = rules(&settings);
    let rules = set?;
    let _messages = messages::start(settings.log.level)?;
    let certificate = settings.server.tls.as_ref().map(Certificate::read).transpose()?;
    let hooks = server::bind("server.bind", settings.server.bind)?;
    let address = hooks.local_addr()?;
    let metrics = settings.metrics.map(|address| server::bind("metrics.bind", address));
    let metrics = metrics.transpose()?;
    let log = DecisionLog::start(&settings.log)
        .map_err(|error| Failure(format!("log.decisions: cannot open the file: {error}")))?;
    let auth = mem::take(&mut settings.auth);
    let password = (!auth.is_configured()).then(make_password).transpose()?;
    let credentials = Credentials::new(auth, password.as_deref(), None)?;
    let counters = Metrics::new(Reason::ALL.iter().map(|reason| reason.as_str()));
    let state = Arc::new(State {
        settings,
        rules: ArcSwap::from_pointee(rules),
        credentials: ArcSwap::from_pointee(credentials),
        certificate: certificate.map(|pair| Arc::new(Certificate::new(pair))),
        draining: AtomicBool::new(false),
        warnings: Warnings::default(),
        metrics: counters.map_err(io::Error::other)?,
        log,
    });
    state.metrics.rules_in_force(&state.rules.load().revision);
    let (reload, asked) = sync_channel(1);
    let folder = directory.map(|directory| RulesFolder { directory, files });
    reload::keep(state.clone(), common.sources(true), folder, asked)?;
    let served = server::run(hooks, metrics, &state, reload, || {
        introduction::say(&state, &place, address, password.as_deref());
        for warning in &state.settings.warnings {
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

/// 128 random bits.
fn make_password() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| {
        Failure("no random password can be made here; set `auth.basic.username` and `auth.basic.password`".to_owned())
    })?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}
