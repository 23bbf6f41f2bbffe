//! What every worker shares.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use super::warnings::Warnings;
use crate::{auth::Authenticator, rule::RuleSet};

/// The service's state.
#[derive(Debug)]
pub struct State {
    /// The hooks.
    pub rules: RuleSet,
    /// Who may call them.
    pub authenticator: Authenticator,
    /// The largest body, in bytes.
    pub body_limit: usize,
    /// The time for a request once its head is read.
    pub request_timeout: Duration,
    pub(super) warnings: Warnings,
    draining: AtomicBool,
}

impl State {
    /// The state of a service that has just started.
    pub fn new(
        rules: RuleSet,
        authenticator: Authenticator,
        body_limit: usize,
        request_timeout: Duration,
    ) -> Self {
        Self {
            rules,
            authenticator,
            body_limit,
            request_timeout,
            warnings: Warnings::default(),
            draining: AtomicBool::new(false),
        }
    }

    /// From now on `/readyz` says that no further requests are wanted.
    pub(super) fn drain(&self) {
        self.draining.store(true, Ordering::Release);
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }
}
