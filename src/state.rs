//! The live state: the rules, the credentials, the sources and the certificate in use. A reload replaces each of
//! them while requests are answered.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use arc_swap::{ArcSwap, Guard};
use rustls::sign::CertifiedKey;

use crate::{credentials::Credentials, lookup::Sources, rule::RuleSet};

/// A value that can be replaced while others use it.
#[derive(Debug)]
pub(crate) struct Live<T> {
    value: ArcSwap<T>,
    stale: AtomicBool,
}

impl<T> Live<T> {
    /// A value that is not stale.
    pub(crate) fn new(value: T) -> Self {
        Self { value: ArcSwap::from_pointee(value), stale: AtomicBool::new(false) }
    }

    /// Borrows the present value. Do not keep the guard across an `await`.
    pub(crate) fn load(&self) -> Guard<Arc<T>> {
        self.value.load()
    }

    /// Returns the present value. It stays usable after it was replaced.
    pub(crate) fn load_full(&self) -> Arc<T> {
        self.value.load_full()
    }

    /// Replaces the present value.
    pub(crate) fn store(&self, value: T) {
        self.value.store(Arc::new(value));
    }

    /// Whether the value is stale: the last reload was rejected, so the value before it stays in use.
    pub(crate) fn is_stale(&self) -> bool {
        self.stale.load(Ordering::Relaxed)
    }

    /// Notes whether the value is stale.
    pub(crate) fn set_stale(&self, stale: bool) {
        self.stale.store(stale, Ordering::Relaxed);
    }
}

/// Everything that is live. The sources are reloaded with the credentials, and each other part on its own.
pub(crate) struct LiveState {
    pub(crate) rules: Live<RuleSet>,
    pub(crate) credentials: Live<Credentials>,
    /// The sources of lookups. [`Live::is_stale`] of the credentials counts for both.
    pub(crate) sources: Live<Sources>,
    /// The certificate and its private key. `None` if the service speaks plain HTTP.
    pub(crate) certificate: Option<Arc<Live<CertifiedKey>>>,
}
