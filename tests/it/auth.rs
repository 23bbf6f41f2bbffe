//! Which credentials are accepted, header by header.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
    time::SystemTime,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use proptest::prelude::*;
use registration_hook::auth::{Authenticator, Caller, Reason, SecretHeader, Secrets, SingleHeader};

use crate::support::Failures;

/// Runs a future that never waits.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("the future waits"),
    }
}

fn basic() -> Authenticator {
    let basic = Some(Secrets::of_user("admin", ["supersecret", "next:one"]));
    Authenticator { basic, ..Authenticator::default() }
}

/// The caller who is admitted with this header alone. Returns `None` if the header is refused.
fn caller(authenticator: &Authenticator, name: &str, value: SingleHeader<'_>) -> Option<Caller> {
    let absent = Ok(None);
    let header = |requested: &str| if requested == name { value } else { absent };
    block_on(authenticator.authenticate(header, SystemTime::now())).ok()
}

fn secret_header(name: &str, secrets: &[&str]) -> SecretHeader {
    SecretHeader { name: name.to_owned(), secrets: Secrets::new(secrets) }
}

fn caller_with_basic(authorization: &[u8]) -> Option<Caller> {
    caller(&basic(), "authorization", Ok(Some(authorization)))
}

#[test]
fn basic_credentials_are_accepted_in_every_spelling_of_rfc_7617() {
    let headers = [
        "Basic YWRtaW46c3VwZXJzZWNyZXQ=",
        "basic YWRtaW46c3VwZXJzZWNyZXQ=",
        "BASIC YWRtaW46c3VwZXJzZWNyZXQ=",
        "Basic  YWRtaW46c3VwZXJzZWNyZXQ=",
        // The second password has a colon: the user name ends at the first.
        "Basic YWRtaW46bmV4dDpvbmU=",
    ];
    let mut failures = Failures::default();

    for header in headers {
        let caller = caller_with_basic(header.as_bytes());

        failures.check_eq(header, caller, Some(Caller::Basic));
    }

    failures.assert_none();
}

#[test]
fn malformed_basic_credentials_are_refused() {
    let headers: [&[u8]; 14] = [
        b"",
        b"Basic",
        b"Basic ",
        b"Basic !!!!",
        b"BasicYWRtaW46c3VwZXJzZWNyZXQ=",
        b"Basic\tYWRtaW46c3VwZXJzZWNyZXQ=",
        b"Basic YWRtaW46c3VwZXJzZWNyZXQ",
        b"Basic YWRtaW46c3VwZXJzZWNyZXQ==",
        // The last letter has bits beyond the last byte.
        b"Basic YWRtaW46c3VwZXJzZWNyZXR=",
        b"Basic YWRtaW46c3VwZXJzZWNyZXQ=, Basic x",
        b"Bearer YWRtaW46c3VwZXJzZWNyZXQ=",
        b"admin:supersecret",
        b"YWRtaW46c3VwZXJzZWNyZXQ=",
        b"Basic \xe9\xe8",
    ];
    let mut failures = Failures::default();

    for header in headers {
        let caller = caller_with_basic(header);

        failures.check_eq(String::from_utf8_lossy(header), caller, None);
    }

    failures.assert_none();
}

#[test]
fn a_user_name_or_password_that_differs_is_refused() {
    let pairs = [
        "admin:Supersecret",
        "admin:supersecret\n",
        "admin:supersecre",
        "admin:supersecret:x",
        "admin:",
        ":supersecret",
        ":",
        "admin",
        "adminsupersecret",
        "root:supersecret",
        "admin: supersecret",
        "Admin:supersecret",
        "admin:\0supersecret",
    ];
    let mut failures = Failures::default();

    for pair in pairs {
        let header = format!("Basic {}", STANDARD.encode(pair));
        let caller = caller_with_basic(header.as_bytes());

        failures.check_eq(format!("{pair:?}"), caller, None);
    }

    failures.assert_none();
}

#[test]
fn a_repeated_absent_or_different_header_is_refused() {
    let repeated = caller(&basic(), "authorization", Err(Reason::Repeated));
    let absent = caller(&basic(), "authorization", Ok(None));
    let credentials: SingleHeader<'_> = Ok(Some(b"Basic YWRtaW46c3VwZXJzZWNyZXQ="));

    let elsewhere = caller(&basic(), "proxy-authorization", credentials);

    assert_eq!((repeated, absent, elsewhere), (None, None, None));
}

