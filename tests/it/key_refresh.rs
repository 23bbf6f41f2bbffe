//! When an issuer's keys are fetched, how long they are used, and which are refused.

use std::time::{Duration, Instant};

use registration_hook::auth::{
    Freshness,
    keys::{KeysError, Leaks, PublishedKeySet},
    refresh_state::RefreshState,
};
use serde_json::{Value, json};

use crate::{
    issuer::{jwk, key_set},
    support::Failures,
};

const MAX_STALE: Duration = Duration::from_secs(24 * 3600);

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn fetched(keys: &[u8], max_age: Option<Duration>) -> Result<PublishedKeySet, KeysError> {
    PublishedKeySet::from_json(keys, max_age)
}

fn failed() -> Result<PublishedKeySet, KeysError> {
    fetched(b"<html>", None)
}

/// A state that has fetched keys at this time.
fn state_with_keys(max_stale: Duration, now: Instant) -> RefreshState {
    let mut state = RefreshState::new(max_stale, Leaks::default(), None);
    state.finish_fetch(fetched(&key_set(&["k1"]), None), now);
    state
}

/// After four fifths of `max_age`, or of an hour without it. At least after 30 s, and at most after an hour or half of
/// `max_stale`.
#[test]
fn keys_are_fetched_again_before_they_expire() {
    let mut failures = Failures::default();

    for (max_stale, max_age, pause) in [
        (MAX_STALE, None, 2880),
        (MAX_STALE, Some(1000), 800),
        (MAX_STALE, Some(0), 30),
        (MAX_STALE, Some(86_400), 3600),
        (MAX_STALE, Some(u64::MAX), 3600),
        (seconds(100), None, 50),
    ] {
        let mut state = RefreshState::new(max_stale, Leaks::default(), None);
        let keys = fetched(&key_set(&["k1"]), max_age.map(seconds));

        let next = state.finish_fetch(keys, Instant::now());

        failures.check_eq(format!("{max_stale:?}, {max_age:?}"), next, seconds(pause));
    }
    failures.assert_none();
}

#[test]
fn after_a_failure_keys_are_usable_until_max_stale() {
    let start = Instant::now();
    let mut state = RefreshState::new(MAX_STALE, Leaks::default(), None);

    assert_eq!(state.finish_fetch(failed(), start), seconds(1));
    assert_eq!(state.freshness(start), Freshness::Unusable);

    let mut state = state_with_keys(MAX_STALE, start);

    assert_eq!(state.freshness(start + MAX_STALE), Freshness::Fresh);
    assert_eq!(state.finish_fetch(failed(), start + MAX_STALE), seconds(30));
    assert_eq!(state.freshness(start + MAX_STALE), Freshness::Stale);

    let too_late = start + MAX_STALE + Duration::from_millis(1);

    assert_eq!(state.finish_fetch(failed(), too_late), seconds(1));
    assert_eq!(state.freshness(too_late), Freshness::Unusable);
    assert!(state.usable(too_late).is_none());
}

#[test]
fn unknown_keys_start_one_fetch_in_thirty_seconds() {
    let start = Instant::now();
    let mut state = state_with_keys(MAX_STALE, start);

    assert!(state.claim_fetch_for_unknown_key(start));
    assert!(!state.claim_fetch_for_unknown_key(start + seconds(60)), "a fetch is in progress");

    state.finish_fetch(failed(), start);

    assert!(!state.claim_fetch_for_unknown_key(start + seconds(29)));
    assert!(state.claim_fetch_for_unknown_key(start + seconds(30)));
}

/// A key set with this many leaked keys, and these public keys. A key is leaked if the set has its private half.
/// The leaked keys are numbered from `first`.
fn with_leaks(first: usize, count: usize, public: &[&str]) -> Vec<u8> {
    let mut keys: Vec<Value> = public.iter().map(|name| jwk(name)).collect();
    for number in first..first + count {
        keys.push(json!({ "kid": number.to_string(), "d": "AQAB" }));
    }
    json!({ "keys": keys }).to_string().into_bytes()
}

#[test]
fn an_issuer_with_more_than_ten_thousand_leaked_keys_is_not_trusted_any_more() {
    let now = Instant::now();
    let leaks = Leaks::default();
    let mut state = RefreshState::new(MAX_STALE, leaks.clone(), None);

    state.finish_fetch(fetched(&with_leaks(0, 10_000, &["k1"]), None), now);

    assert_eq!(state.freshness(now), Freshness::Fresh);

    // The same keys again are not counted twice.
    state.finish_fetch(fetched(&with_leaks(0, 10_000, &["k1"]), None), now);

    assert_eq!(state.freshness(now), Freshness::Fresh);

    state.finish_fetch(fetched(&with_leaks(10_000, 1, &["k1"]), None), now);

    assert!(state.usable(now).is_none(), "the last keys are not used either");

    state.finish_fetch(fetched(&key_set(&["k1"]), None), now);

    assert!(state.usable(now).is_none(), "a good key set does not restore the trust");

    let mut reloaded = RefreshState::new(MAX_STALE, leaks, Some(&state));
    reloaded.finish_fetch(fetched(&key_set(&["k1"]), None), now);

    assert!(reloaded.usable(now).is_none(), "a reload does not restore it either");
}
