//! The most likely cause of a refusal of a caller, for the log.
//!
//! The search begins after the refusal, and its result never reaches the caller. The search guesses which secret was
//! meant. It compares each guess in constant time, so that the time does not show how much of the guess is right.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    Authenticator, SecretHeader,
    reason::Reason,
    scheme::{credentials_of_scheme, known_scheme},
};
use crate::escape;

mod basic;
mod secret;
mod token;

use secret::without_quotes;

/// How many characters of a header's name are logged.
const NAME_LIMIT: usize = 64;

/// The longest credentials, in bytes, whose mistake is guessed. Each guess makes a digest, and an attacker could
/// make that slow with long credentials.
const GUESS_LIMIT: usize = 1 << 10;

const AUTHORIZATION: &str = "authorization";

/// The most likely cause of a refusal. Never contains a secret or a token.
pub struct Diagnosis {
    /// The kind of the diagnosis. The log limits how often it prints diagnoses of one kind.
    pub kind: &'static str,
    /// The cause, and a hint.
    pub text: String,
}

/// The name and the value of a header.
type PresentedHeader<'a> = (&'a str, &'a [u8]);

impl Diagnosis {
    fn new(kind: &'static str, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }
}

impl Authenticator {
    /// Returns the most likely cause of a refusal for this reason. The names of `headers` are in lower case.
    pub fn diagnose(
        &self,
        reason: Reason,
        headers: &[PresentedHeader<'_>],
        now: SystemTime,
    ) -> Diagnosis {
        match reason {
            Reason::Missing => match self.diagnose_misplaced(headers) {
                Some(diagnosis) => diagnosis,
                None => self.diagnose_missing(),
            },
            Reason::NoScheme | Reason::OtherScheme => self.diagnose_scheme(reason, headers),
            Reason::Wrong => self.diagnose_wrong(headers),
            Reason::Repeated => {
                let name = self.repeated_header(headers);
                Diagnosis::new("repeated", format!("the header `{name}` occurs twice"))
            }
            Reason::KeysUnavailable => Diagnosis::new(
                "keys",
                "there are no keys of the issuer; the last message that begins with `token keys:` \
                 says why",
            ),
            // All other reasons concern the token.
            _ => self.diagnose_token(reason, headers, now),
        }
    }

    fn diagnose_missing(&self) -> Diagnosis {
        let names = self.header_names().join("` or `");
        Diagnosis::new("missing", format!("there is no header `{names}` with a value"))
    }

    /// Explains why `authorization` has no scheme that is configured.
    fn diagnose_scheme(&self, reason: Reason, headers: &[PresentedHeader<'_>]) -> Diagnosis {
        if let Some(diagnosis) = self.diagnose_misplaced(headers) {
            return diagnosis;
        }
        let value = value_of(AUTHORIZATION, headers);
        if let Some(diagnosis) = self.diagnose_wrapped(value) {
            return diagnosis;
        }
        if let Some(diagnosis) = self.diagnose_plain(value) {
            return diagnosis;
        }
        match reason {
            Reason::NoScheme => self.diagnose_no_scheme(value),
            _ => self.diagnose_other_scheme(value),
        }
    }

    /// Looks for right credentials in the wrong header.
    fn diagnose_misplaced(&self, headers: &[PresentedHeader<'_>]) -> Option<Diagnosis> {
        for (name, value) in headers {
            if let Some(right_name) = self.right_header(name, value) {
                let name = escape::in_backticks(name, NAME_LIMIT);
                let text = format!(
                    "the credentials came in the header {name} instead of `{right_name}`; correct \
                     Okta's \"Authentication field\""
                );
                return Some(Diagnosis::new("other_header", text));
            }
        }
        None
    }

    /// Returns the header that admits a caller with this value, unless the value came in that header.
    fn right_header(&self, name: &str, value: &[u8]) -> Option<&str> {
        if value.len() > GUESS_LIMIT {
            return None;
        }
        if let Some(header) = &self.header
            && header.secrets.contains(value)
            && header.name != name
        {
            return Some(&header.name);
        }
        let secrets = self.basic.as_ref()?;
        let pair = STANDARD.decode(credentials_of_scheme(value, "Basic")?).ok()?;
        // The caller was refused, so these right credentials did not come in `authorization`.
        if secrets.contains(&pair) { Some(AUTHORIZATION) } else { None }
    }

    /// Looks for a configured scheme in quotes, after the header's name, or before a colon: `"Basic …"`,
    /// `Authorization: Basic …` or `Basic: …`.
    fn diagnose_wrapped(&self, value: &[u8]) -> Option<Diagnosis> {
        let value = value.trim_ascii();
        let unquoted = without_quotes(value).trim_ascii();
        let after_header_name = after_name(unquoted, AUTHORIZATION);
        let inner = after_header_name.unwrap_or(unquoted);
        for scheme in self.schemes() {
            if let Some(credentials) = after_name(inner, scheme) {
                let mistake = "has a colon after the scheme; write a space in its place";
                return Some(self.describe_wrapped(mistake, credentials));
            }
            let Some(credentials) = credentials_of_scheme(inner, scheme) else {
                continue;
            };
            if after_header_name.is_some() {
                let mistake = "repeats the name of the header; begin it with the scheme";
                return Some(self.describe_wrapped(mistake, credentials));
            }
            if unquoted.len() < value.len() {
                let mistake = "is in quotes; remove them in Okta";
                return Some(self.describe_wrapped(mistake, credentials));
            }
        }
        None
    }

    fn describe_wrapped(&self, mistake: &str, credentials: &[u8]) -> Diagnosis {
        let mut text = format!("the value of `authorization` {mistake}");
        if let Some(secrets) = &self.basic {
            text += &basic::remark_on_credentials(secrets, credentials);
        }
        Diagnosis::new("wrapped", text)
    }

    /// Looks for a user name and password without a scheme or encoding. Their first word has a colon. A scheme, Base64
    /// and tokens have none. After another scheme, a later word may have one: `AWS KEY:SIGNATURE`.
    fn diagnose_plain(&self, value: &[u8]) -> Option<Diagnosis> {
        let secrets = self.basic.as_ref()?;
        let first_word = value.split(|byte| *byte == b' ').next()?;
        if !first_word.contains(&b':') {
            return None;
        }
        Some(Diagnosis::new("not_encoded", basic::describe_plain(secrets, value)))
    }

    fn diagnose_no_scheme(&self, value: &[u8]) -> Diagnosis {
        let schemes = self.schemes().join("` or `");
        let mut text = format!(
            "the value of `authorization` has no scheme; it has to begin with `{schemes}` and a space"
        );
        if let Some(secrets) = &self.basic {
            text += &basic::remark_on_credentials(secrets, value);
        }
        Diagnosis::new("no_scheme", text)
    }

    fn diagnose_other_scheme(&self, value: &[u8]) -> Diagnosis {
        let scheme = match known_scheme(value) {
            Some(scheme) => format!("the scheme `{scheme}`"),
            None => "an unknown scheme".to_owned(),
        };
        let schemes = self.schemes().join("` or `");
        let text = format!("`authorization` has {scheme}, and `{schemes}` is configured");
        Diagnosis::new("other_scheme", text)
    }

    fn diagnose_wrong(&self, headers: &[PresentedHeader<'_>]) -> Diagnosis {
        if let Some(secrets) = &self.basic
            && let Some(encoded) = credentials_of_scheme(value_of(AUTHORIZATION, headers), "Basic")
        {
            if encoded.len() > GUESS_LIMIT {
                return Diagnosis::new(
                    "long_basic",
                    "the Basic value is wrong, and longer than 1 KiB",
                );
            }
            return basic::diagnose(secrets, encoded);
        }
        let Some(SecretHeader { name, secrets }) = &self.header else {
            // This does not happen: only Basic or a secret in a header is refused as `Wrong`.
            return Diagnosis::new("wrong", "the credentials are wrong");
        };
        let value = value_of(name, headers);
        if value.len() > GUESS_LIMIT {
            let text = format!("the value of `{name}` is wrong, and longer than 1 KiB");
            return Diagnosis::new("long_secret", text);
        }
        secret::diagnose(name, secrets, value)
    }

    fn diagnose_token(
        &self,
        reason: Reason,
        headers: &[PresentedHeader<'_>],
        now: SystemTime,
    ) -> Diagnosis {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        if let Some(bearer) = &self.bearer
            && let Some(token) = credentials_of_scheme(value_of(AUTHORIZATION, headers), "Bearer")
            && let Ok(token) = str::from_utf8(token)
        {
            if credentials_of_scheme(token.as_bytes(), "Bearer").is_some() {
                return Diagnosis::new(
                    "twice",
                    "`authorization` has `Bearer` twice; write it once",
                );
            }
            return Diagnosis::new("token", token::explain(&bearer.expected, reason, token, now));
        }
        // The reason concerns a token, so `authorization` has one. Only the last condition above can have failed.
        Diagnosis::new("token", "the token is not text")
    }

    /// The first header with credentials that occurs twice.
    fn repeated_header(&self, headers: &[PresentedHeader<'_>]) -> &str {
        for name in self.header_names() {
            if headers.iter().filter(|(other, _)| *other == name).count() > 1 {
                return name;
            }
        }
        // This does not happen: one of these headers occurs twice, or the reason would be another.
        AUTHORIZATION
    }

    /// The headers of the configured methods.
    fn header_names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        if self.basic.is_some() || self.bearer.is_some() {
            names.push(AUTHORIZATION);
        }
        if let Some(header) = &self.header
            && header.name != AUTHORIZATION
        {
            names.push(&header.name);
        }
        names
    }

    /// The configured schemes of `authorization`.
    fn schemes(&self) -> Vec<&'static str> {
        let mut schemes = Vec::new();
        if self.basic.is_some() {
            schemes.push("Basic");
        }
        if self.bearer.is_some() {
            schemes.push("Bearer");
        }
        schemes
    }
}

/// The first value of a header. Empty if the request does not have it.
fn value_of<'h>(name: &str, headers: &[PresentedHeader<'h>]) -> &'h [u8] {
    match headers.iter().find(|(other, _)| *other == name) {
        Some((_, value)) => value,
        None => b"",
    }
}

/// The text after this name and a colon.
fn after_name<'v>(value: &'v [u8], name: &str) -> Option<&'v [u8]> {
    let (start, rest) = value.split_at_checked(name.len())?;
    if !start.eq_ignore_ascii_case(name.as_bytes()) {
        return None;
    }
    rest.strip_prefix(b":").map(<[u8]>::trim_ascii)
}
