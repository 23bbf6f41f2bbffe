//! The latest requests at the hooks, and the state of the rules, for the page of `preview`.
//!
//! `serve` has no feed. A feed keeps requests in memory, up to a number and a size.

use std::{cmp::Reverse, sync::Arc, time::Duration};

use jiff::Timestamp;
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use tokio::sync::watch;

use super::{
    failures::{Failures, failures_of},
    queue::{KeptRequest, RequestQueue},
};
use crate::{
    duration,
    explained::Explained,
    lookup::{LookupAnswer, recorded_json},
    pipeline::HookAnswer,
    rule::{Facts, Hook},
};

/// The most decided requests that are kept.
const MOST_DECIDED: usize = 100;
/// The most refused requests that are kept. Their limit is separate, because strangers can send any number
/// of them.
const MOST_REFUSED: usize = 30;

/// The latest requests, and the state of the rules. Any thread may add to it.
pub(crate) struct Feed {
    requests: Mutex<Requests>,
    rules: Mutex<KeptRules>,
    /// Increases with every change of the feed.
    version: watch::Sender<u64>,
}

/// The state of the rules.
struct KeptRules {
    json: Arc<str>,
    /// The recorded requests whose present decision equals the recorded one, as JSON.
    unchanged_fixtures: Arc<str>,
    /// Increases with every change of the rules.
    version: u64,
}

/// The latest requests.
#[derive(Default)]
struct Requests {
    decided: RequestQueue,
    refused: RequestQueue,
    last_number: u64,
}

/// A request that arrived, whatever its answer.
pub(crate) struct ReceivedCall<'a> {
    /// The hook's name. `None` for a path without a hook.
    pub(crate) hook: Option<&'a str>,
    /// The caller as logs show it, such as `basic` or `oauth:<client>`. `none` if no caller was admitted.
    pub(crate) caller: String,
    pub(crate) duration: Duration,
    pub(crate) rules_revision: &'a str,
}

/// A row in the list of requests.
#[derive(Serialize)]
struct RequestRow<'a> {
    time: String,
    hook: Option<&'a str>,
    caller: &'a str,
    duration: String,
    rules_revision: &'a str,
    status: u16,
    refusal: Option<RefusalRow<'a>>,
    #[serde(flatten)]
    decided: Option<DecidedRow<'a>>,
}

/// The refusal of a row.
#[derive(Serialize)]
struct RefusalRow<'a> {
    reason: &'a str,
    /// The diagnosis of the refusal.
    cause: &'a str,
}

/// The decision of a row.
#[derive(Serialize)]
struct DecidedRow<'a> {
    explained: Explained<'a>,
    lookup_times: Vec<LookupTime<'a>>,
    failures: &'a Failures,
}

#[derive(Serialize)]
struct LookupTime<'a> {
    name: &'a str,
    cached: bool,
    duration: String,
}

/// The content of a decided request, which the page can open.
#[derive(Serialize)]
struct RequestContent<'a> {
    hook: &'a str,
    request: &'a str,
    /// The results of lookups, in the form of a `.lookups.json` file.
    lookups: Box<RawValue>,
    /// Why lookups failed. `lookups` says only `failed`, without the reason.
    failures: &'a Failures,
}

/// The list of requests.
#[derive(Serialize)]
struct FeedList<'a> {
    version: u64,
    /// The page reads the rules again if this changes.
    rules_version: u64,
    requests: Vec<NumberedRow<'a>>,
}

#[derive(Serialize)]
struct NumberedRow<'a> {
    number: u64,
    /// Whether the page can open the request.
    opens: bool,
    row: &'a RawValue,
}

impl Default for Feed {
    fn default() -> Self {
        // The page shows no rules until they have been read.
        let rules = KeptRules { json: "null".into(), unchanged_fixtures: "[]".into(), version: 0 };
        Self {
            requests: Mutex::default(),
            rules: Mutex::new(rules),
            // The page asks for the first list with version 0, and must not wait for it.
            version: watch::Sender::new(1),
        }
    }
}

