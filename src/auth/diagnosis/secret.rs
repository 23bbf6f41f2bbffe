//! A wrong secret in a header, and mistakes that all secrets share.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::Diagnosis;
use crate::auth::{
    digest::Secrets,
    scheme::{credentials_of_scheme, known_scheme},
};

/// The quotes that a shell removes, and that other readers of variables keep.
pub(super) const QUOTES: [u8; 2] = [b'"', b'\''];
/// The quotes that word processors write in place of straight ones.
const CURLY_QUOTES: [&str; 5] = ["“", "”", "„", "‘", "’"];
/// The white space that a secret may have by mistake: a text before it, and one after it.
pub(super) const SPACES: [(&[u8], &[u8]); 3] = [(b"", b" "), (b" ", b""), (b" ", b" ")];
/// Texts that documentation shows in place of a secret.
const PLACEHOLDERS: [&[u8]; 5] =
    [b"PASSWORD", b"YOUR-SECRET", b"replace-this", b"$HOOK_PASSWORD", b"${HOOK_PASSWORD}"];

/// A guess that the request or the settings have a certain mistake. It is right if its secret is configured.
pub(super) struct Guess {
    /// The secret that is configured if the mistake was made.
    secret: Vec<u8>,
    /// The kind of the diagnosis.
    kind: &'static str,
    /// The description of the mistake.
    mistake: &'static str,
}

/// One constructor per mistake. Its argument is the secret that is configured if the mistake was made.
impl Guess {
    /// The presented secret without its quotes.
    pub(super) fn quotes_in_request(secret: Vec<u8>) -> Self {
        let mistake = "the request has quotes around the right credentials; remove them in Okta";
        Self { secret, kind: "quotes_in_request", mistake }
    }

    /// The presented secret without white space around it.
    pub(super) fn spaces_in_request(secret: Vec<u8>) -> Self {
        let mistake = "the request has white space around the right credentials; remove it in Okta";
        Self { secret, kind: "spaces_in_request", mistake }
    }

    /// The presented pair with its halves exchanged.
    pub(super) fn halves_swapped(secret: Vec<u8>) -> Self {
        let mistake =
            "the user name and the password are right, but exchanged; write the user name first";
        Self { secret, kind: "halves_swapped", mistake }
    }

    /// The pair that was presented in place of the password.
    pub(super) fn pair_as_password(secret: Vec<u8>) -> Self {
        let mistake = "the password in the Basic value is itself a user name and password, and these \
                       are right; encode only these";
        Self { secret, kind: "pair_as_password", mistake }
    }

    /// The presented secret with quotes.
    pub(super) fn quotes_in_settings(secret: Vec<u8>) -> Self {
        let mistake = "the settings have quotes around this secret; remove them there (`docker run \
                       --env-file` keeps quotes)";
        Self { secret, kind: "quotes_in_settings", mistake }
    }

    /// The presented pair with quotes or white space around its user name.
    pub(super) fn wrapped_user_in_settings(secret: Vec<u8>) -> Self {
        let mistake = "the settings have quotes or white space around this user name; remove them \
                       there (`docker run --env-file` keeps quotes)";
        Self { secret, kind: "wrapped_user_in_settings", mistake }
    }

    /// The presented secret without a scheme, or decoded from Base64.
    fn scheme_or_base64_in_request(secret: Vec<u8>) -> Self {
        let mistake = "the request has the right secret in Base64, or after a scheme; send it as it is \
                       configured";
        Self { secret, kind: "scheme_or_base64_in_request", mistake }
    }

    /// The presented secret with white space around it.
    pub(super) fn spaces_in_settings(secret: Vec<u8>) -> Self {
        let mistake = "the settings have white space around this secret; remove it there";
        Self { secret, kind: "spaces_in_settings", mistake }
    }
}

/// Returns the most likely cause why the value of the header is refused.
pub(super) fn diagnose(name: &str, secrets: &Secrets, value: &[u8]) -> Diagnosis {
    if value.is_empty() {
        return Diagnosis::new("empty", format!("the header `{name}` is empty"));
    }
    if let Some(diagnosis) = diagnose_placeholder(value) {
        return diagnosis;
    }
    let mut guesses = vec![Guess::quotes_in_request(without_quotes(value).to_vec())];
    for quote in QUOTES {
        let quoted = [&[quote], value, &[quote]].concat();
        guesses.push(Guess::quotes_in_settings(quoted));
    }
    let mut credentials = value;
    if let Some(scheme) = known_scheme(value)
        && let Some(rest) = credentials_of_scheme(value, scheme)
    {
        guesses.push(Guess::scheme_or_base64_in_request(rest.to_vec()));
        credentials = rest;
    }
    if let Ok(decoded) = STANDARD.decode(credentials) {
        guesses.push(Guess::scheme_or_base64_in_request(decoded));
    }
    if let Some(diagnosis) = first_match(secrets, guesses) {
        return diagnosis;
    }
    let mut text = format!("the value of `{name}` is not a secret of `auth.header`");
    if let Some(scheme) = known_scheme(value) {
        text += &format!("; it begins with `{scheme}`, and the whole value is compared");
    }
    Diagnosis::new("secret", text)
}

/// Returns a diagnosis if the secret is a text that documentation shows in place of one.
pub(super) fn diagnose_placeholder(secret: &[u8]) -> Option<Diagnosis> {
    if !PLACEHOLDERS.contains(&secret) {
        return None;
    }
    let text = "the secret is the placeholder of the startup banner or of the documentation; replace \
                it by your own";
    Some(Diagnosis::new("placeholder", text))
}

/// The diagnosis of the first right guess. Compares all guesses, so that the time does not show which one is right.
pub(super) fn first_match(secrets: &Secrets, guesses: Vec<Guess>) -> Option<Diagnosis> {
    let mut found = None;
    for Guess { secret, kind, mistake } in guesses {
        let is_right = secrets.contains(&secret);
        if is_right && found.is_none() {
            found = Some(Diagnosis::new(kind, mistake));
        }
    }
    found
}

/// The text between two quotes; any other text as it is.
pub(super) fn without_quotes(text: &[u8]) -> &[u8] {
    match text {
        [first, inner @ .., last] if first == last && QUOTES.contains(first) => inner,
        other => without_curly_quotes(other),
    }
}

/// The text between two curly quotes; any other text as it is.
fn without_curly_quotes(text: &[u8]) -> &[u8] {
    for start in CURLY_QUOTES {
        for end in CURLY_QUOTES {
            if let Some(rest) = text.strip_prefix(start.as_bytes())
                && let Some(inner) = rest.strip_suffix(end.as_bytes())
            {
                return inner;
            }
        }
    }
    text
}
