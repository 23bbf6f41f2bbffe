//! Asks the sources that lookups name: questions in, results out.
//!
//! The core fills in the questions of a request ([`pipeline::questions`](crate::pipeline::questions)).
//! All of them are asked at once, within one deadline. A result is a value even if the source has failed,
//! so that judging stays total.

use std::{collections::BTreeMap, time::Duration};

use futures_util::future::join_all;
use tokio::time::Instant;

use crate::{
    problem::Problem,
    proxies::Proxies,
    rule::{
        RuleSet,
        lookup::{
            AskedLookup, LookupFailure, LookupResult, LookupResults, Question, SourceKind,
            SourceKinds,
        },
    },
    settings::SourceSettings,
};

mod cache;
mod http;
pub mod postgres;
mod recorded;

use cache::ResultCache;
use http::HttpApi;
use postgres::Database;

pub(crate) use recorded::{read_recorded, write_recorded};

/// The sources of the settings.
pub(crate) struct Sources {
    /// The longest time for all lookups of a request together.
    timeout: Duration,
    /// The settings of the sources, to notice changes.
    settings: BTreeMap<String, SourceSettings>,
    sources: BTreeMap<String, SourceClient>,
    cache: ResultCache,
}

/// A source that can be asked.
enum SourceClient {
    Http(HttpApi),
    Postgres(Database),
}

/// The result of one lookup, and how it came about.
pub(crate) struct Answer {
    /// The lookup's name.
    pub(crate) name: String,
    pub(crate) result: LookupResult,
    /// Whether the result is that of an earlier request.
    pub(crate) is_cached: bool,
    pub(crate) duration: Duration,
}

impl Sources {
    /// The sources of the settings. Asks none of them yet.
    pub(crate) fn new(
        settings: BTreeMap<String, SourceSettings>,
        timeout: Duration,
        proxies: &Proxies,
    ) -> Result<Self, Problem> {
        let mut sources = BTreeMap::new();
        for (name, source) in &settings {
            match SourceClient::new(source, timeout, proxies) {
                Ok(source) => {
                    sources.insert(name.clone(), source);
                }
                Err(why) => return Err(Problem::named(format!("sources.{name}"), why)),
            }
        }
        Ok(Self { timeout, settings, sources, cache: ResultCache::default() })
    }

    /// The kinds of the sources by their names.
    pub(crate) fn kinds(&self) -> SourceKinds {
        source_kinds(&self.settings)
    }

    /// Whether these are the settings of the sources.
    pub(crate) fn has_settings(&self, settings: &BTreeMap<String, SourceSettings>) -> bool {
        self.settings == *settings
    }

    /// Asks all lookups at once. Ends by the deadline.
    pub(crate) async fn ask(&self, asked: &[AskedLookup<'_>], deadline: Instant) -> Vec<Answer> {
        let deadline = deadline.min(Instant::now() + self.timeout);
        join_all(asked.iter().map(|one| self.ask_one(one, deadline))).await
    }

    /// Asks one lookup, unless its result is still kept.
    async fn ask_one(&self, asked: &AskedLookup<'_>, deadline: Instant) -> Answer {
        let start = Instant::now();
        let AskedLookup { lookup, question } = asked;
        let name = lookup.name.value.clone();
        let (Some(time), Some(key)) = (lookup.cache, question.cache_key()) else {
            let result = self.ask_source(question, deadline).await;
            return Answer { name, result, is_cached: false, duration: start.elapsed() };
        };
        if let Some(result) = self.cache.get(&key, start) {
            return Answer { name, result, is_cached: true, duration: start.elapsed() };
        }
        let result = self.ask_source(question, deadline).await;
        self.cache.keep(&key, &result, Instant::now(), time);
        Answer { name, result, is_cached: false, duration: start.elapsed() }
    }

    /// Asks the source of a question. A source that the settings no longer have fails.
    async fn ask_source(&self, question: &Question<'_>, deadline: Instant) -> LookupResult {
        match question {
            Question::Table(question) => question.result(),
            Question::Postgres(question) => match self.sources.get(&question.query.source) {
                Some(SourceClient::Postgres(database)) => database.ask(question, deadline).await,
                _ => LookupResult::Failed(LookupFailure::NoSource),
            },
            Question::Http(question) => match self.sources.get(question.source()) {
                Some(SourceClient::Http(api)) => api.ask(question, deadline).await,
                _ => LookupResult::Failed(LookupFailure::NoSource),
            },
        }
    }

    /// Tries in the background whether the databases have the tables and columns that rules name. Logs an
    /// error for each lookup that will fail.
    pub(crate) fn verify(&self, rules: &RuleSet) {
        let deadline = Instant::now() + self.timeout;
        for (hook, lookup) in rules.lookups() {
            if let Some(query) = lookup.postgres_query()
                && let Some(SourceClient::Postgres(database)) = self.sources.get(&query.source)
            {
                let (database, query) = (database.clone(), query.clone());
                let name = format!("`{hook}`: the lookup `{}`", lookup.name.value);
                database.clone().in_background(async move {
                    if let Err(why) = database.verify(&query, deadline).await {
                        log::error!("{name} will fail: {why}");
                    }
                });
            }
        }
    }
}

impl SourceClient {
    /// A source by its settings. An error says why it cannot be used.
    fn new(
        settings: &SourceSettings,
        timeout: Duration,
        proxies: &Proxies,
    ) -> Result<Self, String> {
        match settings {
            SourceSettings::Http(settings) => HttpApi::new(settings, proxies).map(Self::Http),
            SourceSettings::Postgres(settings) => {
                Database::new(settings, timeout).map(Self::Postgres)
            }
        }
    }
}

/// The kinds of sources by their names.
pub(crate) fn source_kinds(settings: &BTreeMap<String, SourceSettings>) -> SourceKinds {
    let mut kinds = SourceKinds::new();
    for (name, settings) in settings {
        let kind = match settings {
            SourceSettings::Http(_) => SourceKind::Http,
            SourceSettings::Postgres(_) => SourceKind::Postgres,
        };
        kinds.insert(name.clone(), kind);
    }
    kinds
}

/// The results alone, as facts for judging.
pub(crate) fn results(answers: &[Answer]) -> LookupResults {
    let mut results = LookupResults::new();
    for Answer { name, result, .. } in answers {
        results.insert(name.clone(), result.clone());
    }
    results
}
