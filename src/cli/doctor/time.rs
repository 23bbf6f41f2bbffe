//! How long calls take, and whether the hook's clock is right.

use std::time::{Duration, SystemTime};

use ureq::http::{HeaderMap, header::DATE};

use super::{CheckedHook, checkup::Checkup};
use crate::{cli::client::OKTA_TIMEOUT, duration};

/// How many calls are timed.
const CALLS: usize = 20;
/// Calls stop after this many failures: further ones would show the same.
const MOST_FAILURES: usize = 3;
/// Slower calls leave too little of Okta's time for a cold start or the fetch of a token.
const SLOW: Duration = Duration::from_secs(1);
/// The difference of clocks that most verifiers of tokens tolerate.
const TOLERATED_DIFFERENCE: Duration = Duration::from_secs(60);

/// Checks how long twenty calls take, one after the other.
pub(super) fn check_latency(hook: &CheckedHook<'_>, checkup: &mut Checkup) {
    const CHECK: &str = "latency";
    const FIX: &str = "answer in well under 1 s; keep one instance warm";
    let mut times = Vec::new();
    let mut failures = Vec::new();
    for _ in 0..CALLS {
        let call = hook.client.call_once(hook.url, &hook.body);
        match call.reply {
            Ok(answer) if (200..=299).contains(&answer.status) => times.push(call.duration),
            Ok(answer) => failures.push(format!("status {}", answer.status)),
            Err(why) => failures.push(why.to_string()),
        }
        if failures.len() == MOST_FAILURES {
            break;
        }
    }
    times.sort_unstable();
    if let Some(why) = failures.first() {
        let failed = failures.len();
        let calls = failed + times.len();
        checkup.problem(CHECK, format!("{failed} of {calls} calls failed: {why}"), FIX);
    }
    let (Some(median), Some(slowest)) = (times.get(times.len() / 2), times.last()) else {
        return;
    };
    let message = format!(
        "{} calls: median {}, slowest {}; Okta waits {} s",
        times.len(),
        duration::text(*median),
        duration::text(*slowest),
        OKTA_TIMEOUT.as_secs()
    );
    if *slowest > SLOW {
        checkup.note(CHECK, message, FIX);
    } else {
        checkup.ok(CHECK, message);
    }
}

/// Compares the hook's clock with this machine's. The hook judges by its clock whether a token is valid. The answer
/// with these headers must have just arrived.
pub(super) fn check_clock(headers: &HeaderMap, checkup: &mut Checkup) {
    const CHECK: &str = "clock";
    let date = headers.get(DATE).and_then(|date| date.to_str().ok());
    let Some(Ok(theirs)) = date.map(httpdate::parse_http_date) else {
        checkup.note(CHECK, "the answer has no `Date`", "compare the clocks by other means");
        return;
    };
    let now = SystemTime::now();
    let difference = match now.duration_since(theirs) {
        Ok(difference) => difference,
        Err(ahead) => ahead.duration(),
    };
    let message = format!("it differs from this machine's by {} s", difference.as_secs());
    if difference > TOLERATED_DIFFERENCE {
        checkup.problem(
            CHECK,
            message,
            "set both clocks: tokens count as expired or not yet valid",
        );
    } else {
        checkup.ok(CHECK, message);
    }
}
