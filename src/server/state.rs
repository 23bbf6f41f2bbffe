//! What every worker shares.

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use arc_swap::ArcSwap;

use super::warnings::Warnings;
use crate::{credentials::Credentials, decision_log::DecisionLog, metrics::Metrics, rule::RuleSet};

/// The service's state.
pub struct State {
    /// The hooks. A request holds on to the set that it came in with.
    pub rules: ArcSwap<RuleSet>,
    /// Whether newer rules were rejected.
    pub rules_stale: Arc<AtomicBool>,
    /// Who may call them.
    pub credentials: ArcSwap<Credentials>,
    /// The largest body, in bytes.
    pub body_limit: usize,
    /// The time for a request once its head is read.
    pub request_timeout: Duration,
    /// Whether decisions explain themselves to Okta's System Log.
    pub debug_context: bool,
    /// Whether no further requests are wanted, since the service stops.
    pub draining: AtomicBool,
    /// What has been warned of lately.
    pub warnings: Warnings,
    /// What is counted.
    pub metrics: Metrics,
    /// Where decisions are written.
    pub log: Option<Arc<DecisionLog>>,
}

impl State {
    /// Puts rules in force, and says which, if they are other ones.
    pub fn replace_rules(&self, rules: RuleSet) -> Option<String> {
        if self.rules.load().revision == rules.revision {
            return None;
        }
        let news = format!("revision {}", rules.revision);
        self.metrics.rules_in_force(&rules.revision);
        self.rules.store(Arc::new(rules));
        Some(news)
    }
}