impl Feed {
    /// Adds a request that was decided.
    pub(crate) fn add_decision(
        &self,
        call: &ReceivedCall<'_>,
        hook: &Hook,
        request: &[u8],
        answer: &HookAnswer<'_, '_>,
        facts: &Facts,
        answers: &[LookupAnswer],
    ) {
        let mut lookup_times = Vec::new();
        for LookupAnswer { name, is_cached, duration, .. } in answers {
            lookup_times.push(LookupTime {
                name,
                cached: *is_cached,
                duration: duration_text(*duration),
            });
        }
        let explained = Explained::new(hook, answer, &facts.lookups);
        let failures = failures_of(&facts.lookups);
        let decided = DecidedRow { explained, lookup_times, failures: &failures };
        let row = RequestRow { decided: Some(decided), ..base_row(call, 200) };
        let content = RequestContent {
            hook: call.hook.unwrap_or_default(),
            request: &String::from_utf8_lossy(request),
            lookups: recorded_json(&facts.lookups),
            failures: &failures,
        };
        self.add(&row, serde_json::to_string(&content).ok());
    }

    /// Adds a request that was refused. Its body is not kept.
    pub(crate) fn add_refusal(
        &self,
        call: &ReceivedCall<'_>,
        status: u16,
        reason: &str,
        diagnosis: &str,
    ) {
        let refusal = RefusalRow { reason, cause: diagnosis };
        self.add(&RequestRow { refusal: Some(refusal), ..base_row(call, status) }, None);
    }

    fn add(&self, row: &RequestRow<'_>, content: Option<String>) {
        let Ok(json) = to_raw_value(row) else {
            return;
        };
        let mut requests = self.requests.lock();
        requests.last_number += 1;
        let number = requests.last_number;
        let added = KeptRequest { number, row: json, content: content.map(Arc::from) };
        if row.refusal.is_some() {
            requests.refused.push(added, MOST_REFUSED);
        } else {
            requests.decided.push(added, MOST_DECIDED);
        }
        drop(requests);
        self.announce_change();
    }

    /// Replaces the state of the rules, and the recorded requests whose present decision equals the recorded one. Both
    /// are JSON.
    pub(super) fn set_rules(&self, rules: String, unchanged_fixtures: String) {
        let mut kept = self.rules.lock();
        *kept = KeptRules {
            json: rules.into(),
            unchanged_fixtures: unchanged_fixtures.into(),
            version: kept.version + 1,
        };
        drop(kept);
        self.announce_change();
    }

    /// The state of the rules, as JSON.
    pub(super) fn rules(&self) -> Arc<str> {
        self.rules.lock().json.clone()
    }

    /// The recorded requests whose present decision equals the recorded one, as JSON.
    pub(super) fn unchanged_fixtures(&self) -> Arc<str> {
        self.rules.lock().unchanged_fixtures.clone()
    }

    /// The content of the request with this number, as JSON. Returns `None` if it is not kept.
    pub(super) fn content(&self, number: u64) -> Option<Arc<str>> {
        let requests = self.requests.lock();
        let found = requests.decided.iter().find(|request| request.number == number)?;
        found.content.clone()
    }

    /// Waits until the feed has another version than the known one, or until the time-out. Returns the list as JSON.
    pub(super) async fn list_after(&self, known_version: u64, timeout: Duration) -> String {
        let mut changes = self.version.subscribe();
        let change = changes.wait_for(|version| *version != known_version);
        // After a time-out, the page receives the same list and asks again.
        let _ = tokio::time::timeout(timeout, change).await;
        let version = *self.version.borrow();
        let rules_version = self.rules.lock().version;
        let requests = self.requests.lock();
        let mut rows = Vec::new();
        for kind in [&requests.decided, &requests.refused] {
            for KeptRequest { number, row, content } in kind.iter() {
                rows.push(NumberedRow { number: *number, opens: content.is_some(), row });
            }
        }
        rows.sort_by_key(|row| Reverse(row.number));
        serde_json::to_string(&FeedList { version, rules_version, requests: rows })
            .unwrap_or_default()
    }

    fn announce_change(&self) {
        self.version.send_modify(|version| *version += 1);
    }
}

/// The row of a request, for `add_decision` and `add_refusal` to complete.
fn base_row<'a>(call: &'a ReceivedCall<'_>, status: u16) -> RequestRow<'a> {
    RequestRow {
        time: format!("{:.3}", Timestamp::now()),
        hook: call.hook,
        caller: &call.caller,
        duration: duration_text(call.duration),
        rules_revision: call.rules_revision,
        status,
        refusal: None,
        decided: None,
    }
}

/// A duration for people, with a no-break space before its unit.
fn duration_text(duration: Duration) -> String {
    duration::text(duration).replace(' ', "\u{a0}")
}
