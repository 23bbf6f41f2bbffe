//! Counters and gauges, as Prometheus text.
//!
//! Labels are names from loaded rules or from fixed sets, never from a request, so no caller can add series.

use std::{
    collections::{BTreeSet, HashMap},
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use prometheus::{
    Error, Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, Registry, TextEncoder,
    core::{Collector as _, MetricVec, MetricVecBuilder},
    register_histogram_vec_with_registry, register_int_counter_vec_with_registry,
    register_int_gauge_with_registry,
};
use tokio_util::bytes::Bytes;

mod labels;
mod observed;

pub(crate) use labels::{LookupLabels, OutcomeLabels, ResponseLabels, SeriesName};
pub(crate) use observed::Observed;
use observed::observed_registry;

/// The media type of the text.
pub(crate) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The upper bounds of the buckets for durations, in seconds. Okta waits three seconds.
const BUCKETS: [f64; 14] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 1.5, 2.5];

/// How long clients share a text. With 2,000 rules the text has some 200 KB, so a copy for each slow client
/// would take much memory.
const SHARED_FOR: Duration = Duration::from_secs(1);

/// The metrics that are counted here.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    rule_outcomes: IntCounterVec,
    lookups: IntCounterVec,
    lookup_durations: HistogramVec,
    refusals: IntCounterVec,
    auth_failures: IntCounterVec,
    rules_reloads: IntCounterVec,
    connections: IntGauge,
    /// The text that clients may share.
    last_text: Mutex<Option<MetricsText>>,
}

/// All metrics as text, as they were at a moment.
#[derive(Debug)]
struct MetricsText {
    time: Instant,
    text: Bytes,
}

/// The result of a reload of the rules.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ReloadResult {
    Applied,
    Rejected,
}

impl ReloadResult {
    fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Rejected => "rejected",
        }
    }
}

impl Metrics {
    /// Creates every metric at zero. `auth_failures` lists the reasons to refuse a caller, and `refusals` the other
    /// reasons to refuse a request.
    pub(crate) fn new(auth_failures: &[&str], refusals: &[&str]) -> Result<Self, Error> {
        let registry = new_registry()?;
        let metrics = Self {
            requests: counter(
                &registry,
                "requests_total",
                "Requests answered.",
                &["hook", "request_type", "decision", "status"],
            )?,
            durations: register_histogram_vec_with_registry!(
                "request_duration_seconds",
                "Time from a request's head to its answer.",
                &["hook"],
                BUCKETS.to_vec(),
                registry
            )?,
            rule_outcomes: counter(
                &registry,
                "rule_outcomes_total",
                "Outcomes of rules.",
                &["hook", "rule", "mode", "outcome"],
            )?,
            lookups: counter(
                &registry,
                "lookups_total",
                "Outcomes of lookups.",
                &["hook", "lookup", "outcome"],
            )?,
            lookup_durations: register_histogram_vec_with_registry!(
                "lookup_duration_seconds",
                "Time from a question to its result.",
                &["hook", "lookup"],
                BUCKETS.to_vec(),
                registry
            )?,
            refusals: counter(
                &registry,
                "refusals_total",
                "Requests refused, by reason.",
                &["reason"],
            )?,
            auth_failures: counter(
                &registry,
                "auth_failures_total",
                "Callers refused, by reason.",
                &["reason"],
            )?,
            rules_reloads: counter(
                &registry,
                "rules_reloads_total",
                "Changes of the rules that were applied or rejected.",
                &["result"],
            )?,
            connections: register_int_gauge_with_registry!(
                "connections",
                "Open connections of the hooks' listener.",
                registry
            )?,
            registry,
            last_text: Mutex::default(),
        };
        // Create the series at zero, since Prometheus sees the first event only as a rise from zero.
        for reason in auth_failures {
            metrics.auth_failures.with_label_values(&[reason]);
            metrics.refusals.with_label_values(&[reason]);
        }
        for reason in refusals {
            metrics.refusals.with_label_values(&[reason]);
        }
        for result in [ReloadResult::Applied, ReloadResult::Rejected] {
            metrics.rules_reloads.with_label_values(&[result.as_str()]);
        }
        Ok(metrics)
    }

    /// The counter of responses. After [`Self::forget`] has removed the hook, the metrics no longer show the counter.
    pub(crate) fn response_counter(&self, labels: &ResponseLabels<'_>) -> IntCounter {
        let ResponseLabels { hook, request_type, decision, status } = *labels;
        self.requests.with_label_values(&[hook, request_type, decision, status])
    }

