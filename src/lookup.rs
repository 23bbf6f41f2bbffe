//! Asks the sources that lookups name: questions in, results out.
//!
//! The core fills in the questions of a request ([`pipeline::questions`](crate::pipeline::questions)).
//! All of them are asked at once, within one deadline. A failure of a source is a result as well, so that
//! judging cannot fail.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use futures_util::future::join_all;
use tokio::time::Instant;

use crate::{
    authorities::read_authorities,
    file::{self, FileKind, Links},
    problem::Problem,
    proxies::Proxies,
    rule::lookup::{
        AskedLookup, LookupFailure, LookupResult, LookupResults, Question, ResponseHint,
        SourceAnswer, SourceKind, SourceKinds,
    },
    settings::{Settings, SourceSettings},
};

mod cache;
mod failure;
mod http;
pub mod postgres;
mod recorded;
mod tls;
mod verify;

use cache::ResultCache;
use http::HttpApi;
use postgres::Database;

pub(crate) use recorded::{read_recorded, recorded_json, write_recorded};

/// The sources of the settings.
pub(crate) struct Sources {
    /// The longest time for all lookups of a request together.
    timeout: Duration,
    /// The settings of the sources. If a reload finds other settings, the sources are made anew.
    settings: BTreeMap<String, SourceSettings>,
    /// The contents of the sources' `ca_file`s. If a reload finds other contents, the sources are made anew.
    certificates: Certificates,
    proxies: Proxies,
    clients: BTreeMap<String, SourceClient>,
    cache: ResultCache,
}

/// The contents of files by their paths. `None` for one that cannot be read.
type Certificates = BTreeMap<PathBuf, Option<Vec<u8>>>;

/// The client of one source.
enum SourceClient {
    Http(HttpApi),
    Postgres(Database),
}

/// The result of one lookup of a request, and how it came about.
pub(crate) struct LookupAnswer {
    /// The lookup's name.
    pub(crate) name: String,
    pub(crate) result: LookupResult,
    /// Whether the result is that of an earlier request.
    pub(crate) is_cached: bool,
    pub(crate) duration: Duration,
    /// Hints for the author of the lookup. Empty unless the question asks for them.
    pub(crate) hints: Vec<ResponseHint>,
}

impl Sources {
    /// Makes the clients of these sources. Asks no source yet.
    pub(crate) fn new(
        settings: BTreeMap<String, SourceSettings>,
        timeout: Duration,
        proxies: &Proxies,
    ) -> Result<Self, Problem> {
        let certificates = read_certificates(&settings);
        let mut clients = BTreeMap::new();
        for (name, source) in &settings {
            clients.insert(name.clone(), SourceClient::new(name, source, timeout, proxies)?);
        }
        Ok(Self {
            timeout,
            settings,
            certificates,
            proxies: proxies.clone(),
            clients,
            cache: ResultCache::default(),
        })
    }

    /// The kinds of the sources by their names.
    pub(crate) fn kinds(&self) -> SourceKinds {
        source_kinds(&self.settings)
    }

    /// Whether these are the settings that the sources were made from, and no `ca_file` has changed since.
    pub(crate) fn is_up_to_date(&self, settings: &BTreeMap<String, SourceSettings>) -> bool {
        self.settings == *settings && self.certificates == read_certificates(settings)
    }

    /// Asks all lookups at once. Ends by the deadline, or after `lookups.timeout` if that is earlier.
    pub(crate) async fn ask(
        &self,
        asked: &[AskedLookup<'_>],
        deadline: Instant,
    ) -> Vec<LookupAnswer> {
        let deadline = deadline.min(Instant::now() + self.timeout);
        join_all(asked.iter().map(|lookup| self.ask_one(lookup, deadline))).await
    }

    /// Asks one lookup, unless the cache has its result.
    async fn ask_one(&self, asked: &AskedLookup<'_>, deadline: Instant) -> LookupAnswer {
        let start = Instant::now();
        let AskedLookup { lookup, question } = asked;
        let name = lookup.name.value.clone();
        // `None` if the rules keep no result of this lookup, or the source is a table.
        let key = if lookup.cache.is_some() { question.cache_key() } else { None };
        if let Some(max_age) = lookup.cache
            && let Some(key) = &key
            && let Some(result) = self.cache.get(key, start, max_age)
        {
            let duration = start.elapsed();
            return LookupAnswer { name, result, is_cached: true, duration, hints: Vec::new() };
        }
        let SourceAnswer { result, hints } = self.ask_source(question, deadline).await;
        if let Some(key) = &key {
            self.cache.keep(key, &result, Instant::now());
        }
        LookupAnswer { name, result, is_cached: false, duration: start.elapsed(), hints }
    }

    /// Asks the source of a question. Returns a failure if the settings no longer have the source.
    async fn ask_source(&self, question: &Question<'_>, deadline: Instant) -> SourceAnswer {
        let result = match question {
            Question::Table(question) => question.result(),
            Question::Postgres(question) => match self.clients.get(&question.query.source) {
                Some(SourceClient::Postgres(database)) => database.ask(question, deadline).await,
                _ => LookupResult::Failed(LookupFailure::NoSource),
            },
            Question::Http(question) => match self.clients.get(question.source()) {
                Some(SourceClient::Http(api)) => return api.ask(question, deadline).await,
                _ => LookupResult::Failed(LookupFailure::NoSource),
            },
        };
        result.into()
    }
}

impl SourceClient {
    /// Makes the client of a source. Fails if its certificates or its URL cannot be used.
    fn new(
        name: &str,
        settings: &SourceSettings,
        timeout: Duration,
        proxies: &Proxies,
    ) -> Result<Self, Problem> {
        // The client reads this file as well. Read it here first, so that a problem names the setting.
        if let Some(path) = ca_file_of(settings)
            && let Err(why) = read_authorities(path)
        {
            return Err(Problem::named(format!("sources.{name}.ca_file"), why));
        }
        let client = match settings {
            SourceSettings::Http(settings) => HttpApi::new(settings, proxies).map(Self::Http),
            SourceSettings::Postgres(settings) => {
                Database::new(settings, timeout).map(Self::Postgres)
            }
        };
        client.map_err(|why| Problem::named(format!("sources.{name}"), why))
    }
}

/// Reads the `ca_file`s of sources, without parsing them.
fn read_certificates(settings: &BTreeMap<String, SourceSettings>) -> Certificates {
    let mut certificates = Certificates::new();
    for source in settings.values() {
        if let Some(path) = ca_file_of(source) {
            // The client reports a file that cannot be read.
            let content = file::read_bytes(path, FileKind::Certificate, Links::Follow).ok();
            certificates.insert(path.to_owned(), content);
        }
    }
    certificates
}

fn ca_file_of(settings: &SourceSettings) -> Option<&Path> {
    match settings {
        SourceSettings::Http(source) => source.ca_file.as_deref(),
        SourceSettings::Postgres(source) => source.ca_file.as_deref(),
    }
}

/// The problem of each source whose client cannot be made. The service does not start with such a source. Asks no
/// source.
pub(crate) fn source_problems(settings: &Settings) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (name, source) in &settings.sources {
        if let Err(problem) =
            SourceClient::new(name, source, settings.lookups_timeout, &settings.proxies)
        {
            problems.push(problem);
        }
    }
    problems
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
pub(crate) fn results(answers: &[LookupAnswer]) -> LookupResults {
    let mut results = LookupResults::new();
    for LookupAnswer { name, result, .. } in answers {
        results.insert(name.clone(), result.clone());
    }
    results
}
