//! Metrics of values that other modules keep.

use std::collections::BTreeMap;

use prometheus::{Error, IntGaugeVec, Registry, register_int_gauge_vec_with_registry};

use super::{counter, new_registry};

/// The values that other modules keep, as they are at the time of a scrape.
pub(crate) struct Observed<'a> {
    pub(crate) rules_revision: &'a str,
    /// For each live part, such as `rules`, whether it is stale.
    pub(crate) stale: BTreeMap<&'static str, bool>,
    /// The number of fetches of the issuer's keys by their result. Empty without OAuth.
    pub(crate) key_fetches: BTreeMap<&'static str, u64>,
    pub(crate) dropped_lines: u64,
}

/// Creates a registry of the observed values, for one scrape.
pub(super) fn observed_registry(observed: &Observed<'_>) -> Result<Registry, Error> {
    let registry = new_registry()?;
    let version = gauge(&registry, "build_info", "The running version.", "version")?;
    version.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
    let revision = gauge(&registry, "rules_info", "The revision of the active rules.", "revision")?;
    revision.with_label_values(&[observed.rules_revision]).set(1);
    let help = "Whether the newest files were rejected, so that an older version is active.";
    let stale = gauge(&registry, "stale", help, "what")?;
    for (what, is_stale) in &observed.stale {
        stale.with_label_values(&[what]).set(i64::from(*is_stale));
    }
    let help = "Fetches of the issuer's keys.";
    let fetches = counter(&registry, "jwks_fetches_total", help, &["result"])?;
    for (result, count) in &observed.key_fetches {
        fetches.with_label_values(&[result]).inc_by(*count);
    }
    let help = "Decision lines that could not be written.";
    let dropped = counter(&registry, "decision_lines_dropped_total", help, &[])?;
    dropped.with_label_values::<&str>(&[]).inc_by(observed.dropped_lines);
    Ok(registry)
}

fn gauge(registry: &Registry, name: &str, help: &str, label: &str) -> Result<IntGaugeVec, Error> {
    register_int_gauge_vec_with_registry!(name, help, &[label], registry)
}
