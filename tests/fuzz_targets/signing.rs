//! Tokens and a key set, made with the keys of `tests/keys`.

use std::{sync::LazyLock, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use registration_hook::auth::{keys::KeySet, token::ExpectedClaims};
use ring::{
    rand::SystemRandom,
    rsa::{KeyPair, PublicKeyComponents},
    signature::RSA_PKCS1_SHA256,
};
use serde_json::{Value, json};

pub const ISSUER: &str = "https://example.okta.com/oauth2/default";
pub const AUDIENCE: &str = "api://registration-hook";
pub const CLIENT: &str = "0oahookclient";
pub const SCOPE: &str = "registration.hook.invoke";
/// When tokens are looked at, in seconds since 1970: 2026-11-21.
pub const NOW: u64 = 1_795_219_200;
/// By how many seconds clocks may differ.
pub const LEEWAY: u64 = 60;
/// When the token of [`good_token`] ends.
pub const EXPIRES: u64 = NOW + 1000;

/// The only key that signs tokens here.
static KEY: LazyLock<KeyPair> = LazyLock::new(|| {
    KeyPair::from_pkcs8(include_bytes!("../keys/k1.pk8")).expect("a key of the tests")
});

/// The claims that a token must have.
pub fn expected() -> ExpectedClaims {
    ExpectedClaims {
        issuer: ISSUER.to_owned(),
        audience: AUDIENCE.to_owned(),
        clients: vec!["other".to_owned(), CLIENT.to_owned()],
        client_claim: None,
        scope: SCOPE.to_owned(),
        scope_claim: None,
        leeway: Duration::from_secs(LEEWAY),
    }
}

/// The public half of the key, as issuers publish it.
pub fn public_key() -> Value {
    let public = PublicKeyComponents::<Vec<u8>>::from(KEY.public());
    json!({
        "kty": "RSA", "kid": "k1", "use": "sig", "alg": "RS256",
        "n": URL_SAFE_NO_PAD.encode(public.n), "e": URL_SAFE_NO_PAD.encode(public.e),
    })
}

/// The issuer's key set.
pub fn key_set() -> KeySet {
    let set = json!({ "keys": [public_key()] }).to_string();
    KeySet::from_json(set.as_bytes()).expect("a key set")
}

/// A token with this header and these claims, signed by the key.
pub fn sign(header: &str, claims: &str) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let mut signature = vec![0; KEY.public().modulus_len()];
    KEY.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
        .expect("a signature");
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The header of [`good_token`].
pub const GOOD_HEADER: &str = r#"{"alg":"RS256","kid":"k1"}"#;

/// The one token that admits at [`NOW`]. RS256 signs the same text the same way each time.
pub fn good_token() -> &'static str {
    static TOKEN: LazyLock<String> = LazyLock::new(|| sign(GOOD_HEADER, &claims(EXPIRES)));
    &TOKEN
}

/// Claims that are good until this time.
pub fn claims(expires: u64) -> String {
    format!(
        r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","iat":{NOW},"exp":{expires},"cid":"{CLIENT}","scp":["{SCOPE}"]}}"#
    )
}
