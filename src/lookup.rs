//! Asks the sources that lookups name: questions in, results out.
//!
//! The core fills in the questions of a request ([`pipeline::questions`](crate::pipeline::questions)).
//! All of them are asked at once, within one deadline. A result is a value even if the source has failed,
//! so that judging stays total.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use crate::{
    problem::Problem,
    rule::lookup::{AskedLookup, LookupFailure, LookupResult, LookupResults, Question},
    settings::Settings,
};

mod cache;
pub mod postgres;
mod recorded;

use cache::ResultCache;

pub(crate) use recorded::{read_recorded, write_recorded};

/// The sources of the settings.
pub(crate) struct Sources {
    /// The longest time for all lookups of a request together.
    timeout: Duration,
    cache: ResultCache,
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
    pub(crate) fn new(_settings: &Settings) -> Result<Self, Problem> {
        Ok(Self { timeout: Duration::from_millis(1500), cache: ResultCache::default() })
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

    async fn ask_source(&self, question: &Question<'_>, deadline: Instant) -> LookupResult {
        match question {
            Question::Table(question) => question.result(),
            Question::Postgres(_) => LookupResult::Failed(LookupFailure::Connection),
        }
    }
}

/// The results alone, as facts for judging.
pub(crate) fn results(answers: &[Answer]) -> LookupResults {
    let mut results = LookupResults::new();
    for Answer { name, result, .. } in answers {
        results.insert(name.clone(), result.clone());
    }
    results
}
