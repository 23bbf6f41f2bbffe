//! `[auth]` → what admits callers.

use std::sync::Arc;

use crate::{
    auth::{Authenticator, Bearer, Issuer, Keys, Secrets, token::Expected},
    problem::Problem,
    settings::{Auth, OAuth, Secret},
};

/// The user of the password that is made where no way in is configured.
pub(crate) const USER: &str = "admin";

/// The ways in, as configured and as used.
pub struct Credentials {
    pub(crate) auth: Auth,
    pub(crate) authenticator: Authenticator,
}

impl Credentials {
    /// Makes an authenticator of settings, and of the password that was made where none is
    /// configured. Where the settings of tokens are those of the `last` one, it goes on with its keys.
    pub fn new(auth: Auth, made: Option<&str>, last: Option<&Self>) -> Result<Self, Problem> {
        let basic = auth.basic.as_ref().map(|basic| {
            Secrets::of_user(&basic.username, basic.passwords.iter().map(Secret::expose))
        });
        let basic = basic.or_else(|| Some(Secrets::of_user(USER, [made?])));
        let header = auth.header.as_ref().map(|header| {
            (header.name.clone(), Secrets::new(header.secrets.iter().map(Secret::expose)))
        });
        let bearer = auth.oauth.as_ref().map(|oauth| bearer(oauth, last)).transpose()?;
        Ok(Self { authenticator: Authenticator { basic, header, bearer }, auth })
    }
}

/// The issuer that tokens are to come from; a problem where its private authority cannot be used.
pub(crate) fn issuer(oauth: &OAuth) -> Result<Issuer, Problem> {
    Issuer::new(oauth.issuer.clone(), oauth.jwks_uri.clone(), oauth.ca_file.as_ref())
        // The file may come, or be readable later.
        .map_err(|why| Problem::passing("auth.oauth.ca_file", why))
}

fn bearer(oauth: &OAuth, last: Option<&Credentials>) -> Result<Arc<Bearer>, Problem> {
    let same = last.filter(|last| last.auth.oauth.as_ref() == Some(oauth));
    if let Some(bearer) = same.and_then(|last| last.authenticator.bearer.clone()) {
        return Ok(bearer);
    }
    let expected = Expected {
        issuer: oauth.issuer.clone(),
        audience: oauth.audience.clone(),
        clients: oauth.client_ids.clone(),
        scope: oauth.scope.clone(),
        leeway: oauth.leeway,
    };
    let source =
        |oauth: &OAuth| (oauth.issuer.clone(), oauth.jwks_uri.clone(), oauth.ca_file.clone());
    let same = last.filter(|last| last.auth.oauth.as_ref().map(source) == Some(source(oauth)));
    let known = same.and_then(|last| Some(&last.authenticator.bearer.as_ref()?.keys));
    let keys = Keys::keep(issuer(oauth)?, oauth.max_stale, known).map_err(|error| {
        Problem::named("auth.oauth", format!("no thread for its keys: {error}"))
    })?;
    Ok(Arc::new(Bearer { expected, keys }))
}