    /// The durations of a hook's requests, in seconds. After [`Self::forget`] has removed the hook, the metrics no
    /// longer show them.
    pub(crate) fn durations_of(&self, hook: &str) -> Histogram {
        self.durations.with_label_values(&[hook])
    }

    /// Counts a connection of the hooks' listener until the returned guard is dropped.
    pub(crate) fn count_connection(&self) -> OpenConnection {
        self.connections.inc();
        OpenConnection(self.connections.clone())
    }

    /// The counter of an outcome of a rule. After [`Self::forget`] has removed the rule, the metrics no longer show
    /// the counter.
    pub(crate) fn outcome_counter(&self, labels: &OutcomeLabels<'_>) -> IntCounter {
        let OutcomeLabels { hook, rule, mode, outcome } = *labels;
        self.rule_outcomes.with_label_values(&[hook, rule, mode, outcome])
    }

    /// Counts the outcome of a lookup. `duration` is `None` if the lookup was not asked.
    pub(crate) fn count_lookup(&self, labels: &LookupLabels<'_>, duration: Option<Duration>) {
        let LookupLabels { hook, lookup, outcome } = *labels;
        self.lookups.with_label_values(&[hook, lookup, outcome]).inc();
        if let Some(duration) = duration {
            let durations = self.lookup_durations.with_label_values(&[hook, lookup]);
            durations.observe(duration.as_secs_f64());
        }
    }

    /// Counts a request that was refused.
    pub(crate) fn count_refusal(&self, reason: &str) {
        self.refusals.with_label_values(&[reason]).inc();
    }

    /// Counts a caller who was refused.
    pub(crate) fn count_refused_caller(&self, reason: &str) {
        self.auth_failures.with_label_values(&[reason]).inc();
    }

    /// Counts a reload of the rules.
    pub(crate) fn count_rules_reload(&self, result: ReloadResult) {
        self.rules_reloads.with_label_values(&[result.as_str()]).inc();
    }

    /// Forgets removed hooks, rules and lookups. Otherwise each reload could add series that stay.
    pub(crate) fn forget(&self, removed: &BTreeSet<SeriesName<'_>>) {
        remove_series(&self.requests, removed);
        remove_series(&self.durations, removed);
        remove_series(&self.rule_outcomes, removed);
        remove_series(&self.lookups, removed);
        remove_series(&self.lookup_durations, removed);
    }

    /// Returns all metrics as text: those counted here, those observed now, and those of the process.
    /// Returns the last text again if it is younger than [`SHARED_FOR`] and is still being sent to another client.
    pub(crate) fn text(&self, observed: &Observed<'_>) -> Result<Bytes, Error> {
        let mut last = self.last_text.lock();
        if let Some(MetricsText { time, text }) = &*last
            && !text.is_unique()
            && time.elapsed() < SHARED_FOR
        {
            return Ok(text.clone());
        }
        let text = Bytes::from(self.render(observed)?);
        *last = Some(MetricsText { time: Instant::now(), text: text.clone() });
        Ok(text)
    }

    fn render(&self, observed: &Observed<'_>) -> Result<String, Error> {
        let mut families = self.registry.gather();
        families.extend(observed_registry(observed)?.gather());
        // The process's metrics are in the default registry.
        families.extend(prometheus::gather());
        TextEncoder::new().encode_to_string(&families)
    }
}

/// Removes the series of a metric that are about these hooks, rules and lookups.
fn remove_series<T: MetricVecBuilder>(metric: &MetricVec<T>, removed: &BTreeSet<SeriesName<'_>>) {
    for family in metric.collect() {
        for series in family.get_metric() {
            let mut labels = HashMap::new();
            for label in series.get_label() {
                labels.insert(label.name(), label.value());
            }
            let hook = labels.get("hook").copied().unwrap_or_default();
            let rule = labels.get("rule").copied();
            let lookup = labels.get("lookup").copied();
            if removed.contains(&SeriesName { hook, rule, lookup }) {
                // This cannot fail: only reloads remove series, and one reload runs at a time.
                let _ = metric.remove(&labels);
            }
        }
    }
}

/// Counts as an open connection until it is dropped.
pub(crate) struct OpenConnection(IntGauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Creates a registry that prefixes each metric with our name.
fn new_registry() -> Result<Registry, Error> {
    Registry::new_custom(Some("registration_hook".to_owned()), None)
}

fn counter(
    registry: &Registry,
    name: &str,
    help: &str,
    labels: &[&str],
) -> Result<IntCounterVec, Error> {
    register_int_counter_vec_with_registry!(name, help, labels, registry)
}
