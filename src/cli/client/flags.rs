//! The flags that say how to call a running hook.

use std::path::{Path, PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clap::Args;
use ureq::http::{HeaderMap, HeaderName, HeaderValue, header::AUTHORIZATION};

use super::token::{ClientCredentials, ClientKey, ClientProof};
use crate::{
    cli::CliError,
    file::{self, FileKind},
    settings::Environment,
    trusted_url,
};

/// The environment variable with the secret, if the command line has none.
const SECRET_VARIABLE: &str = "HOOK_PASSWORD";

/// How to call a running hook. A secret that is left out comes from `--secret-file`, or else from the
/// variable `HOOK_PASSWORD`.
#[derive(Args)]
pub(in crate::cli) struct CallFlags {
    /// Call with HTTP Basic. Without PASSWORD, see --secret-file
    #[arg(long, value_name = "NAME[:PASSWORD]", conflicts_with = "oauth")]
    user: Option<String>,
    /// Call with a header, such as Okta's authentication field and secret. Without VALUE, see --secret-file
    #[arg(long, value_name = "NAME[:VALUE]")]
    header: Vec<String>,
    /// Call with an access token for client credentials. Without SECRET, see --secret-file
    #[arg(long, value_name = "CLIENT-ID[:SECRET]", requires = "token_url")]
    oauth: Option<String>,
    /// With --oauth: the URL of the authorization server that issues tokens
    #[arg(long, value_name = "URL", requires = "oauth")]
    token_url: Option<String>,
    /// With --oauth: the scope of the token
    #[arg(long, value_name = "SCOPE", requires = "oauth")]
    scope: Option<String>,
    /// With --oauth: an RSA key in PEM that signs for the client, in place of a secret
    #[arg(long, value_name = "FILE", requires = "oauth")]
    private_key: Option<PathBuf>,
    /// With --private-key: the key's `kid`
    #[arg(long, value_name = "ID", requires = "private_key")]
    key_id: Option<String>,
    /// A file with the secret that --user, --header or --oauth leaves out [default: the variable HOOK_PASSWORD]
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// The certificates to trust, in PEM, in place of the system's
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) ca_file: Option<PathBuf>,
}

/// The name of a user, header or client, and its secret.
struct NamedSecret {
    name: String,
    secret: String,
}

impl CallFlags {
    /// Whether any of these flags is given. `--token-url`, `--scope`, `--private-key` and `--key-id` are not looked at:
    /// they are given only with `--oauth`, which counts as credentials.
    pub(in crate::cli) fn are_given(&self) -> bool {
        self.has_credentials() || self.secret_file.is_some() || self.ca_file.is_some()
    }

    /// Whether calls carry credentials.
    pub(in crate::cli) fn has_credentials(&self) -> bool {
        self.user.is_some() || !self.header.is_empty() || self.oauth.is_some()
    }

    /// Whether calls carry an access token.
    pub(in crate::cli) fn has_oauth(&self) -> bool {
        self.oauth.is_some()
    }

    /// The headers of `--user` and `--header`. An error never repeats a value.
    pub(super) fn headers(&self, environment: &Environment) -> Result<HeaderMap, CliError> {
        let mut headers = HeaderMap::new();
        if let Some(user) = &self.user {
            let NamedSecret { name, secret } = self.find_secret(user, "--user", environment)?;
            let credentials = STANDARD.encode(format!("{name}:{secret}"));
            headers.insert(AUTHORIZATION, secret_value("--user", &format!("Basic {credentials}"))?);
        }
        for header in &self.header {
            let NamedSecret { name, secret } = self.find_secret(header, "--header", environment)?;
            let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
                return Err(CliError(
                    "--header: expected NAME:VALUE, as in `x-hook-secret:…`".into(),
                ));
            };
            headers.insert(name, secret_value("--header", secret.trim())?);
        }
        Ok(headers)
    }

    /// The credentials of `--oauth`. An error never repeats a value.
    pub(super) fn client_credentials(
        &self,
        environment: &Environment,
    ) -> Result<Option<ClientCredentials>, CliError> {
        let (Some(client), Some(token_url)) = (&self.oauth, &self.token_url) else {
            return Ok(None);
        };
        let token_url =
            trusted_url::parse(token_url).map_err(|why| CliError(format!("--token-url: {why}")))?;
        let (client_id, proof) = match &self.private_key {
            Some(path) => {
                let key = ClientKey::read(path, self.key_id.clone())
                    .map_err(|why| CliError(format!("--private-key: {}: {why}", path.display())))?;
                (client.clone(), ClientProof::Key(Box::new(key)))
            }
            None => {
                let NamedSecret { name, secret } =
                    self.find_secret(client, "--oauth", environment)?;
                (name, ClientProof::Secret(secret))
            }
        };
        Ok(Some(ClientCredentials { client_id, token_url, scope: self.scope.clone(), proof }))
    }

    /// Finds the secret of an argument `NAME:SECRET`. For an argument `NAME`, takes the secret of `--secret-file`, or
    /// else of `HOOK_PASSWORD`.
    fn find_secret(
        &self,
        argument: &str,
        flag: &str,
        environment: &Environment,
    ) -> Result<NamedSecret, CliError> {
        if let Some((name, secret)) = argument.split_once(':') {
            return Ok(NamedSecret { name: name.to_owned(), secret: secret.to_owned() });
        }
        let name = argument.to_owned();
        if let Some(path) = &self.secret_file {
            let secret = read_secret(path)
                .map_err(|why| CliError(format!("--secret-file: {}: {why}", path.display())))?;
            return Ok(NamedSecret { name, secret });
        }
        for (variable, value) in environment {
            if variable == SECRET_VARIABLE && !value.is_empty() {
                return Ok(NamedSecret {
                    name,
                    secret: String::from_utf8_lossy(value).into_owned(),
                });
            }
        }
        Err(CliError(format!(
            "{flag}: the secret is missing; add it after a colon, set --secret-file or set the variable {SECRET_VARIABLE}"
        )))
    }
}

/// Reads the first line of a file with a secret.
fn read_secret(path: &Path) -> Result<String, String> {
    let text = file::read_text(path, FileKind::Secret).map_err(|error| error.to_string())?;
    match text.lines().next() {
        Some(secret) if !secret.trim().is_empty() => Ok(secret.to_owned()),
        _ => Err("its first line is empty; write the secret there".to_owned()),
    }
}

/// The value of a header that is never printed.
fn secret_value(flag: &str, text: &str) -> Result<HeaderValue, CliError> {
    let Ok(mut value) = HeaderValue::from_bytes(text.as_bytes()) else {
        return Err(CliError(format!(
            "{flag}: the secret has a character that no header can hold"
        )));
    };
    value.set_sensitive(true);
    Ok(value)
}
