//! Who may call: HTTP Basic and a secret in a header. Any configured way admits a caller.
//!
//! Knows neither HTTP library nor body: the caller hands over the values of the headers asked for.
//! Secrets are kept and compared as SHA-256 digests, all of them and in constant time, so that the
//! time taken tells neither how much of a secret was right nor which one was.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use subtle::{Choice, ConstantTimeEq};

/// The realm named in challenges.
const REALM: &str = "registration-hook";

/// How a caller was admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// By user name and password.
    Basic,
    /// By the secret in a header.
    Header,
}

impl fmt::Display for Caller {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Basic => "basic",
            Self::Header => "header",
        })
    }
}

/// What a request has for a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presented<'a> {
    /// Nothing.
    Absent,
    /// One value.
    Once(&'a [u8]),
    /// Several, of which none can be told to be the one that is meant.
    Repeated,
}

/// Admits callers by what is configured; by nothing, if nothing is.
#[derive(Debug, Default)]
pub struct Authenticator {
    basic: Option<Secrets>,
    header: Option<(String, Secrets)>,
}

impl Authenticator {
    /// Admits this user with any of these passwords (RFC 7617).
    pub fn with_basic<'s>(
        mut self,
        username: &str,
        passwords: impl IntoIterator<Item = &'s str>,
    ) -> Self {
        let pairs = passwords.into_iter().map(|password| format!("{username}:{password}"));
        self.basic = Some(Secrets::new(pairs));
        self
    }

    /// Admits who sends any of these secrets, verbatim, in this header.
    pub fn with_header<'s>(
        mut self,
        name: &str,
        secrets: impl IntoIterator<Item = &'s str>,
    ) -> Self {
        self.header = Some((name.to_owned(), Secrets::new(secrets)));
        self
    }

    /// Who calls, by the values of the headers that `header` is asked for; nothing for nobody.
    pub fn authenticate<'a>(&self, header: impl Fn(&str) -> Presented<'a>) -> Option<Caller> {
        if let Some(secrets) = &self.basic
            && let Presented::Once(value) = header("authorization")
            && let Some(pair) = user_and_password(value)
            && secrets.contain(&pair)
        {
            return Some(Caller::Basic);
        }
        if let Some((name, secrets)) = &self.header
            && let Presented::Once(value) = header(name)
            && secrets.contain(value)
        {
            return Some(Caller::Header);
        }
        None
    }

    /// The values of `WWW-Authenticate`, one a configured way (RFC 9110 §11.6.1). The scheme of a
    /// secret in a header is our own, since there is none for it.
    pub fn challenges(&self) -> impl Iterator<Item = String> {
        let basic =
            self.basic.as_ref().map(|_| format!(r#"Basic realm="{REALM}", charset="UTF-8""#));
        let header = self.header.as_ref().map(|_| format!(r#"Hook-Secret realm="{REALM}""#));
        basic.into_iter().chain(header)
    }
}

/// Digests of secrets.
struct Secrets(Vec<[u8; SHA256_OUTPUT_LEN]>);

impl Secrets {
    fn new(secrets: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        Self(secrets.into_iter().map(|secret| sha256(secret.as_ref())).collect())
    }

    fn contain(&self, presented: &[u8]) -> bool {
        let presented = sha256(presented);
        let none = Choice::from(0);
        self.0.iter().fold(none, |found, secret| found | secret.ct_eq(&presented)).into()
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} secrets", self.0.len())
    }
}

fn sha256(data: &[u8]) -> [u8; SHA256_OUTPUT_LEN] {
    let mut output = [0; SHA256_OUTPUT_LEN];
    output.copy_from_slice(digest(&SHA256, data).as_ref());
    output
}

/// The `user-id ":" password` of Basic credentials. A configured user name has no colon, so that
/// comparing the pair whole is to split it at the first one.
fn user_and_password(authorization: &[u8]) -> Option<Vec<u8>> {
    let (scheme, token) = authorization.split_at_checked("Basic".len())?;
    // RFC 9110 §11.4: the scheme in any case, then one or more spaces.
    if !scheme.eq_ignore_ascii_case(b"Basic") || !token.starts_with(b" ") {
        return None;
    }
    STANDARD.decode(token.trim_ascii_start()).ok()
}
