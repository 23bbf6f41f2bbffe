//! What is counted, as Prometheus text. Labels are names from loaded rules or from fixed sets, never
//! from a request.

use std::time::Duration;

use prometheus::{
    Error, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Registry, TextEncoder,
    register_histogram_vec_with_registry, register_int_counter_vec_with_registry,
    register_int_gauge_vec_with_registry, register_int_gauge_with_registry,
};

/// The media type of the text.
pub(crate) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Upper bounds of durations, in seconds; Okta waits for three.
const BUCKETS: [f64; 12] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.25, 1.0, 2.5];

/// Every metric.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    rule_outcomes: IntCounterVec,
    auth_failures: IntCounterVec,
    rules_reloads: IntCounterVec,
    stale: IntGaugeVec,
    rules_info: IntGaugeVec,
    connections: IntGauge,
}

impl Metrics {
    /// Every metric at zero; `failures` are the names of all reasons to refuse a caller.
    pub(crate) fn new(failures: impl IntoIterator<Item = &'static str>) -> Result<Self, Error> {
        let registry = registry()?;
        let counter = |name: &str, help: &str, labels: &[&str]| {
            register_int_counter_vec_with_registry!(name, help, labels, registry)
        };
        let gauge = |name: &str, help: &str, label: &str| {
            register_int_gauge_vec_with_registry!(name, help, &[label], registry)
        };
        let requests = ["hook", "request_type", "decision", "status"];
        let requests = counter("requests_total", "Requests answered.", &requests)?;
        let durations = register_histogram_vec_with_registry!(
            "request_duration_seconds",
            "Time from a request's head to its answer.",
            &["hook"],
            BUCKETS.to_vec(),
            registry
        )?;
        let rule_outcomes = ["hook", "rule", "mode", "outcome"];
        let rule_outcomes = counter("rule_outcomes_total", "What came of rules.", &rule_outcomes)?;
        let auth_failures =
            counter("auth_failures_total", "Callers refused, by the reason.", &["reason"])?;
        // A counter that is not there yet cannot be seen to rise.
        for reason in failures {
            auth_failures.with_label_values(&[reason]);
        }
        let help = "Times that changed rules were applied or rejected.";
        let rules_reloads = counter("rules_reloads_total", help, &["result"])?;
        for result in ["applied", "rejected"] {
            rules_reloads.with_label_values(&[result]);
        }
        let help =
            "Whether new rules, credentials or a certificate are bad and older ones in force.";
        let stale = gauge("stale", help, "what")?;
        let rules_info = gauge("rules_info", "The revision of the rules in force.", "revision")?;
        gauge("build_info", "The version that runs.", "version")?
            .with_label_values(&[env!("CARGO_PKG_VERSION")])
            .set(1);
        let help = "Open connections of the hooks' listener.";
        let connections = register_int_gauge_with_registry!("connections", help, registry)?;
        Ok(Self {
            registry,
            requests,
            durations,
            rule_outcomes,
            auth_failures,
            rules_reloads,
            stale,
            rules_info,
            connections,
        })
    }

    /// Counts an answer: `[hook, request type, decision, status]`.
    pub(crate) fn answered(&self, labels: [&str; 4], duration: Duration) {
        let [hook, ..] = labels;
        self.requests.with_label_values(&labels).inc();
        self.durations.with_label_values(&[hook]).observe(duration.as_secs_f64());
    }

    /// Counts a connection of the hooks' listener until the returned guard is dropped.
    pub(crate) fn connection(&self) -> OpenConnection {
        self.connections.inc();
        OpenConnection(self.connections.clone())
    }

    /// Counts what came of a rule: `[hook, rule, mode, outcome]`.
    pub(crate) fn judged(&self, labels: [&str; 4]) {
        self.rule_outcomes.with_label_values(&labels).inc();
    }

    /// Counts a caller who was refused.
    pub(crate) fn refused(&self, reason: &str) {
        self.auth_failures.with_label_values(&[reason]).inc();
    }

    /// Counts an attempt to replace the rules.
    pub(crate) fn rules_reloaded(&self, result: &str) {
        self.rules_reloads.with_label_values(&[result]).inc();
    }

    /// Notes whether something older is in force than there is.
    pub(crate) fn set_stale(&self, what: &str, stale: bool) {
        self.stale.with_label_values(&[what]).set(stale.into());
    }

    /// What was noted of it last.
    pub(crate) fn is_stale(&self, what: &str) -> bool {
        self.stale.with_label_values(&[what]).get() != 0
    }

    /// Names the rules in force.
    pub(crate) fn rules_in_force(&self, revision: &str) {
        self.rules_info.reset();
        self.rules_info.with_label_values(&[revision]).set(1);
    }

    /// The text, with what others count: fetches of keys that went well and that did not, and lines
    /// that were dropped.
    pub(crate) fn text(&self, fetches: Option<(u64, u64)>, dropped: u64) -> Result<String, Error> {
        let now = registry()?;
        let counter = |name: &str, help: &str, labels: &[&str]| {
            register_int_counter_vec_with_registry!(name, help, labels, now)
        };
        let fetched = counter("jwks_fetches_total", "Fetches of the issuer's keys.", &["result"])?;
        for (result, count) in fetches.iter().flat_map(|(ok, error)| [("ok", ok), ("error", error)])
        {
            fetched.with_label_values(&[result]).inc_by(*count);
        }
        let help = "Decision lines that their sink did not take.";
        let lost = counter("decision_lines_dropped_total", help, &[])?;
        lost.with_label_values::<&str>(&[]).inc_by(dropped);
        // The process's own are in the default registry.
        let families = [self.registry.gather(), now.gather(), prometheus::gather()].concat();
        TextEncoder::new().encode_to_string(&families)
    }
}

/// Counts as an open connection until it is dropped.
pub(crate) struct OpenConnection(IntGauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// One that puts our name before each metric's.
fn registry() -> Result<Registry, Error> {
    Registry::new_custom(Some("registration_hook".to_owned()), None)
}
