//! Makes the [`Authenticator`] from the settings of `[auth]`.

use std::sync::Arc;

use crate::{
    auth::{
        Authenticator, Bearer, Issuer, Keys, SecretHeader, Secrets,
        keys::{KeysError, Leaks},
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
    /// The content of `auth.oauth.ca_file`, to notice changes. `None` without such a file, or if it cannot be read.
    ca_certificates: Option<Vec<u8>>,
    /// The issuer's leaked keys. Every reload keeps them, so that no later token is verified with them.
    leaks: Leaks,
    pub(crate) authenticator: Authenticator,
}

impl Credentials {
    /// Makes an authenticator. If no user is configured, the generated password admits `admin`. Keeps the
    /// fetched keys of `previous`, the credentials before a reload, if the new settings fetch them from the same place.
    pub fn new(
        settings: AuthSettings,
        generated_password: Option<&str>,
        previous: Option<&Self>,
        proxies: &Proxies,
    ) -> Result<Self, Problem> {
        let ca_certificates = read_ca_certificates(&settings);
        let leaks = match previous {
            Some(previous) => previous.leaks.clone(),
            None => Leaks::default(),
        };
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
                // Do not keep keys that were fetched while the file had other certificates.
                let previous =
                    previous.filter(|previous| previous.ca_certificates == ca_certificates);
                Some(new_bearer(oauth, &leaks, previous, proxies)?)
            }
            None => None,
        };
        let authenticator = Authenticator { basic, header, bearer };
        Ok(Self { settings, ca_certificates, leaks, authenticator })
    }

    /// Whether the settings are equal to these, and the content of their certificate file has not changed.
    pub(crate) fn has_settings(&self, settings: &AuthSettings) -> bool {
        self.settings == *settings && self.ca_certificates == read_ca_certificates(settings)
    }
}

/// Reads `auth.oauth.ca_file`. Returns `None` if it is not set, or after an error, which [`issuer`] reports.
fn read_ca_certificates(settings: &AuthSettings) -> Option<Vec<u8>> {
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

/// Makes a verifier of tokens. If the settings equal those of `previous`, returns its verifier. If they differ, but
/// fetch the keys from the same place, reuses its keys.
fn new_bearer(
    oauth: &OAuthSettings,
    leaks: &Leaks,
    previous: Option<&Credentials>,
    proxies: &Proxies,
) -> Result<Arc<Bearer>, Problem> {
    let mut previous_keys = None;
    if let Some(previous) = previous
        && let Some(previous_oauth) = &previous.settings.oauth
        && let Some(previous_bearer) = &previous.authenticator.bearer
    {
        if previous_oauth == oauth {
            return Ok(previous_bearer.clone());
        }
        if have_same_keys(previous_oauth, oauth) {
            previous_keys = Some(&previous_bearer.keys);
        }
    }
    let issuer = issuer(oauth, proxies)?;
    let keys = match Keys::start(issuer, oauth.max_stale, leaks.clone(), previous_keys) {
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

/// Whether both settings fetch their keys from the same place, and verify it by the same authority.
fn have_same_keys(one: &OAuthSettings, other: &OAuthSettings) -> bool {
    one.issuer == other.issuer && one.jwks_uri == other.jwks_uri && one.ca_file == other.ca_file
}
