//! Wrong credentials of HTTP Basic (RFC 7617).

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    Diagnosis, GUESS_LIMIT,
    secret::{Guess, QUOTES, SPACES, diagnose_placeholder, first_match, without_quotes},
};
use crate::auth::{digest::Secrets, scheme::credentials_of_scheme};

/// The start of the text that the startup banner shows in place of an encoded user name and password.
const ENCODED_PLACEHOLDER: &[u8] = b"BASE64-OF-";
/// The lengths of lines that `base64` and `openssl base64` write.
const LINE_LENGTHS: [usize; 2] = [76, 64];
/// How to encode a user name and a password.
const COMMAND: &str = "printf %s 'USER:PASSWORD' | base64 | tr -d '\\n'";

/// Returns the most likely cause why the text after `Basic` is refused.
pub(super) fn diagnose(secrets: &Secrets, encoded: &[u8]) -> Diagnosis {
    if encoded.is_empty() {
        return Diagnosis::new("empty", "there is no value after `Basic`");
    }
    let Ok(pair) = STANDARD.decode(encoded) else {
        return diagnose_not_base64(secrets, encoded);
    };
    let Some(colon) = pair.iter().position(|byte| *byte == b':') else {
        return Diagnosis::new("no_colon", "the Basic value has no colon after the user name");
    };
    let user = pair.get(..colon).unwrap_or_default();
    let password = pair.get(colon + 1..).unwrap_or_default();
    if pair.ends_with(b"\n") {
        let text = format!(
            "the Basic value has a line break at its end, as `echo` adds it; make it with `{COMMAND}`"
        );
        return Diagnosis::new("line_break", text);
    }
    if password.is_empty() {
        let text = "the password in the Basic value is empty; was its variable set?";
        return Diagnosis::new("empty_password", text);
    }
    if let Some(diagnosis) = diagnose_placeholder(password) {
        return diagnosis;
    }
    if let Some(diagnosis) = first_match(secrets, guesses(&pair, user, password)) {
        return diagnosis;
    }
    if secrets.belong_to(user) {
        let mut text = "the user name is right, and the password is wrong".to_owned();
        if LINE_LENGTHS.contains(&encoded.len()) {
            text += &format!(
                "; the value may be the first line only, since `base64` begins a new line after {} \
                 characters: make it with `{COMMAND}`",
                encoded.len()
            );
        }
        return Diagnosis::new("password", text);
    }
    Diagnosis::new("user", "the user name is not the configured one")
}

/// Describes a value that is a user name and password without encoding.
pub(super) fn describe_plain(secrets: &Secrets, pair: &[u8]) -> String {
    let mut text = format!(
        "the value of `authorization` is a user name and password that are not encoded; write \
         `Basic`, a space, and the output of `{COMMAND}`"
    );
    if pair.len() <= GUESS_LIMIT && secrets.contains(pair) {
        text += "; the user name and the password are right";
    }
    text
}

/// Returns the end of a message about a mistake around an encoded value, such as a second `Basic` before it: `; it is
/// not encoded, either` and how to encode it, or `; it is right otherwise`. Empty if the value itself is wrong.
pub(super) fn remark_on_credentials(secrets: &Secrets, value: &[u8]) -> String {
    if value.contains(&b':') {
        return format!("; it is not encoded, either: make it with `{COMMAND}`");
    }
    if value.len() <= GUESS_LIMIT
        && let Ok(pair) = STANDARD.decode(value)
        && secrets.contains(&pair)
    {
        return "; it is right otherwise".to_owned();
    }
    String::new()
}

fn diagnose_not_base64(secrets: &Secrets, encoded: &[u8]) -> Diagnosis {
    if let Some(rest) = credentials_of_scheme(encoded, "Basic") {
        let remark = remark_on_credentials(secrets, rest);
        let text = format!("`authorization` has `Basic` twice; write it once{remark}");
        return Diagnosis::new("twice", text);
    }
    if encoded.starts_with(ENCODED_PLACEHOLDER) {
        let text = format!(
            "the value after `Basic` is the placeholder of the startup banner; replace it by the \
             output of `{COMMAND}`"
        );
        return Diagnosis::new("placeholder", text);
    }
    if let Some(diagnosis) = diagnose_placeholder(encoded) {
        return diagnosis;
    }
    let problem = if without_quotes(encoded) != encoded {
        "is in quotes"
    } else if encoded.contains(&b':') {
        "is a user name and password that are not encoded"
    } else if encoded.contains(&b' ') {
        "has a space in it, as if it had been wrapped"
    } else {
        "is not Base64 with its padding"
    };
    let text = format!("the value after `Basic` {problem}; make it with `{COMMAND}`");
    Diagnosis::new("not_base64", text)
}

/// Returns the guesses for a presented `pair` of `user` and `password`, one or more per common mistake.
fn guesses(pair: &[u8], user: &[u8], password: &[u8]) -> Vec<Guess> {
    // Each constructor names a mistake. Its argument is the pair that is configured if the mistake was made.
    let mut guesses = vec![
        Guess::quotes_in_request(without_quotes(pair).to_vec()),
        Guess::quotes_in_request(pair_of(user, without_quotes(password))),
        Guess::quotes_in_request(pair_of(without_quotes(user), password)),
        Guess::quotes_in_request(pair_of(without_quotes(user), without_quotes(password))),
        Guess::halves_swapped(pair_of(password, user)),
        Guess::pair_as_password(password.to_vec()),
        Guess::spaces_in_request(pair_of(user.trim_ascii(), password.trim_ascii())),
    ];
    if let Some(encoded) = credentials_of_scheme(password, "Basic")
        && let Ok(inner_pair) = STANDARD.decode(encoded)
    {
        guesses.push(Guess::pair_as_password(inner_pair));
    }
    for quote in QUOTES {
        let quoted = [&[quote], password, &[quote]].concat();
        let quoted_user = [&[quote], user, &[quote]].concat();
        guesses.push(Guess::quotes_in_settings(pair_of(user, &quoted)));
        guesses.push(Guess::quotes_in_settings(pair_of(&quoted_user, &quoted)));
        guesses.push(Guess::wrapped_user_in_settings(pair_of(&quoted_user, password)));
    }
    for (before, after) in SPACES {
        let spaced = [before, password, after].concat();
        guesses.push(Guess::spaces_in_settings(pair_of(user, &spaced)));
        let spaced_user = [before, user, after].concat();
        guesses.push(Guess::wrapped_user_in_settings(pair_of(&spaced_user, password)));
    }
    guesses
}

fn pair_of(user: &[u8], password: &[u8]) -> Vec<u8> {
    [user, b":", password].concat()
}