#[test]
fn a_header_secret_is_compared_exactly() {
    let header = Some(secret_header("x-hook-secret", &["s3cr3t", "next"]));
    let authenticator = Authenticator { header, ..Authenticator::default() };
    let mut failures = Failures::default();

    for (value, expected) in [
        ("s3cr3t", Some(Caller::Header)),
        ("next", Some(Caller::Header)),
        ("", None),
        ("S3cr3t", None),
        ("\"s3cr3t\"", None),
        ("s3cr3t ", None),
        ("s3cr3", None),
        ("s3cr3tt", None),
        ("Basic s3cr3t", None),
    ] {
        let caller = caller(&authenticator, "x-hook-secret", Ok(Some(value.as_bytes())));

        failures.check_eq(format!("{value:?}"), caller, expected);
    }
    let in_another_header = caller(&authenticator, "authorization", Ok(Some(b"s3cr3t")));

    failures.check_eq("the secret in another header", in_another_header, None);
    failures.assert_none();
}

#[test]
fn a_secret_stays_accepted_and_similar_ones_stay_refused() {
    let secrets = ["s3cr3t-of-sixteen-bytes", "next-secret-of-23-bytes"];
    let header = Some(secret_header("x-hook-secret", &secrets));
    let authenticator = Authenticator { header, ..Authenticator::default() };
    let admits = |value: &[u8]| caller(&authenticator, "x-hook-secret", Ok(Some(value))).is_some();
    let mut failures = Failures::default();

    // A secret that was admitted once is compared without its digest.
    for round in 1..=3 {
        for secret in secrets {
            failures.check(format!("{secret} in round {round}"), admits(secret.as_bytes()));
            for place in 0..secret.len() {
                let mut other = secret.as_bytes().to_vec();
                other[place] ^= 1;
                failures.check(format!("byte {place} of {secret} differs"), !admits(&other));
                failures.check(format!("{place} bytes of {secret}"), !admits(&other[..place]));
            }
        }
    }

    failures.assert_none();
}

#[test]
fn each_configured_method_accepts_its_own_credentials_and_has_a_challenge() {
    let header = Some(secret_header("authorization", &["raw"]));
    let both = Authenticator { header, ..basic() };

    let by_header = caller(&both, "authorization", Ok(Some(b"raw")));
    let by_basic = caller(&both, "authorization", Ok(Some(b"Basic YWRtaW46c3VwZXJzZWNyZXQ=")));

    assert_eq!((by_header, by_basic), (Some(Caller::Header), Some(Caller::Basic)));
    assert_eq!(both.challenges(Reason::Missing).len(), 2);
}

#[test]
fn without_a_configured_method_every_caller_is_refused() {
    let unconfigured = Authenticator::default();
    let mut failures = Failures::default();

    for value in ["", "Basic Og==", "Basic YWRtaW46c3VwZXJzZWNyZXQ="] {
        let caller = caller(&unconfigured, "authorization", Ok(Some(value.as_bytes())));

        failures.check_eq(format!("{value:?}"), caller, None);
    }

    failures.assert_none();
}

#[test]
fn reasons_are_numbered_in_order_and_named_differently() {
    let mut names = std::collections::BTreeSet::new();

    for (place, reason) in Reason::ALL.iter().enumerate() {
        assert_eq!(*reason as usize, place);
        assert!(names.insert(reason.as_str()), "two are called {}", reason.as_str());
    }

    // One name, in the form that all have.
    assert!(names.contains("bad_signature"));
}

proptest! {
    #[test]
    fn no_other_user_name_and_password_is_accepted(pair in ".{0,24}") {
        prop_assume!(pair != "admin:supersecret" && pair != "admin:next:one");
        let header = format!("Basic {}", STANDARD.encode(&pair));
        prop_assert_eq!(caller_with_basic(header.as_bytes()), None);
    }

    #[test]
    fn any_bytes_in_the_header_are_refused_without_a_panic(value in prop::collection::vec(any::<u8>(), 0..64)) {
        prop_assert_eq!(caller_with_basic(&value), None);
    }
}
