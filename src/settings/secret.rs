//! Secrets, which are compared and sent, but never printed.

use std::fmt;

/// The secrets of a method. Several are valid at the same time, for rotation.
#[derive(Debug, PartialEq, Eq)]
pub enum SecretList {
    /// At least one secret.
    Known(Vec<Secret>),
    /// The secrets are in a file that was skipped. See [`SecretFiles::Skip`](super::SecretFiles::Skip).
    Skipped,
}

impl SecretList {
    /// Returns the known secrets, to compare with, not to show.
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
    /// Returns the secret, to compare with, not to show.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(…)")
    }
}
