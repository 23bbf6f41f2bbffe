//! Warns of `#` lines among the secrets: each is one more secret, and not a comment. If other machines can reach the
//! service, also warns of secrets that are easy to guess.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{SecretList, Settings};

/// The password in the sample of Okta's guide, which is public.
const PUBLISHED: &str = "supersecret";
/// The fewest characters of a strong secret.
const FEWEST_CHARACTERS: usize = 16;
/// A command that makes a secret of 48 characters.
const COMMAND: &str = "openssl rand -hex 24";

/// Warns of `#` lines among the secrets. Warns of weak secrets, unless only this machine can reach the service.
pub(super) fn warn_of_weak_secrets(settings: &mut Settings) {
    let mut lists = Vec::new();
    if let Some(basic) = &settings.auth.basic {
        lists.push(("auth.basic.password", &basic.passwords));
    }
    if let Some(header) = &settings.auth.header {
        lists.push(("auth.header.secret", &header.secrets));
    }
    let is_local = settings.server.bind.ip().is_loopback();
    let mut warnings = Vec::new();
    for (key, secrets) in lists {
        if has_comment(secrets) {
            warnings.push(format!(
                "{key}: a line that begins with `#` is not a comment but one more valid secret; remove it"
            ));
        }
        if !is_local && let Some(weakness) = weakness(secrets) {
            warnings.push(format!("{key}: {weakness}; make a better one with `{COMMAND}`"));
        }
    }
    settings.warnings.append(&mut warnings);
}

/// Whether one of several secrets looks like a comment: `#` and a space. Without the space, a secret probably just
/// begins with `#`. The only secret cannot be a comment: callers need it.
fn has_comment(secrets: &SecretList) -> bool {
    let secrets = secrets.expose();
    secrets.len() > 1 && secrets.iter().any(|secret| secret.starts_with("# "))
}

/// Returns why a secret of the list is weak. `None` if each is strong, or if the list is empty because its file was not
/// read.
fn weakness(secrets: &SecretList) -> Option<String> {
    let mut passwords = Vec::new();
    for secret in secrets.expose() {
        passwords.push(password_in_basic(secret).unwrap_or(secret.to_owned()));
    }
    if passwords.iter().any(|password| is_published(password)) {
        return Some("everybody knows this secret, which is in Okta's guide".to_owned());
    }
    if passwords.iter().any(|password| password.chars().count() < FEWEST_CHARACTERS) {
        return Some(format!(
            "this has fewer than {FEWEST_CHARACTERS} characters, so that it can be guessed"
        ));
    }
    None
}

/// Whether this is the published password, alone or in `user:password`.
fn is_published(password: &str) -> bool {
    match password.strip_suffix(PUBLISHED) {
        Some(before) => before.is_empty() || before.ends_with(':'),
        None => false,
    }
}

/// The password in a secret that is the whole value of an Authorization header: `Basic`, a space, and Base64.
fn password_in_basic(secret: &str) -> Option<String> {
    let (scheme, encoded) = secret.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (_, password) = pair.split_once(':')?;
    Some(password.to_owned())
}
