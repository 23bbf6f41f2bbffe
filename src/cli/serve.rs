//! `serve`: runs the service.

use std::{
    fmt::Write as _,
    sync::{Arc, atomic::AtomicBool},
};

use ring::rand::{SecureRandom as _, SystemRandom};

use super::{
    Common, Exit, Failure, Rules, introduction,
    messages::{self, INTRODUCTION},
    rules,
};
use crate::{
    auth::{Authenticator, Bearer, Issuer, token::Expected},
    decision_log::DecisionLog,
    load::Scrutiny,
    problem::Problem,
    server::{self, State, Stopped, Warnings},
    settings::{Auth, OAuth, Secret},
};

/// The user of the password that is made where no way in is configured.
pub(super) const USER: &str = "admin";

pub(super) fn run(common: &Common) -> Result<Exit, Failure> {
    let (settings, mut problems) = common.settings(true)?;
    problems.extend(settings.unguarded());
    if !problems.is_empty() {
        return Err(problems.into());
    }
    let Rules { place, set } = rules(&settings, &Scrutiny::default());
    let rules = set?;
    let _messages = messages::start(settings.log.level)?;
    let address = settings.server.bind;
    let listener = server::bind(address).map_err(|error| {
        Failure::new(format!(
            "server.bind: cannot listen on `{address}`: {error}; choose another, as with HOOK__SERVER__BIND=127.0.0.1:8081"
        ))
    })?;
    let log = DecisionLog::start(&settings.log)
        .map_err(|error| Failure::new(format!("log.decisions: cannot open the file: {error}")))?;
    let password = match settings.auth.is_configured() {
        true => None,
        false => Some(make_password()?),
    };
    let authenticator = authenticator(&settings.auth, password.as_deref())?;
    let introduction =
        introduction::lines(&settings, &rules, &place, listener.local_addr()?, password.as_deref());
    let state = Arc::new(State {
        rules,
        authenticator,
        body_limit: settings.server.body_limit,
        request_timeout: settings.server.request_timeout,
        draining: AtomicBool::new(false),
        warnings: Warnings::default(),
    });
    let served = server::run(listener, &state, &settings.server, log.as_ref(), || {
        for line in introduction {
            log::info!(target: INTRODUCTION, "{line}");
        }
    });
    if let Some(log) = log {
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
        Failure::new("no random password can be made here; set `auth.basic.username` and `auth.basic.password`")
    })?;
    let mut password = String::new();
    for byte in bytes {
        let _ = write!(password, "{byte:02x}");
    }
    Ok(password)
}

fn authenticator(auth: &Auth, password: Option<&str>) -> Result<Authenticator, Failure> {
    let mut authenticator = Authenticator::default();
    if let Some(basic) = &auth.basic {
        let passwords = basic.passwords.iter().map(Secret::expose);
        authenticator = authenticator.with_basic(&basic.username, passwords);
    }
    if let Some(header) = &auth.header {
        let secrets = header.secrets.iter().map(Secret::expose);
        authenticator = authenticator.with_header(&header.name, secrets);
    }
    if let Some(password) = password {
        authenticator = authenticator.with_basic(USER, [password]);
    }
    if let Some(oauth) = &auth.oauth {
        authenticator = authenticator.with_bearer(bearer(oauth)?);
    }
    Ok(authenticator)
}

pub(super) fn issuer(oauth: &OAuth) -> Result<Issuer, Problem> {
    Issuer::new(oauth.issuer.clone(), oauth.jwks_uri.clone(), oauth.ca_file.as_ref())
        .map_err(|why| Problem::named("auth.oauth.ca_file", why))
}

fn bearer(oauth: &OAuth) -> Result<Bearer, Failure> {
    let expected = Expected {
        issuer: oauth.issuer.clone(),
        audience: oauth.audience.clone(),
        clients: oauth.client_ids.clone(),
        scope: oauth.scope.clone(),
        leeway: oauth.leeway,
    };
    Ok(Bearer::new(issuer(oauth).map_err(|problem| vec![problem])?, expected, oauth.max_stale)?)
}
