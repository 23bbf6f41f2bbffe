//! Results that are kept for a while, in bounded memory. Failures are never kept.

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
const MOST_RESULTS: usize = 10_000;
/// How many bytes of memory the results and their questions may take together.
const MOST_BYTES: usize = 16 << 20;
/// The bytes that each result and each column takes besides its texts.
const OVERHEAD: usize = 200;

/// Results of questions that were asked a short time ago.
#[derive(Default)]
pub(super) struct ResultCache(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    results: HashMap<Arc<str>, KeptResult>,
    /// The question of each result by its number, the oldest first.
    by_age: BTreeMap<u64, Arc<str>>,
    next_number: u64,
    bytes: usize,
}

struct KeptResult {
    result: LookupResult,
    stored: Instant,
    /// Later results have higher numbers.
    number: u64,
    bytes: usize,
}

impl ResultCache {
    /// The kept result of a question, if it is younger than `age`. The caller gives the age, so that a
    /// shorter one in new rules applies to kept results as well.
    pub(super) fn get(&self, question: &str, now: Instant, age: Duration) -> Option<LookupResult> {
        let kept = self.0.lock();
        let found = kept.results.get(question)?;
        let is_young = now.saturating_duration_since(found.stored) < age;
        if is_young { Some(found.result.clone()) } else { None }
    }

    /// Keeps a result. Drops the oldest ones if there are too many.
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
        while kept.bytes > MOST_BYTES || kept.results.len() > MOST_RESULTS {
            let Some((_, oldest)) = kept.by_age.pop_first() else {
                return;
            };
            kept.forget(&oldest);
        }
    }
}

impl Kept {
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
