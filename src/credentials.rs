//! Makes the [`Authenticator`] from the settings of `[auth]`.

use std::sync::Arc;

use crate::{
    auth::{
        Authenticator, Bearer, Issuer, Keys, SecretHeader, Secrets, keys::KeysError,
        token::ExpectedClaims,
    },
    file::{self, FileKind, Links},
    problem::Problem,
    proxies::Proxies,
    settings::{AuthSettings, HeaderSettings, OAuthSettings},
};

/// The user name that belongs to a generated password.
pub(crate) const GENERATED_USER: &str = "admin";

/// The settings of `[auth]`, and the authenticator made from them.
pub struct Credentials {
    pub(crate) settings: AuthSettings,
    /// The content of `auth.oauth.ca_file`, to notice changes. `None` if it cannot be read.
    certificates: Option<Vec<u8>>,
    pub(crate) authenticator: Authenticator,
}

impl Credentials {
    /// Makes an authenticator. If no user is configured, the generated password admits `admin`.
    /// The keys that `last` has fetched stay in use if the settings of tokens allow it.
    pub fn new(
        settings: AuthSettings,
        generated_password: Option<&str>,
        last: Option<&Self>,
        proxies: &Proxies,
    ) -> Result<Self, Problem> {
        let certificates = read_certificates(&settings);
        let basic = match (&settings.basic, generated_password) {
            (Some(basic), _) => Some(Secrets::of_user(&basic.username, basic.passwords.expose())),
            (None, Some(password)) => Some(Secrets::of_user(GENERATED_USER, [password])),
            (None, None) => None,
        };
        let mut header = None;
        if let Some(HeaderSettings { name, secrets }) = &settings.header {
            let secrets = Secrets::new(secrets.expose());
            header = Some(SecretHeader { name: name.clone(), secrets });
        }
        let bearer = match &settings.oauth {
            Some(oauth) => {
                // Keys are trusted for the certificates with which they were fetched.
                let last = last.filter(|last| last.certificates == certificates);
                Some(new_bearer(oauth, last, proxies)?)
            }
            None => None,
        };
        let authenticator = Authenticator { basic, header, bearer };
        Ok(Self { settings, certificates, authenticator })
    }

    /// Whether these are the settings, and the certificates that they name are the same.
    pub(crate) fn has_settings(&self, settings: &AuthSettings) -> bool {
        self.settings == *settings && self.certificates == read_certificates(settings)
    }
}

/// Reads `auth.oauth.ca_file`. An error has its message where the file is used.
fn read_certificates(settings: &AuthSettings) -> Option<Vec<u8>> {
    let ca_file = settings.oauth.as_ref()?.ca_file.as_ref()?;
    file::read_bytes(ca_file, FileKind::Certificate, Links::Follow).ok()
}

/// Makes the issuer of these settings. Fails if the file of its private authority cannot be used.
pub(crate) fn issuer(oauth: &OAuthSettings, proxies: &Proxies) -> Result<Issuer, Problem> {
    let ca_file = oauth.ca_file.as_deref();
    Issuer::new(oauth.issuer.clone(), oauth.jwks_uri.clone(), ca_file, proxies.clone())
        .map_err(ca_file_problem)
}

fn ca_file_problem(error: KeysError) -> Problem {
    // The file may be written, or become readable, later.
    Problem::transient("auth.oauth.ca_file", error.to_string())
}

/// Reuses the bearer of `last` if the settings of tokens are the same, and its keys if they come from
/// the same place.
fn new_bearer(
    oauth: &OAuthSettings,
    last: Option<&Credentials>,
    proxies: &Proxies,
) -> Result<Arc<Bearer>, Problem> {
    let mut last_keys = None;
    if let Some(last) = last
        && let Some(last_oauth) = &last.settings.oauth
        && let Some(last_bearer) = &last.authenticator.bearer
    {
        if last_oauth == oauth {
            return Ok(last_bearer.clone());
        }
        if have_same_keys(last_oauth, oauth) {
            last_keys = Some(&last_bearer.keys);
        }
    }
    let keys = match Keys::start(issuer(oauth, proxies)?, oauth.max_stale, last_keys) {
        Ok(keys) => keys,
        Err(error) => {
            let why = format!("cannot start a thread that fetches its keys: {error}");
            return Err(Problem::named("auth.oauth", why));
        }
    };
    let expected = ExpectedClaims {
        issuer: oauth.issuer.clone(),
        audience: oauth.audience.clone(),
        clients: oauth.client_ids.clone(),
        client_claim: oauth.client_claim.clone(),
        scope: oauth.scope.clone(),
        scope_claim: oauth.scope_claim.clone(),
        leeway: oauth.leeway,
    };
    Ok(Arc::new(Bearer { expected, keys }))
}

/// Whether the keys come from the same place, trusted for the same reason.
fn have_same_keys(one: &OAuthSettings, other: &OAuthSettings) -> bool {
    one.issuer == other.issuer && one.jwks_uri == other.jwks_uri && one.ca_file == other.ca_file
}
