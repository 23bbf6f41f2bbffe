//! Authentication: Basic, a token that is remembered, and the first verification of a token.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::{Duration, SystemTime},
};

use divan::{Bencher, black_box};
use registration_hook::auth::{
    Authenticator, Bearer, Caller, Keys, Reason, Secrets,
    keys::KeySet,
    token::{ExpectedClaims, Token},
};
use serde_json::json;

use issuer::{AUDIENCE, CLIENT, SCOPE, claims, key_set, sign};

#[path = "../it/issuer.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod issuer;

const ISSUER: &str = "https://example.okta.com/oauth2/default";
/// 2026-11-21
const NOW: f64 = 1_795_219_200.0;

#[divan::bench]
fn authenticate_basic(bencher: Bencher<'_, '_>) {
    let basic = Some(Secrets::of_user("admin", ["supersecret"]));
    let authenticator = Authenticator { basic, ..Authenticator::default() };

    bencher.bench_local(|| {
        caller(&authenticator, black_box("Basic YWRtaW46c3VwZXJzZWNyZXQ=")).unwrap()
    });
}

#[divan::bench]
fn authenticate_wrong_basic(bencher: Bencher<'_, '_>) {
    let basic = Some(Secrets::of_user("admin", ["another"]));
    let authenticator = Authenticator { basic, ..Authenticator::default() };

    bencher.bench_local(|| {
        caller(&authenticator, black_box("Basic YWRtaW46c3VwZXJzZWNyZXQ=")).unwrap_err()
    });
}

#[divan::bench]
fn authenticate_remembered_token(bencher: Bencher<'_, '_>) {
    let keys = Keys::fixed(KeySet::from_json(&key_set(&["k1"])).unwrap());
    let bearer = Some(Arc::new(Bearer { expected: expected(), keys }));
    let authenticator = Authenticator { bearer, ..Authenticator::default() };
    let authorization = format!("Bearer {}", token());

    bencher.bench_local(|| caller(&authenticator, black_box(&authorization)).unwrap());
}

/// Parses a token, and verifies its signature and claims.
#[divan::bench]
fn authenticate_new_token(bencher: Bencher<'_, '_>) {
    let keys = KeySet::from_json(&key_set(&["k1"])).unwrap();
    let expected = expected();
    let text = token();

    bencher.bench_local(|| {
        let token = Token::parse(black_box(&text)).unwrap();
        token.verify(keys.get(&token.kid).unwrap(), &expected, NOW).unwrap()
    });
}

/// Authenticates a request with only this header.
fn caller(authenticator: &Authenticator, authorization: &str) -> Result<Caller, Reason> {
    let header = |name: &str| Ok((name == "authorization").then_some(authorization.as_bytes()));
    let mut future = pin!(authenticator.authenticate(header, SystemTime::now()));
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(caller) => caller,
        // Only a fetch of keys takes more than one poll, and no benchmark needs one.
        Poll::Pending => Err(Reason::KeysUnavailable),
    }
}

fn expected() -> ExpectedClaims {
    ExpectedClaims {
        issuer: ISSUER.to_owned(),
        audience: AUDIENCE.to_owned(),
        clients: vec![CLIENT.to_owned()],
        client_claim: None,
        scope: SCOPE.to_owned(),
        scope_claim: None,
        leeway: Duration::from_secs(60),
    }
}

fn token() -> String {
    sign("k1", &json!({"alg": "RS256", "kid": "k1"}), &claims(ISSUER))
}
