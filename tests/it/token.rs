//! Verification of tokens, and the keys that verify them.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::prelude::*;
use registration_hook::auth::{
    Reason,
    keys::KeySet,
    token::{ExpectedClaims, Token, VerifiedToken},
};
use serde_json::{Value, json};

use crate::{
    issuer::{AUDIENCE, CLIENT, SCOPE, claims, jwk, key_set, merge, sign, sign_text},
    support::Failures,
};

const ISSUER: &str = "https://example.okta.com/oauth2/default";
/// 2026-11-21
const NOW: f64 = 1_795_219_200.0;

fn expected() -> ExpectedClaims {
    ExpectedClaims {
        issuer: ISSUER.to_owned(),
        audience: AUDIENCE.to_owned(),
        clients: vec!["other".to_owned(), CLIENT.to_owned()],
        client_claim: None,
        scope: SCOPE.to_owned(),
        scope_claim: None,
        leeway: Duration::from_secs(60),
    }
}

fn verify(token: &str) -> Result<VerifiedToken, Reason> {
    let keys = KeySet::from_json(&key_set(&["k1", "k2"])).unwrap();
    let token = Token::parse(token)?;
    let key = keys.get(&token.kid).ok_or(Reason::UnknownKey)?;
    token.verify(key, &expected(), NOW)
}

/// Verifies a token whose claims are valid apart from these changes. A change to null removes the claim.
fn with_claims(changes: Value) -> Result<VerifiedToken, Reason> {
    let mut changed = claims(ISSUER);
    merge(&mut changed, &changes);
    verify(&sign("k1", &json!({"alg": "RS256", "kid": "k1"}), &changed))
}

fn with_header(header: Value) -> Result<VerifiedToken, Reason> {
    verify(&sign("k1", &header, &claims(ISSUER)))
}

#[test]
fn tokens_with_valid_claims_are_accepted() {
    let mut failures = Failures::default();

    for changes in [
        json!({}),
        json!({"aud": ["x", AUDIENCE]}),
        json!({"exp": NOW - 59.0}),
        json!({"exp": 4_102_444_800.5}),
        json!({"iat": NOW + 59.0}),
        json!({"nbf": NOW + 59.0}),
        json!({"cid": null, "client_id": CLIENT}),
        json!({"client_id": CLIENT}),
        json!({"scp": ["openid", SCOPE]}),
        json!({"scp": null, "scope": format!("openid {SCOPE}")}),
        json!({"scp": SCOPE}),
        json!({"scp": null, "scope": ["openid", SCOPE]}),
    ] {
        let client = with_claims(changes.clone()).map(|good| good.client);

        failures.check_eq(&changes, client.as_deref(), Ok(CLIENT));
    }

    failures.assert_none();
}

