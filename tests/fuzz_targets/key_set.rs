//! A key set → the keys that may verify tokens.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use registration_hook::auth::keys::KeySet;

use super::json::{self, Json, Kind};

/// More nesting than this is not tried: the reading here would run out of stack.
const NESTING_LIMIT: usize = 500;
/// Members that only a private or a symmetric key has.
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Reads a key set. A key is used only where it is the one key of its name, public, and fit for RS256.
pub fn key_set(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        // Invalid UTF-8 may stand in a member that nobody looks at.
        let _ = KeySet::from_json(data);
        return;
    };
    let Ok(keys) = KeySet::from_json(data) else {
        return;
    };
    if text.matches(['[', '{']).count() > NESTING_LIMIT {
        return;
    }
    let document = json::parse(text).expect("a key set is JSON");
    let list = document.top.member("keys").expect("a key set has a list of keys");
    let Kind::List(published) = &list.kind else {
        panic!("a key set's `keys` is a list");
    };
    let mut used = 0;
    for key in published {
        let Some(kid) = key.member("kid").and_then(Json::text) else {
            continue;
        };
        if keys.get(kid).is_some() {
            used += 1;
            assert_is_usable(kid, published);
        }
    }
    assert!(used > 0, "a set without a usable key is refused");
}

/// Fails where a key of this name must not be used.
fn assert_is_usable(kid: &str, published: &[Json<'_>]) {
    let mut of_this_name = Vec::new();
    for key in published {
        if key.members("kid").iter().any(|name| name.text() == Some(kid)) {
            of_this_name.push(key);
        }
    }
    let [key] = of_this_name[..] else {
        panic!("{kid:?} is the name of several keys");
    };
    for name in PRIVATE_MEMBERS {
        for value in key.members(name) {
            assert!(matches!(value.kind, Kind::Null), "the private half of {kid:?} is published");
        }
    }
    assert_eq!(key.member("kty").and_then(Json::text), Some("RSA"), "{kid:?}");
    assert!(is_absent_or(key, "use", "sig"), "{kid:?} is for signatures");
    assert!(is_absent_or(key, "alg", "RS256"), "{kid:?} is for RS256");
    assert!(may_verify(key), "{kid:?} is for verification");
    let modulus = number(key, "n");
    let bits = modulus.len() * 8 - modulus[0].leading_zeros() as usize;
    assert!((2048..=8192).contains(&bits), "the modulus of {kid:?} has {bits} bits");
    let exponent = number(key, "e");
    let is_odd = exponent.last().is_some_and(|byte| byte % 2 == 1);
    assert!(is_odd && exponent != [1] && exponent.len() <= 4, "{kid:?} has {exponent:?}");
}

fn is_absent_or(key: &Json<'_>, name: &str, expected: &str) -> bool {
    match key.members(name)[..] {
        [] => true,
        [value] => matches!(value.kind, Kind::Null) || value.text() == Some(expected),
        _ => false,
    }
}

fn may_verify(key: &Json<'_>) -> bool {
    match key.members("key_ops")[..] {
        [] => true,
        [value] => match &value.kind {
            Kind::Null => true,
            Kind::List(items) => items.iter().any(|item| item.text() == Some("verify")),
            _ => false,
        },
        _ => false,
    }
}

/// A number of a key, without leading zeros.
fn number(key: &Json<'_>, name: &str) -> Vec<u8> {
    let text = key.member(name).and_then(Json::text).expect("a used key has its numbers");
    let mut bytes = URL_SAFE_NO_PAD.decode(text).expect("a number is in Base64url");
    while bytes.first() == Some(&0) {
        bytes.remove(0);
    }
    bytes
}
