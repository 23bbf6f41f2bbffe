//! Secrets, which are compared and sent, but never printed.

use std::fmt;

/// The secrets of an authentication method, any of which admits a caller. A rotation needs two at the same time.
#[derive(Debug, PartialEq, Eq)]
pub enum SecretList {
    /// At least one secret.
    Known(Vec<Secret>),
    /// The secrets are in a file that was not read. See [`SecretFiles`](super::SecretFiles).
    Skipped,
}

impl SecretList {
    /// Returns the known secrets. Compare with them, and never show them.
    pub fn expose(&self) -> Vec<&str> {
        match self {
            Self::Known(secrets) => secrets.iter().map(Secret::expose).collect(),
            Self::Skipped => Vec::new(),
        }
    }
}

/// A secret. It is never printed.
#[derive(PartialEq, Eq)]
pub struct Secret(pub(super) String);

impl Secret {
    /// Returns the secret. Compare with it or send it, and never show it.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(…)")
    }
}
