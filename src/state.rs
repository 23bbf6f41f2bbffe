//! The live state: the rules, the credentials and the certificate in use. A reload replaces each of
//! them while requests are answered.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use arc_swap::{ArcSwap, Guard};
use rustls::sign::CertifiedKey;

use crate::{credentials::Credentials, rule::RuleSet};

/// A value that can be replaced while others use it.
#[derive(Debug)]
pub(crate) struct Live<T> {
    value: ArcSwap<T>,
    /// Whether the files have changed and the new content was rejected.
    stale: AtomicBool,
}

impl<T> Live<T> {
    /// A value that is up to date.
    pub(crate) fn new(value: T) -> Self {
        Self { value: ArcSwap::from_pointee(value), stale: AtomicBool::new(false) }
    }

    /// Borrows the present value. Do not keep the guard across an `await`.
    pub(crate) fn load(&self) -> Guard<Arc<T>> {
        self.value.load()
    }

    /// Returns the present value, which stays the same for the caller after a replacement.
    pub(crate) fn load_full(&self) -> Arc<T> {
        self.value.load_full()
    }

    /// Makes another value the present one.
    pub(crate) fn store(&self, value: T) {
        self.value.store(Arc::new(value));
    }
}

/// Everything that is live.
pub(crate) struct LiveState {
    pub(crate) rules: Live<RuleSet>,
    pub(crate) credentials: Live<Credentials>,
    /// The certificate and its private key. `None` if the service speaks plain HTTP.
    pub(crate) certificate: Option<Arc<Live<CertifiedKey>>>,
}

/// A part of the live state that is reloaded by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LivePart {
    Rules,
    Credentials,
    Certificate,
}

impl LivePart {
    /// Every part.
    pub(crate) const ALL: [Self; 3] = [Self::Rules, Self::Credentials, Self::Certificate];

    /// The name in logs and metrics.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Rules => "rules",
            Self::Credentials => "credentials",
            Self::Certificate => "certificate",
        }
    }
}

impl LiveState {
    /// Whether the last reload of this part was rejected, so that an older value stays in use.
    pub(crate) fn is_stale(&self, part: LivePart) -> bool {
        match self.stale_flag(part) {
            Some(stale) => stale.load(Ordering::Relaxed),
            None => false,
        }
    }

    /// Notes whether the last reload of this part was rejected.
    pub(crate) fn set_stale(&self, part: LivePart, stale: bool) {
        if let Some(flag) = self.stale_flag(part) {
            flag.store(stale, Ordering::Relaxed);
        }
    }

    fn stale_flag(&self, part: LivePart) -> Option<&AtomicBool> {
        match part {
            LivePart::Rules => Some(&self.rules.stale),
            LivePart::Credentials => Some(&self.credentials.stale),
            LivePart::Certificate => Some(&self.certificate.as_ref()?.stale),
        }
    }
}
