//! Refused access tokens. The issuer's name, audiences, key names and types are public, so their values are logged.
//! Other claims may have values of a profile, so only their names are logged.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    auth::{claims::Claims, jwk::read_object, reason::Reason, token::ExpectedClaims},
    escape,
};

/// How many characters of a token's public value are logged.
const VALUE_LIMIT: usize = 200;
/// How many audiences of a token are logged.
const AUDIENCES_LIMIT: usize = 5;
/// Claims in which issuers name the client.
const CLIENT_CLAIMS: [&str; 4] = ["cid", "client_id", "azp", "appid"];
/// Claims in which issuers list scopes.
const SCOPE_CLAIMS: [&str; 4] = ["scp", "scope", "roles", "permissions"];

/// Returns the most likely cause why a token is refused for this reason. `now` is in seconds since 1970.
pub(super) fn explain(expected: &ExpectedClaims, reason: Reason, token: &str, now: f64) -> String {
    let parts: Vec<_> = token.split('.').collect();
    let Some(header) = read_part(&parts, 0) else {
        return explain_malformed(&parts);
    };
    let claims = read_part(&parts, 1);
    match reason {
        Reason::Malformed => explain_malformed(&parts),
        Reason::Algorithm => {
            format!("the token's `alg` is {}, and only `RS256` is accepted", quoted(&header, "alg"))
        }
        Reason::Type => format!(
            "the token's `typ` is {}, which is not that of an access token; is it an ID token?",
            quoted(&header, "typ")
        ),
        Reason::Critical => {
            "the token's `crit` asks for an extension that is not supported".to_owned()
        }
        Reason::UnknownKey => format!(
            "the issuer publishes no key with the token's `kid`, {}{}",
            quoted(&header, "kid"),
            other_issuer_remark(expected, claims.as_ref())
        ),
        Reason::Signature => format!(
            "the token's signature was not made with the issuer's key {}{}",
            quoted(&header, "kid"),
            other_issuer_remark(expected, claims.as_ref())
        ),
        // All other reasons concern the claims.
        _ => match claims {
            Some(claims) => explain_claims(expected, reason, &claims, now),
            None => "the token's claims are not an object, or one occurs twice".to_owned(),
        },
    }
}

/// Reads the header or the claims of a token without verifying them. [`Claims`] serves for both, since it can have
/// any members. Returns `None` if the part is not an object.
fn read_part(parts: &[&str], index: usize) -> Option<Claims> {
    let json = URL_SAFE_NO_PAD.decode(parts.get(index)?).ok()?;
    read_object(&json)
}

fn explain_malformed(parts: &[&str]) -> String {
    match parts.len() {
        0 | 1 => "the token is not a JWT; is it an opaque token?".to_owned(),
        3 => explain_malformed_part(parts),
        5 => "the token is encrypted, and only signed ones are accepted".to_owned(),
        count => format!("the token is not a JWT: it has {count} parts instead of 3"),
    }
}

/// Names the part of a token that cannot be decoded.
fn explain_malformed_part(parts: &[&str]) -> String {
    for (name, part) in ["header", "claims", "signature"].iter().zip(parts) {
        if URL_SAFE_NO_PAD.decode(part).is_err() {
            return format!("the token's {name} is not Base64url without padding");
        }
    }
    "the token is not a JWT whose header has `alg` and `kid`".to_owned()
}

/// The end of a message: says so if the token names another issuer, and is empty otherwise.
fn other_issuer_remark(expected: &ExpectedClaims, claims: Option<&Claims>) -> String {
    if let Some(claims) = claims
        && let Ok(Some(issuer)) = claims.text("iss")
        && issuer != expected.issuer
    {
        return format!("; {}", describe_issuers(expected, issuer));
    }
    String::new()
}

/// Names the token's issuer and the configured one.
fn describe_issuers(expected: &ExpectedClaims, issuer: &str) -> String {
    let issuer = escape::in_backticks(issuer, VALUE_LIMIT);
    format!("the token's `iss` is {issuer}, and `auth.oauth.issuer` is `{}`", expected.issuer)
}

