//! What every worker shares.

use std::{sync::atomic::AtomicBool, time::Duration};

use super::warnings::Warnings;
use crate::{auth::Authenticator, rule::RuleSet};

/// The service's state.
pub struct State {
    /// The hooks.
    pub rules: RuleSet,
    /// Who may call them.
    pub authenticator: Authenticator,
    /// The largest body, in bytes.
    pub body_limit: usize,
    /// The time for a request once its head is read.
    pub request_timeout: Duration,
    /// Whether no further requests are wanted, since the service stops.
    pub draining: AtomicBool,
    /// What has been warned of lately.
    pub warnings: Warnings,
}
