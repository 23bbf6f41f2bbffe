//! Credentials that a hook must refuse.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ureq::http::{HeaderMap, HeaderValue, header::AUTHORIZATION};

use super::HookClient;

/// A secret that no hook has.
const WRONG_SECRET: &str = "wrong-on-purpose";

impl HookClient {
    /// The headers of the flags with wrong secrets. The user name stays, and so do the claims of an access token that
    /// has been fetched. So a hook can refuse these headers only by checking the secret. Empty if the flags have no
    /// credentials.
    pub(in crate::cli) fn wrong_credentials(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            headers.insert(name, wrong_value(value));
        }
        if self.oauth.is_some() {
            let value = match &*self.token.borrow() {
                Some(token) => wrong_value(&token.authorization),
                None => HeaderValue::from_static(WRONG_SECRET),
            };
            headers.insert(AUTHORIZATION, value);
        }
        headers
    }
}

/// A value like this one with another secret.
fn wrong_value(value: &HeaderValue) -> HeaderValue {
    let wrong = wrong_text(value.to_str().unwrap_or_default());
    let mut wrong = HeaderValue::from_str(&wrong).unwrap_or(HeaderValue::from_static(WRONG_SECRET));
    wrong.set_sensitive(true);
    wrong
}

fn wrong_text(value: &str) -> String {
    if let Some(credentials) = value.strip_prefix("Basic ") {
        let pair = STANDARD.decode(credentials).unwrap_or_default();
        let user = pair.split(|byte| *byte == b':').next().unwrap_or_default();
        let pair = [user, b":", WRONG_SECRET.as_bytes()].concat();
        return format!("Basic {}", STANDARD.encode(pair));
    }
    if value.starts_with("Bearer ") {
        // A JWT keeps its claims, and gets another signature.
        return match value.rsplit_once('.') {
            Some((signed, signature)) => format!("{signed}.{}", other_signature(signature)),
            None => format!("Bearer {WRONG_SECRET}"),
        };
    }
    WRONG_SECRET.to_owned()
}

/// A signature of the same length whose first letter differs.
fn other_signature(signature: &str) -> String {
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    let mut other = first.to_string();
    other.extend(signature.chars().skip(1));
    other
}
