//! The keys in use, and the tokens that they have verified.

use std::{collections::HashMap, time::Duration};

use parking_lot::Mutex;

use super::{digest::Digest, keys::KeySet, token::Verified};

/// How many verified tokens are remembered. Okta uses one token until it expires.
const TOKENS_LIMIT: usize = 1000;

/// Keys in use. Tokens verified with them are remembered by their digests; other keys start with no
/// token.
pub(super) struct TrustedKeys {
    pub(super) keys: KeySet,
    verified: Mutex<HashMap<Digest, Verified>>,
}

impl TrustedKeys {
    pub(super) fn new(keys: KeySet) -> Self {
        Self { keys, verified: Mutex::default() }
    }

    /// Returns the client of a token that was verified before and has not expired. `now` is in seconds
    /// since 1970.
    pub(super) fn client_of(&self, digest: &Digest, now: f64, leeway: Duration) -> Option<String> {
        let verified = self.verified.lock();
        let token = verified.get(digest)?;
        if now < token.expires + leeway.as_secs_f64() { Some(token.client.clone()) } else { None }
    }

    /// Remembers a verified token. If there are too many, forgets the others.
    pub(super) fn remember(&self, digest: Digest, token: Verified) {
        let mut verified = self.verified.lock();
        if verified.len() >= TOKENS_LIMIT {
            verified.clear();
        }
        verified.insert(digest, token);
    }
}