/// Explains claims that are invalid, or that differ from the expected ones.
fn explain_claims(expected: &ExpectedClaims, reason: Reason, claims: &Claims, now: f64) -> String {
    let leeway = expected.leeway.as_secs();
    match reason {
        Reason::Issuer => {
            describe_issuers(expected, claims.required_text("iss").unwrap_or_default())
        }
        Reason::Audience => {
            let audiences = quoted_audiences(claims);
            format!(
                "the token's `aud` is {audiences}, and `auth.oauth.audience` is `{}`",
                expected.audience
            )
        }
        Reason::Expired => {
            let age = now - claims.required_time("exp").unwrap_or_default();
            format!(
                "the token's `exp` was {age:.0} s ago, and `auth.oauth.leeway` is {leeway} s; are the \
                 clocks right?"
            )
        }
        Reason::NotYet => {
            let StartClaim { name, time } = latest_start(claims);
            let wait = time - now;
            format!(
                "the token's `{name}` is {wait:.0} s in the future, and `auth.oauth.leeway` is \
                 {leeway} s; are the clocks right?"
            )
        }
        Reason::Client => explain_client_or_scope(
            claims,
            &expected.client_claims(),
            &CLIENT_CLAIMS,
            "is not one of `auth.oauth.client_ids`",
            "auth.oauth.client_claim",
        ),
        Reason::Scope => explain_client_or_scope(
            claims,
            &expected.scope_claims(),
            &SCOPE_CLAIMS,
            &format!("lacks `{}`", expected.scope),
            "auth.oauth.scope_claim",
        ),
        _ => explain_invalid_claim(expected, claims),
    }
}

/// Explains why the client or the scopes of a token were refused. If the token has a `wanted` claim, says how
/// its value differs. Otherwise names the `known` claims that it has instead, and the setting that selects one.
fn explain_client_or_scope(
    claims: &Claims,
    wanted: &[&str],
    known: &[&str],
    difference: &str,
    setting: &str,
) -> String {
    if let Some(name) = wanted.iter().find(|name| claims.has(name)) {
        return format!("the token's `{name}` {difference}");
    }
    let wanted = wanted.join("` or `");
    let found: Vec<_> = known.iter().copied().filter(|name| claims.has(name)).collect();
    if found.is_empty() {
        return format!("the token has no claim `{wanted}`");
    }
    let found = found.join("` and `");
    format!("the token has no claim `{wanted}`, but `{found}`; see `{setting}`")
}

/// Names a claim that is missing or has the wrong type.
fn explain_invalid_claim(expected: &ExpectedClaims, claims: &Claims) -> String {
    let checked = [
        ("iss", claims.required_text("iss").is_ok()),
        ("aud", claims.audiences().is_ok()),
        ("exp", claims.required_time("exp").is_ok()),
        ("iat", claims.required_time("iat").is_ok()),
        ("nbf", claims.time("nbf").is_ok()),
    ];
    for (name, is_valid) in checked {
        if !is_valid {
            return missing_or_invalid(claims, name);
        }
    }
    for name in expected.client_claims() {
        if claims.text(name).is_err() {
            return missing_or_invalid(claims, name);
        }
    }
    for name in expected.scope_claims() {
        if claims.words(name).is_err() {
            return missing_or_invalid(claims, name);
        }
    }
    // Each claim is there and of its type. The only other reason to refuse claims is that these two differ.
    "the token's `cid` and `client_id` differ".to_owned()
}

fn missing_or_invalid(claims: &Claims, name: &str) -> String {
    if claims.has(name) {
        format!("the token's `{name}` does not have the type that its standard defines")
    } else {
        format!("the token has no claim `{name}`")
    }
}

/// `iat` or `nbf`. A token is not valid before this time.
struct StartClaim {
    name: &'static str,
    /// In seconds since 1970.
    time: f64,
}

/// The later one of `iat` and `nbf`.
fn latest_start(claims: &Claims) -> StartClaim {
    let issued = claims.required_time("iat").unwrap_or_default();
    match claims.time("nbf") {
        Ok(Some(not_before)) if not_before > issued => StartClaim { name: "nbf", time: not_before },
        _ => StartClaim { name: "iat", time: issued },
    }
}

/// The text of a member of the token's header, in backticks.
fn quoted(header: &Claims, name: &str) -> String {
    let text = header.required_text(name).unwrap_or_default();
    escape::in_backticks(text, VALUE_LIMIT)
}

fn quoted_audiences(claims: &Claims) -> String {
    let audiences = claims.audiences().unwrap_or_default();
    let mut quoted = Vec::new();
    for audience in audiences.iter().take(AUDIENCES_LIMIT) {
        quoted.push(escape::in_backticks(audience, VALUE_LIMIT));
    }
    match quoted.len() {
        0 => "an empty list".to_owned(),
        _ => quoted.join(", "),
    }
}