#[test]
fn tokens_with_invalid_claims_are_refused_with_the_reason() {
    use Reason::*;
    let mut failures = Failures::default();

    for (changes, reason) in [
        (json!({"exp": NOW - 61.0}), Expired),
        (json!({"exp": -1}), Expired),
        (json!({"exp": null}), Claims),
        (json!({"exp": "4102444800"}), Claims),
        (json!({"exp": [4_102_444_800_u64]}), Claims),
        (json!({"exp": true}), Claims),
        (json!({"iat": null}), Claims),
        (json!({"iat": "1767225600"}), Claims),
        (json!({"iat": NOW + 61.0}), NotYet),
        (json!({"nbf": NOW + 61.0}), NotYet),
        (json!({"nbf": "1767225600"}), Claims),
        (json!({"iss": "https://evil.example/oauth2/default"}), Issuer),
        (json!({"iss": format!("{ISSUER}/")}), Issuer),
        (json!({"iss": null}), Claims),
        (json!({"iss": [ISSUER]}), Claims),
        (json!({"aud": "api://registration-hook2"}), Audience),
        (json!({"aud": "API://registration-hook"}), Audience),
        (json!({"aud": []}), Audience),
        (json!({"aud": ["x", 7]}), Claims),
        (json!({"aud": null}), Claims),
        (json!({"cid": "0oaother"}), Client),
        (json!({"cid": null}), Client),
        (json!({"cid": 7}), Claims),
        (json!({"client_id": "0oaother"}), Claims),
        (json!({"scp": null}), Scope),
        (json!({"scp": ["openid"]}), Scope),
        (json!({"scp": [], "scope": SCOPE}), Scope),
        (json!({"scp": [format!("{SCOPE} openid")]}), Scope),
        (json!({"scp": 7}), Claims),
        (json!({"scp": ["x", 7]}), Claims),
        (json!({"scope": {}}), Claims),
        (json!({"scp": null, "scope": "registration.hook.invoke.more"}), Scope),
    ] {
        failures.check_eq(&changes, with_claims(changes.clone()), Err(reason));
    }
    // Claims that `with_claims` cannot make: a number beyond all limits, `null`, a name twice, broken JSON.
    let good = claims(ISSUER).to_string();
    for (from, to, reason) in [
        ("\"exp\":4102444800", "\"exp\":1e400", Claims),
        ("\"exp\":4102444800", "\"exp\":null", Claims),
        ("\"exp\":4102444800", "\"exp\":1,\"exp\":4102444800", Claims),
        ("\"ver\":1", "\"azp\":1,\"azp\":2", Claims),
        ("\"ver\":1", "\"nbf\":null", Claims),
        ("\"ver\":1", "\"client_id\":null", Claims),
        ("{\"aud\"", "[{\"aud\"", Claims),
    ] {
        failures.check(from, good.contains(from));
        let token = sign_text("k1", r#"{"alg":"RS256","kid":"k1"}"#, &good.replace(from, to));
        failures.check_eq(to, verify(&token), Err(reason));
    }

    failures.assert_none();
}

#[test]
fn only_rs256_headers_with_a_known_key_are_accepted() {
    use Reason::*;
    let mut failures = Failures::default();

    for typ in ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt"] {
        failures.check(typ, with_header(json!({"alg": "RS256", "kid": "k1", "typ": typ})).is_ok());
    }

    // Keys in the header are ignored.
    let keys = json!({"alg": "RS256", "kid": "k1", "jku": "http://127.0.0.1:1", "jwk": jwk("k2"), "x5c": ["x"]});

    assert!(with_header(keys).is_ok());

    for (header, reason) in [
        (json!({"alg": "RS256"}), Malformed),
        (json!({"alg": "RS256", "kid": 1}), Malformed),
        (json!({"alg": "RS256", "kid": null}), Malformed),
        (json!({"kid": "k1"}), Malformed),
        (json!({"alg": "RS256", "kid": "nope"}), UnknownKey),
        (json!({"alg": "RS256", "kid": "../k1"}), UnknownKey),
        (json!({"alg": "RS256", "kid": ""}), UnknownKey),
        (json!({"alg": "RS256", "kid": "k2"}), Signature),
        (json!({"alg": "none", "kid": "k1"}), Algorithm),
        (json!({"alg": "None", "kid": "k1"}), Algorithm),
        (json!({"alg": "rs256", "kid": "k1"}), Algorithm),
        (json!({"alg": "RS512", "kid": "k1"}), Algorithm),
        (json!({"alg": "PS256", "kid": "k1"}), Algorithm),
        (json!({"alg": "HS256", "kid": "k1"}), Algorithm),
        (json!({"alg": "RS256", "kid": "k1", "typ": "logout+jwt"}), Type),
        (json!({"alg": "RS256", "kid": "k1", "typ": ""}), Type),
        (json!({"alg": "RS256", "kid": "k1", "typ": ["JWT"]}), Malformed),
        (json!({"alg": "RS256", "kid": "k1", "typ": null}), Malformed),
        (json!({"alg": "RS256", "kid": "k1", "crit": ["exp"]}), Critical),
        (json!({"alg": "RS256", "kid": "k1", "crit": []}), Critical),
        (json!({"alg": "RS256", "kid": "k1", "crit": null}), Critical),
    ] {
        failures.check_eq(&header, with_header(header.clone()), Err(reason));
    }

    // A lenient reader takes an array of values for an object, if they are in the order of the fields.
    for array in [r#"["RS256","k1"]"#, r#"["RS256","k1","JWT"]"#] {
        failures.check_eq(
            array,
            verify(&sign_text("k1", array, &claims(ISSUER).to_string())),
            Err(Malformed),
        );
    }

    failures.assert_none();

    let array = json!([
        ISSUER,
        AUDIENCE,
        4_102_444_800_u64,
        1_767_225_600,
        0,
        CLIENT,
        CLIENT,
        [SCOPE],
        SCOPE
    ]);
    let token = sign_text("k1", r#"{"alg":"RS256","kid":"k1"}"#, &array.to_string());

    assert_eq!(verify(&token), Err(Claims));

    let twice = r#"{"alg":"none","alg":"RS256","kid":"k1"}"#;

    assert_eq!(verify(&sign_text("k1", twice, &claims(ISSUER).to_string())), Err(Malformed));
}

/// The kinds of RS256 cases in the JOSE vectors of C2SP/wycheproof.
#[test]
fn malformed_tokens_and_wrong_signatures_are_refused() {
    let good = sign("k1", &json!({"alg": "RS256", "kid": "k1"}), &claims(ISSUER));

    assert!(verify(&good).is_ok());

    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (header, payload) = signed.split_once('.').unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let with_signature = |bytes: &[u8]| format!("{signed}.{}", URL_SAFE_NO_PAD.encode(bytes));
    let changed_payload = payload.replacen(payload.chars().nth(9).unwrap(), "B", 1);
    let mut flipped = bytes.clone();
    flipped[0] ^= 1;
    let mut failures = Failures::default();

    for (token, reason) in [
        (format!("{signed}."), Reason::Signature),
        (with_signature(&flipped), Reason::Signature),
        (with_signature(&bytes[..255]), Reason::Signature),
        (with_signature(&[&bytes[..], b"\0"].concat()), Reason::Signature),
        (with_signature(&[b"\0", &bytes[..]].concat()), Reason::Signature),
        (with_signature(&[0; 256]), Reason::Signature),
        (with_signature(&[1]), Reason::Signature),
        (format!("{header}.{changed_payload}.{signature}"), Reason::Signature),
        (format!("{header}..{signature}"), Reason::Signature),
        (signed.to_owned(), Reason::Malformed),
        (format!("{good}="), Reason::Malformed),
        (format!("{good}."), Reason::Malformed),
        (format!("{good}.{signature}"), Reason::Malformed),
        (format!(".{payload}.{signature}"), Reason::Malformed),
        (format!(" {good}"), Reason::Malformed),
        (format!("{good}\n"), Reason::Malformed),
        (good.replace('_', "/"), Reason::Malformed),
        ("..".to_owned(), Reason::Malformed),
        ("abcdef".to_owned(), Reason::Malformed),
        (String::new(), Reason::Malformed),
        (format!("{}.{payload}.{signature}", URL_SAFE_NO_PAD.encode("hello")), Reason::Malformed),
        (format!("{}.{payload}.{signature}", URL_SAFE_NO_PAD.encode("[]")), Reason::Malformed),
    ] {
        // If the good token has no `_`, the row that replaces `_` has the good token.
        if token != good {
            failures.check_eq(&token, verify(&token), Err(reason));
        }
    }

    failures.assert_none();
}

#[test]
fn keys_that_cannot_verify_rs256_are_ignored() {
    let usable = |key: &Value| {
        let set = json!({"keys": [key, jwk("k2")]}).to_string();
        KeySet::from_json(set.as_bytes()).unwrap().get("k1").is_some()
    };
    let changed = |changes: Value| {
        let mut key = jwk("k1");
        merge(&mut key, &changes);
        key
    };
    let mut failures = Failures::default();

    for good in [
        json!({}),
        json!({"use": null}),
        json!({"alg": null}),
        json!({"x": 1}),
        json!({"key_ops": ["verify"]}),
    ] {
        failures.check(&good, usable(&changed(good.clone())));
    }
    let n = jwk("k1")["n"].as_str().unwrap().to_owned();
    let modulus = URL_SAFE_NO_PAD.decode(&n).unwrap();
    for bad in [
        json!({"kty": "EC"}),
        json!({"kty": "oct", "k": "AAAA"}),
        json!({"kty": null}),
        json!({"use": "enc"}),
        json!({"alg": "RS512"}),
        json!({"alg": "RSA-OAEP"}),
        json!({"key_ops": ["encrypt"]}),
        json!({"kid": null}),
        json!({"kid": ""}),
        json!({"kid": 7}),
        json!({"d": "AAAA"}),
        json!({"p": "AAAA"}),
        json!({"k": "AAAA"}),
        json!({"e": "AQ"}),
        json!({"e": "Ag"}),
        json!({"e": ""}),
        json!({"e": "AQAAAAE"}),
        json!({"n": URL_SAFE_NO_PAD.encode(&modulus[..128])}),
        json!({"n": URL_SAFE_NO_PAD.encode(&modulus[..255])}),
        json!({"n": URL_SAFE_NO_PAD.encode([&modulus[..]; 5].concat())}),
        json!({"n": format!("{n}=")}),
        json!({"n": null}),
    ] {
        failures.check(&bad, !usable(&changed(bad.clone())));
    }
    // Two keys of one name are ambiguous, whatever the other one is.
    for change in [json!({}), json!({"use": "enc"}), json!({"d": "AAAA"}), json!({"kty": "oct"})] {
        let mut twin = jwk("k2");
        merge(&mut twin, &change);
        twin["kid"] = json!("k1");
        for keys in [[jwk("k1"), twin.clone(), jwk("k2")], [twin.clone(), jwk("k1"), jwk("k2")]] {
            let set = KeySet::from_json(json!({ "keys": keys }).to_string().as_bytes()).unwrap();

            failures.check(&change, set.get("k1").is_none() && set.get("k2").is_some());
        }
    }

    failures.assert_none();

    let set = json!({"keys": [null, 7, "x", ["RSA"], jwk("k1")]}).to_string();

    assert!(KeySet::from_json(set.as_bytes()).unwrap().get("k1").is_some());
}

#[test]
fn a_published_private_half_is_detected_in_every_spelling() {
    let n = jwk("k1")["n"].as_str().unwrap().to_owned();
    let e = jwk("k1")["e"].as_str().unwrap().to_owned();
    let entry = |members: &str| format!(r#"{{"kty":"RSA","n":"{n}","e":"{e}",{members}}}"#);
    let other = jwk("k2");

    // Whether `k1` stays usable beside an entry that has the same modulus and these members.
    let survives = |members: &str| {
        let public = entry(r#""kid":"k1""#);
        let set = format!(r#"{{"keys":[{public},{},{other}]}}"#, entry(members));
        let keys = KeySet::from_json(set.as_bytes()).unwrap();
        assert!(keys.get("k2").is_some(), "{members}");
        keys.get("k1").is_some()
    };

    assert!(survives(r#""kid":"other""#));
    assert!(survives(r#""kid":"other","d":null"#));
    let mut failures = Failures::default();

    for members in [
        r#""kid":"other","d":"AQAB""#,
        r#""kid":"other","d":"AQAB","d":null"#,
        r#""kid":"other","\u0064":"AQAB""#,
        r#""kid":"other","d":7"#,
        r#""kid":"other","dp":"AQAB""#,
        r#""kid":"other","oth":[{"r":"AQAB"}]"#,
        r#""kid":"other","d":"AQAB","key_ops":5"#,
        r#""kid":7,"d":"AQAB""#,
        r#""d":"AQAB=""#,
        r#""kid":"k1","kid":"k3","d":"AAAA""#,
    ] {
        failures.check(members, !survives(members));
    }

    failures.assert_none();

    // The nesting is deeper than the reader of the other members goes.
    let deep = format!(r#""kid":"other","d":"AQAB","x":{}{}"#, "[".repeat(300), "]".repeat(300));

    assert!(!survives(&deep));
}

#[test]
fn invalid_key_sets_are_refused() {
    let good = key_set(&["k1"]);
    let mut failures = Failures::default();

    for bad in [
        &b""[..],
        b"<html>",
        b"{}",
        b"[]",
        br#"{"keys":[]}"#,
        br#"{"keys":{}}"#,
        br#"{"keys":[7]}"#,
        // The list of keys, in a list and not in an object.
        &[b"[".as_slice(), &good[8..good.len() - 1], b"]"].concat(),
        &good[..good.len() - 9],
    ] {
        failures.check(
            format!("{bad:?}: {}", String::from_utf8_lossy(bad)),
            KeySet::from_json(bad).is_err(),
        );
    }

    failures.assert_none();
}

proptest! {
    #[test]
    fn a_token_with_one_changed_byte_is_refused(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let good = sign("k1", &json!({"alg": "RS256", "kid": "k1"}), &claims(ISSUER));
        let mut bytes = good.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(token) = String::from_utf8(bytes) && token != good {
            prop_assert!(verify(&token).is_err());
        }
    }

    #[test]
    fn any_text_is_refused_without_a_panic(token in "[A-Za-z0-9_.-]{0,80}|\\PC{0,40}") {
        prop_assert!(verify(&token).is_err());
    }

    #[test]
    fn any_key_set_is_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..80), cut in any::<prop::sample::Index>()) {
        let _ = KeySet::from_json(&bytes);
        let good = key_set(&["k1"]);
        let _ = KeySet::from_json(&good[..cut.index(good.len())]);
    }
}
