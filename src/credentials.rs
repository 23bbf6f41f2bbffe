//! `[auth]` → what admits callers.

use std::sync::Arc;

use crate::{
    auth::{Authenticator, Bearer, Issuer, token::Expected},
    problem::Problem,
    settings::{Auth, OAuth, Secret},
};

/// The user of the password that is made where no way in is configured.
pub const USER: &str = "admin";

/// The ways in, as configured and as used.
pub struct Credentials {
    /// The settings.
    pub auth: Auth,
    /// What they make.
    pub authenticator: Authenticator,
}

impl Credentials {
    /// Makes an authenticator of settings, and of the password that was made where none is
    /// configured. Where the settings of tokens are those of the `last` one, it goes on with its keys.
    ///
    /// # Errors
    ///
    /// What is configured cannot be used.
    pub fn new(auth: Auth, made: Option<&str>, last: Option<&Self>) -> Result<Self, Problem> {
        let mut authenticator = Authenticator::default();
        if let Some(basic) = &auth.basic {
            let passwords = basic.passwords.iter().map(Secret::expose);
            authenticator = authenticator.with_basic(&basic.username, passwords);
        }
        if let Some(header) = &auth.header {
            let secrets = header.secrets.iter().map(Secret::expose);
            authenticator = authenticator.with_header(&header.name, secrets);
        }
        if let Some(password) = made {
            authenticator = authenticator.with_basic(USER, [password]);
        }
        if let Some(oauth) = &auth.oauth {
            let same = last.filter(|last| last.auth.oauth.as_ref() == Some(oauth));
            let bearer = match same.and_then(|last| last.authenticator.bearer()) {
                Some(bearer) => bearer.clone(),
                None => Arc::new(bearer(oauth)?),
            };
            authenticator = authenticator.with_bearer(bearer);
        }
        Ok(Self { auth, authenticator })
    }
}

/// The issuer that tokens are to come from.
///
/// # Errors
///
/// Its private authority cannot be used.
pub fn issuer(oauth: &OAuth) -> Result<Issuer, Problem> {
    Issuer::new(oauth.issuer.clone(), oauth.jwks_uri.clone(), oauth.ca_file.as_ref())
        .map_err(|why| Problem::named("auth.oauth.ca_file", why))
}

fn bearer(oauth: &OAuth) -> Result<Bearer, Problem> {
    let expected = Expected {
        issuer: oauth.issuer.clone(),
        audience: oauth.audience.clone(),
        clients: oauth.client_ids.clone(),
        scope: oauth.scope.clone(),
        leeway: oauth.leeway,
    };
    Bearer::new(issuer(oauth)?, expected, oauth.max_stale)
        .map_err(|error| Problem::named("auth.oauth", format!("no thread for its keys: {error}")))
}
