//! Warnings about secrets that are easy to guess, where other machines can try them.

use super::{SecretList, Settings};

/// The password of the sample in Okta's guide.
const PUBLISHED: &str = "supersecret";
/// The fewest characters of a secret.
const FEWEST: usize = 16;
/// A command that makes a secret of 32 characters.
const COMMAND: &str = "head -c 24 /dev/urandom | base64";

/// Warns of weak secrets, unless only this machine can reach the service.
pub(super) fn warn_of_weak_secrets(settings: &mut Settings) {
    if settings.server.bind.ip().is_loopback() {
        return;
    }
    let mut lists = Vec::new();
    if let Some(basic) = &settings.auth.basic {
        lists.push(("auth.basic.password", &basic.passwords));
    }
    if let Some(header) = &settings.auth.header {
        lists.push(("auth.header.secret", &header.secrets));
    }
    let mut warnings = Vec::new();
    for (key, secrets) in lists {
        if let Some(weakness) = weakness(secrets) {
            warnings.push(format!("{key}: {weakness}; make a better one with `{COMMAND}`"));
        }
    }
    settings.warnings.append(&mut warnings);
}

/// Returns why a secret of the list is weak. `None` if each is strong or not known.
fn weakness(secrets: &SecretList) -> Option<String> {
    let secrets = secrets.expose();
    if secrets.contains(&PUBLISHED) {
        return Some("everybody knows this secret, which is that of Okta's guide".to_owned());
    }
    if secrets.iter().any(|secret| secret.chars().count() < FEWEST) {
        return Some(format!("this has fewer than {FEWEST} characters, so that it can be guessed"));
    }
    None
}
