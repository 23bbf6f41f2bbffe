//! Tries the sources that rules use, so that the log says what is wrong before the first request does.

use std::{collections::BTreeMap, sync::Arc, thread, time::Duration};

use tokio::time::Instant;

use super::{
    SourceClient, Sources,
    http::ApiPlace,
    postgres::{Database, Unanswerable},
};
use crate::{
    rule::{
        RuleSet,
        lookup::{LookupFailure, PostgresQuery},
    },
    settings::SourceSettings,
};

/// A query to try.
struct QueryTrial {
    /// The hook and the lookup that have the query, as a message names them.
    lookup: String,
    query: Arc<PostgresQuery>,
}

impl Sources {
    /// Checks in the background that the databases have the tables and columns that rules name. Logs an
    /// error for each lookup that will fail, and a warning for each database that cannot be asked.
    pub(crate) fn verify_databases(&self, rules: &RuleSet) {
        let mut trials: BTreeMap<String, Vec<QueryTrial>> = BTreeMap::new();
        for (hook, lookup) in rules.lookups() {
            if let Some(query) = lookup.postgres_query() {
                let lookup = format!("`{hook}`: the lookup `{}`", lookup.name.value);
                let trial = QueryTrial { lookup, query: query.clone() };
                trials.entry(query.source.clone()).or_default().push(trial);
            }
        }
        for (source, trials) in trials {
            if let Some(SourceClient::Postgres(database)) = self.clients.get(&source) {
                let all_trials = try_queries(database.clone(), source, trials, self.timeout);
                database.run_in_background(all_trials);
            }
        }
    }

    /// Checks in the background that the APIs that rules ask can be reached. Sends no request. Logs a warning
    /// for each that cannot be reached.
    pub(crate) fn try_apis(&self, rules: &RuleSet) {
        let mut apis = BTreeMap::new();
        for (_, lookup) in rules.lookups() {
            if let Some(source) = lookup.http_source()
                && let Some(SourceSettings::Http(settings)) = self.settings.get(source)
            {
                apis.insert(source.to_owned(), ApiPlace::new(settings, &self.proxies));
            }
        }
        if apis.is_empty() {
            return;
        }
        let timeout = self.timeout;
        let thread = thread::Builder::new().name("sources".to_owned());
        // If no thread can be started, the first lookup shows whether the API can be reached.
        let _ = thread.spawn(move || connect_to_each(&apis, timeout));
    }
}

fn connect_to_each(apis: &BTreeMap<String, ApiPlace>, timeout: Duration) {
    for (source, place) in apis {
        if let Err(why) = place.connect(timeout) {
            warn_unusable(source, why);
        }
    }
}

/// Tries one query after the other, so that connections stay free for requests.
async fn try_queries(
    database: Database,
    source: String,
    trials: Vec<QueryTrial>,
    timeout: Duration,
) {
    for QueryTrial { lookup, query } in trials {
        match database.verify(&query, Instant::now() + timeout).await {
            Ok(()) => {}
            Err(Unanswerable::Refused(why)) => log::error!("{lookup} will fail: {why}"),
            // Requests use all connections, so the database works. Skip this query.
            Err(Unanswerable::Failed(LookupFailure::Busy | LookupFailure::TimeoutBeforeAsking)) => {
            }
            Err(Unanswerable::Failed(why)) => {
                warn_unusable(&source, why);
                return;
            }
        }
    }
}

fn warn_unusable(source: &str, why: LookupFailure) {
    // The failure comes last, since its text may end with a question mark: `is it running?`.
    log::warn!("the source `{source}` cannot be used now, so its lookups fail: {why}");
}
