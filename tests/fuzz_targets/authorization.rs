//! A header with credentials → the caller.

use std::{
    pin::pin,
    sync::{Arc, LazyLock},
    task::{Context, Poll, Waker},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use registration_hook::auth::{
    Authenticator, Bearer, Caller, Keys, SecretHeader, Secrets, SingleHeader,
};

use super::signing::{CLIENT, EXPIRES, LEEWAY, NOW, expected, good_token, key_set};

const SECRET_HEADER: &str = "x-hook-secret";
const HEADER_SECRETS: [&str; 2] = ["s3cr3t-value-0123456789abcdef", "the next one"];
const PASSWORDS: [&str; 2] = ["supersecret", "next:one"];
/// `admin` with each of the passwords, in Base64.
const BASIC_CREDENTIALS: [&str; 2] = ["YWRtaW46c3VwZXJzZWNyZXQ=", "YWRtaW46bmV4dDpvbmU="];

/// The log has room for no longer cause.
const LONGEST_CAUSE: usize = 2000;

/// Admits callers by all three methods.
static AUTHENTICATOR: LazyLock<Authenticator> = LazyLock::new(|| Authenticator {
    basic: Some(Secrets::of_user("admin", PASSWORDS)),
    header: Some(SecretHeader {
        name: SECRET_HEADER.to_owned(),
        secrets: Secrets::new(HEADER_SECRETS),
    }),
    bearer: Some(Arc::new(Bearer { expected: expected(), keys: Keys::fixed(key_set()) })),
});

/// Presents the bytes as `Authorization` and as the secret's header. They must admit where they are
/// the credentials to the letter, and nowhere else.
pub fn authorization(data: &[u8]) {
    assert_eq!(caller("authorization", data, NOW), expected_caller(data, NOW));
    // A token that was verified is remembered, but not beyond its end.
    let later = EXPIRES + LEEWAY;
    assert_eq!(caller("authorization", data, later), expected_caller(data, later));
    let is_secret = HEADER_SECRETS.iter().any(|secret| secret.as_bytes() == data);
    let expected = if is_secret { Some(Caller::Header) } else { None };
    assert_eq!(caller(SECRET_HEADER, data, NOW), expected);
}

/// The caller that is admitted with nothing but this header.
fn caller(name: &str, value: &[u8], now: u64) -> Option<Caller> {
    let header = |asked: &str| -> SingleHeader<'_> {
        if asked == name { Ok(Some(value)) } else { Ok(None) }
    };
    let now: SystemTime = UNIX_EPOCH + Duration::from_secs(now);
    let mut admission = pin!(AUTHENTICATOR.authenticate(header, now));
    match admission.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(caller)) => Some(caller),
        Poll::Ready(Err(reason)) => {
            let cause = AUTHENTICATOR.diagnose(reason, &[(name, value)], now).text;
            assert!(cause.len() < LONGEST_CAUSE, "{cause}");
            assert!(!cause.contains(char::is_control), "{cause:?}");
            None
        }
        Poll::Pending => panic!("with fixed keys there is nothing to wait for"),
    }
}

/// The caller that this `Authorization` must admit.
fn expected_caller(authorization: &[u8], now: u64) -> Option<Caller> {
    let authorization = str::from_utf8(authorization).ok()?;
    let (scheme, credentials) = authorization.split_once(' ')?;
    let credentials = credentials.trim_start_matches(' ');
    match scheme.to_ascii_lowercase().as_str() {
        "basic" if BASIC_CREDENTIALS.contains(&credentials) => Some(Caller::Basic),
        "bearer" if credentials == good_token() && now < EXPIRES + LEEWAY => {
            Some(Caller::OAuth(CLIENT.to_owned()))
        }
        _ => None,
    }
}
