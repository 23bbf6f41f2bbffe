//! An access token → the client.

use std::sync::LazyLock;

use registration_hook::auth::{
    keys::KeySet,
    token::{ExpectedClaims, Token},
};

use super::{
    json::{self, Json, Kind},
    signing::{AUDIENCE, CLIENT, ISSUER, LEEWAY, NOW, SCOPE, expected, good_token, key_set, sign},
};

/// More nesting than this is not tried: the reading here would run out of stack.
const NESTING_LIMIT: usize = 500;

static KEYS: LazyLock<KeySet> = LazyLock::new(key_set);
static EXPECTED: LazyLock<ExpectedClaims> = LazyLock::new(expected);

/// Verifies a token. Bytes that start with `{` are a header, a line break and claims, which our key
/// signs; any others are a whole token, of which only the one that our key signed admits.
pub fn token(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    if !text.starts_with('{') {
        let expected = if text == good_token() { Some(CLIENT.to_owned()) } else { None };
        assert_eq!(admitted_client(text), expected);
        return;
    }
    let nesting = text.matches(['[', '{']).count();
    let Some((header, claims)) = text.split_once('\n') else {
        return;
    };
    if nesting > NESTING_LIMIT {
        return;
    }
    if let Some(client) = admitted_client(&sign(header, claims)) {
        assert!(header_admits(header), "{header}");
        assert!(claims_admit(claims, &client), "{claims}");
    }
}

/// The client that the token admits, or `None` where it is refused.
fn admitted_client(token: &str) -> Option<String> {
    let token = Token::parse(token).ok()?;
    let key = KEYS.get(&token.kid)?;
    let verified = token.verify(key, &EXPECTED, NOW as f64).ok()?;
    Some(verified.client)
}

/// RS256 only, our key, the type of an access token, and no `crit`.
fn header_admits(header: &str) -> bool {
    let Some(document) = json::parse(header) else {
        return false;
    };
    let header = document.top;
    let is_access_token = match header.members("typ")[..] {
        [] => true,
        [one] => one.text().is_some_and(is_type_of_access_token),
        _ => false,
    };
    is_access_token
        && header.member("alg").and_then(Json::text) == Some("RS256")
        && header.member("kid").and_then(Json::text) == Some("k1")
        && header.members("crit").is_empty()
}

fn is_type_of_access_token(name: &str) -> bool {
    ["jwt", "at+jwt", "application/at+jwt"].contains(&name.to_ascii_lowercase().as_str())
}

/// Every claim has its type and the value that is configured, and the token is valid now.
fn claims_admit(claims: &str, client: &str) -> bool {
    let Some(document) = json::parse(claims) else {
        return false;
    };
    let claims = document.top;
    let now = NOW as f64;
    let leeway = LEEWAY as f64;
    let expires = claims.member("exp").and_then(Json::number);
    let issued = claims.member("iat").and_then(Json::number);
    let not_yet = match claims.members("nbf")[..] {
        [] => false,
        [one] => !one.number().is_some_and(|not_before| not_before <= now + leeway),
        _ => true,
    };
    claims.member("iss").and_then(Json::text) == Some(ISSUER)
        && claims.member("aud").is_some_and(|audience| is_or_lists(audience, AUDIENCE))
        && expires.is_some_and(|expires| expires > now - leeway)
        && issued.is_some_and(|issued| issued <= now + leeway)
        && !not_yet
        && client_is_configured(&claims, client)
        && has_scope(&claims)
}

/// Whether a value is this text or a list of texts with it.
fn is_or_lists(value: &Json<'_>, wanted: &str) -> bool {
    match &value.kind {
        Kind::Text(text) => text == wanted,
        Kind::List(items) => {
            let all_are_text = items.iter().all(|item| item.text().is_some());
            all_are_text && items.iter().any(|item| item.text() == Some(wanted))
        }
        _ => false,
    }
}

/// `cid` and `client_id` name this client, one of them at least, and it is a configured one.
fn client_is_configured(claims: &Json<'_>, client: &str) -> bool {
    let mut named = claims.members("cid");
    named.extend(claims.members("client_id"));
    let all_name_it = named.iter().all(|claim| claim.text() == Some(client));
    !named.is_empty() && all_name_it && EXPECTED.clients.iter().any(|known| known == client)
}

/// `scp` or `scope` has the scope, in a list or among words.
fn has_scope(claims: &Json<'_>) -> bool {
    for name in ["scp", "scope"] {
        let Some(claim) = claims.member(name) else {
            continue;
        };
        let among_words =
            claim.text().is_some_and(|text| text.split(' ').any(|word| word == SCOPE));
        if among_words || is_or_lists(claim, SCOPE) {
            return true;
        }
    }
    false
}
