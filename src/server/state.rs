//! What every worker shares.

use std::sync::{Arc, atomic::AtomicBool};

use arc_swap::ArcSwap;

use super::{tls::Certificate, warnings::Warnings};
use crate::{
    credentials::Credentials, decision_log::DecisionLog, metrics::Metrics, rule::RuleSet,
    settings::Settings,
};

/// The service's state.
pub struct State {
    /// What it was started with; `auth` has moved to `credentials`.
    pub settings: Settings,
    /// The hooks. A request holds on to the set that it came in with.
    pub rules: ArcSwap<RuleSet>,
    /// Whether newer rules were rejected.
    pub rules_stale: AtomicBool,
    /// Who may call them.
    pub credentials: ArcSwap<Credentials>,
    /// What HTTPS is served with, if it is.
    pub certificate: Option<Arc<Certificate>>,
    /// Whether no further requests are wanted, since the service stops.
    pub draining: AtomicBool,
    /// What has been warned of lately.
    pub warnings: Warnings,
    /// What is counted.
    pub metrics: Metrics,
    /// Where decisions are written.
    pub log: Option<Arc<DecisionLog>>,
}
