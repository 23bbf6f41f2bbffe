//! Who is admitted, header by header.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
    time::SystemTime,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use proptest::prelude::*;
use registration_hook::auth::{Authenticator, Caller, Presented, Reason, SecretHeader, Secrets};

/// Runs what has nothing to wait for.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("it waits"),
    }
}

fn basic() -> Authenticator {
    let basic = Some(Secrets::of_user("admin", ["supersecret", "next:one"]));
    Authenticator { basic, ..Authenticator::default() }
}

fn ask(authenticator: &Authenticator, name: &str, value: Presented<'_>) -> Option<Caller> {
    let absent = Ok(None);
    let header = |asked: &str| if asked == name { value } else { absent };
    block_on(authenticator.authenticate(header, SystemTime::now())).ok()
}

fn secret_header(name: &str, secrets: &[&str]) -> SecretHeader {
    SecretHeader { name: name.to_owned(), secrets: Secrets::new(secrets) }
}

fn with(authorization: &[u8]) -> Option<Caller> {
    ask(&basic(), "authorization", Ok(Some(authorization)))
}

#[test]
fn basic_to_the_letter() {
    for good in [
        "Basic YWRtaW46c3VwZXJzZWNyZXQ=",
        "basic YWRtaW46c3VwZXJzZWNyZXQ=",
        "BASIC YWRtaW46c3VwZXJzZWNyZXQ=",
        "Basic  YWRtaW46c3VwZXJzZWNyZXQ=",
        // The second password has a colon: the user ends at the first.
        "Basic YWRtaW46bmV4dDpvbmU=",
    ] {
        assert_eq!(with(good.as_bytes()), Some(Caller::Basic), "{good}");
    }
    for bad in [
        "",
        "Basic",
        "Basic ",
        "Basic !!!!",
        "BasicYWRtaW46c3VwZXJzZWNyZXQ=",
        "Basic\tYWRtaW46c3VwZXJzZWNyZXQ=",
        "Basic YWRtaW46c3VwZXJzZWNyZXQ",
        "Basic YWRtaW46c3VwZXJzZWNyZXQ==",
        "Basic YWRtaW46c3VwZXJzZWNyZXR=",
        "Basic YWRtaW46c3VwZXJzZWNyZXQ=, Basic x",
        "Bearer YWRtaW46c3VwZXJzZWNyZXQ=",
        "admin:supersecret",
        "YWRtaW46c3VwZXJzZWNyZXQ=",
    ] {
        assert_eq!(with(bad.as_bytes()), None, "{bad}");
    }
    assert_eq!(with(b"Basic \xe9\xe8"), None);
    for pair in [
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
    ] {
        let header = format!("Basic {}", STANDARD.encode(pair));
        assert_eq!(with(header.as_bytes()), None, "{pair:?}");
    }
}

#[test]
fn repeated_or_absent_headers_admit_nobody() {
    assert_eq!(ask(&basic(), "authorization", Err(Reason::Repeated)), None);
    assert_eq!(ask(&basic(), "authorization", Ok(None)), None);
    assert_eq!(
        ask(&basic(), "proxy-authorization", Ok(Some(b"Basic YWRtaW46c3VwZXJzZWNyZXQ="))),
        None
    );
}

#[test]
fn a_secret_in_a_header() {
    let header = Some(secret_header("x-hook-secret", &["s3cr3t", "next"]));
    let header = Authenticator { header, ..Authenticator::default() };
    let ask = |value: &[u8]| ask(&header, "x-hook-secret", Ok(Some(value)));
    assert_eq!(ask(b"s3cr3t"), Some(Caller::Header));
    assert_eq!(ask(b"next"), Some(Caller::Header));
    for bad in ["", "S3cr3t", "\"s3cr3t\"", "s3cr3t ", "s3cr3", "s3cr3tt", "Basic s3cr3t"] {
        assert_eq!(ask(bad.as_bytes()), None, "{bad}");
    }
    assert_eq!(super::auth::ask(&header, "authorization", Ok(Some(b"s3cr3t"))), None);
}

#[test]
fn any_configured_way_admits() {
    let header = Some(secret_header("authorization", &["raw"]));
    let both = Authenticator { header, ..basic() };
    assert_eq!(ask(&both, "authorization", Ok(Some(b"raw"))), Some(Caller::Header));
    assert_eq!(
        ask(&both, "authorization", Ok(Some(b"Basic YWRtaW46c3VwZXJzZWNyZXQ="))),
        Some(Caller::Basic)
    );
    assert_eq!(both.challenges(Reason::Missing).len(), 2);
}

#[test]
fn nothing_configured_admits_nobody() {
    let nobody = Authenticator::default();
    for value in ["", "Basic Og==", "Basic YWRtaW46c3VwZXJzZWNyZXQ="] {
        assert_eq!(ask(&nobody, "authorization", Ok(Some(value.as_bytes()))), None);
    }
}

#[test]
fn reasons_can_be_counted() {
    let mut names = std::collections::BTreeSet::new();
    for (place, reason) in Reason::ALL.iter().enumerate() {
        assert_eq!(*reason as usize, place);
        assert!(names.insert(reason.as_str()), "two are called {}", reason.as_str());
    }
    assert!(names.contains("bad_signature"));
}

proptest! {
    #[test]
    fn only_the_right_pair_is_admitted(pair in ".{0,24}") {
        prop_assume!(pair != "admin:supersecret" && pair != "admin:next:one");
        let header = format!("Basic {}", STANDARD.encode(&pair));
        prop_assert_eq!(with(header.as_bytes()), None);
    }

    #[test]
    fn any_header_is_survived(value in prop::collection::vec(any::<u8>(), 0..64)) {
        prop_assert_eq!(with(&value), None);
    }
}
