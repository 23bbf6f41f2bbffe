//! Results that are kept for a while, in bounded memory. Failures are never kept, so the next request asks again.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::{
    okta::Value,
    rule::lookup::{Columns, LookupResult},
};

/// How many results are kept.
const RESULTS_LIMIT: usize = 10_000;
/// How many bytes of memory the results and their questions may take together.
const BYTES_LIMIT: usize = 16 << 20;
/// The estimated bytes that each result and each column takes besides its texts.
const OVERHEAD: usize = 200;

/// Results of questions that were asked a short time ago.
#[derive(Default)]
pub(super) struct ResultCache(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    results: HashMap<Arc<str>, KeptResult>,
    /// The question of each result by the result's number, so the oldest first.
    by_age: BTreeMap<u64, Arc<str>>,
    next_number: u64,
    /// The sum of the results' bytes.
    bytes: usize,
}

struct KeptResult {
    result: LookupResult,
    stored: Instant,
    /// Later results have higher numbers.
    number: u64,
    /// The estimated memory of this result and its question.
    bytes: usize,
}

impl ResultCache {
    /// The kept result of a question, if it is younger than `max_age`. The rules may have changed since the
    /// result was kept, so `max_age` is the age that the present rules allow.
    pub(super) fn get(
        &self,
        question: &str,
        now: Instant,
        max_age: Duration,
    ) -> Option<LookupResult> {
        let kept = self.0.lock();
        let found = kept.results.get(question)?;
        let age = now.saturating_duration_since(found.stored);
        if age < max_age { Some(found.result.clone()) } else { None }
    }

    /// Keeps a result, unless it is a failure. Drops the oldest results if there are too many, or if they take too
    /// much memory.
    pub(super) fn keep(&self, question: &str, result: &LookupResult, now: Instant) {
        let bytes = match result {
            LookupResult::Found(columns) => bytes_of(columns),
            LookupResult::NotFound => 0,
            LookupResult::Failed(_) => return,
        };
        let bytes = bytes + question.len() + OVERHEAD;
        let question: Arc<str> = question.into();
        let mut kept = self.0.lock();
        kept.forget(&question);
        let number = kept.next_number;
        kept.next_number += 1;
        kept.bytes += bytes;
        kept.by_age.insert(number, question.clone());
        let result = KeptResult { result: result.clone(), stored: now, number, bytes };
        kept.results.insert(question, result);
        while kept.bytes > BYTES_LIMIT || kept.results.len() > RESULTS_LIMIT {
            let Some((_, oldest)) = kept.by_age.pop_first() else {
                return;
            };
            kept.forget(&oldest);
        }
    }
}

impl Kept {
    /// Removes the result of a question, if there is one.
    fn forget(&mut self, question: &str) {
        if let Some(KeptResult { number, bytes, .. }) = self.results.remove(question) {
            self.by_age.remove(&number);
            self.bytes -= bytes;
        }
    }
}

/// The memory of columns with their values.
fn bytes_of(columns: &Columns) -> usize {
    let mut bytes = 0;
    for (column, value) in columns {
        let length = match value {
            Value::Text(text) | Value::Number(text) => text.len(),
            _ => 0,
        };
        bytes += column.len() + length + OVERHEAD;
    }
    bytes
}
