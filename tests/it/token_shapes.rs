//! Access tokens of the identity providers that `docs/oauth.md` names, in the shape of each.

use std::time::Duration;

use registration_hook::auth::{
    Reason,
    keys::KeySet,
    token::{ExpectedClaims, Token},
};
use serde_json::{Value, json};

use crate::{
    issuer::{Behaviour, CLIENT, Issuer, key_set, settings, sign},
    support::{Failures, JSON, Service, registration, request, wait_until},
};

/// 2026-11-21
const NOW: f64 = 1_795_219_200.0;
/// An hour after `NOW`.
const LATER: u64 = 1_795_222_800;

/// A provider with the settings that its tokens need.
struct Shape {
    provider: &'static str,
    issuer: &'static str,
    audience: &'static str,
    client: &'static str,
    client_claim: Option<&'static str>,
    scope: &'static str,
    scope_claim: Option<&'static str>,
    header: Value,
    claims: Value,
}

fn shapes() -> Vec<Shape> {
    let tenant = "6babcaad-604b-40ac-a9d7-9fd97c0b779f";
    vec![
        Shape {
            provider: "Okta, a custom authorization server",
            issuer: "https://example.okta.com/oauth2/default",
            audience: "api://registration-hook",
            client: "0oahookclient",
            client_claim: None,
            scope: "registration.hook.invoke",
            scope_claim: None,
            header: json!({"kid": "k1", "alg": "RS256"}),
            claims: json!({
                "ver": 1, "jti": "AT.x", "iss": "https://example.okta.com/oauth2/default",
                "aud": "api://registration-hook", "iat": NOW, "exp": LATER, "cid": "0oahookclient",
                "scp": ["registration.hook.invoke"], "sub": "0oahookclient",
            }),
        },
        Shape {
            provider: "Auth0, its own profile",
            issuer: "https://example.eu.auth0.com/",
            audience: "api://registration-hook",
            client: "Vt7mWrXv2SgYYCbmhIUSvMvJZk7x2Xyz",
            client_claim: Some("azp"),
            scope: "registration.hook.invoke",
            scope_claim: None,
            header: json!({"alg": "RS256", "typ": "JWT", "kid": "k1"}),
            claims: json!({
                "iss": "https://example.eu.auth0.com/",
                "sub": "Vt7mWrXv2SgYYCbmhIUSvMvJZk7x2Xyz@clients",
                "aud": "api://registration-hook", "iat": NOW, "exp": LATER,
                "scope": "registration.hook.invoke", "gty": "client-credentials",
                "azp": "Vt7mWrXv2SgYYCbmhIUSvMvJZk7x2Xyz",
            }),
        },
        Shape {
            provider: "Auth0, the profile of RFC 9068",
            issuer: "https://example.eu.auth0.com/",
            audience: "api://registration-hook",
            client: "Vt7mWrXv2SgYYCbmhIUSvMvJZk7x2Xyz",
            client_claim: None,
            scope: "registration.hook.invoke",
            scope_claim: None,
            header: json!({"alg": "RS256", "typ": "at+jwt", "kid": "k1"}),
            claims: json!({
                "iss": "https://example.eu.auth0.com/",
                "sub": "Vt7mWrXv2SgYYCbmhIUSvMvJZk7x2Xyz@clients",
                "aud": "api://registration-hook", "iat": NOW, "exp": LATER, "jti": "x",
                "scope": "registration.hook.invoke",
                "client_id": "Vt7mWrXv2SgYYCbmhIUSvMvJZk7x2Xyz",
            }),
        },
        Shape {
            provider: "Keycloak, a service account",
            issuer: "https://sso.example.com/realms/staff",
            audience: "api://registration-hook",
            client: "okta-hook",
            client_claim: Some("azp"),
            scope: "registration.hook.invoke",
            scope_claim: None,
            header: json!({"alg": "RS256", "typ": "JWT", "kid": "k1"}),
            claims: json!({
                "exp": LATER, "iat": NOW, "jti": "trrtcc:x",
                "iss": "https://sso.example.com/realms/staff",
                "aud": ["api://registration-hook", "account"],
                "sub": "b40a5d33-8f2b-4b8e-9b4b-0a2f3c1d5e6f", "typ": "Bearer", "azp": "okta-hook",
                "acr": "1", "realm_access": {"roles": ["offline_access"]},
                "scope": "profile registration.hook.invoke email", "clientHost": "192.0.2.1",
                "email_verified": false, "preferred_username": "service-account-okta-hook",
                "clientAddress": "192.0.2.1", "client_id": "okta-hook",
            }),
        },
        Shape {
            provider: "Entra ID, version 1.0",
            issuer: "https://sts.windows.net/6babcaad-604b-40ac-a9d7-9fd97c0b779f/",
            audience: "api://registration-hook",
            client: "6731de76-14a6-49ae-97bc-6eba6914391e",
            client_claim: Some("appid"),
            scope: "registration.hook.invoke",
            scope_claim: Some("roles"),
            header: json!({"typ": "JWT", "alg": "RS256", "x5t": "k1", "kid": "k1"}),
            claims: json!({
                "aud": "api://registration-hook",
                "iss": format!("https://sts.windows.net/{tenant}/"),
                "iat": NOW, "nbf": NOW, "exp": LATER, "aio": "x",
                "appid": "6731de76-14a6-49ae-97bc-6eba6914391e", "appidacr": "1",
                "idp": format!("https://sts.windows.net/{tenant}/"), "oid": "x", "rh": "x",
                "roles": ["registration.hook.invoke"], "sub": "x", "tid": tenant, "uti": "x",
                "ver": "1.0",
            }),
        },
        Shape {
            provider: "Entra ID, version 2.0",
            issuer: "https://login.microsoftonline.com/6babcaad-604b-40ac-a9d7-9fd97c0b779f/v2.0",
            audience: "11112222-bbbb-3333-cccc-4444dddd5555",
            client: "6731de76-14a6-49ae-97bc-6eba6914391e",
            client_claim: Some("azp"),
            scope: "registration.hook.invoke",
            scope_claim: Some("roles"),
            header: json!({"typ": "JWT", "alg": "RS256", "kid": "k1"}),
            claims: json!({
                "aud": "11112222-bbbb-3333-cccc-4444dddd5555",
                "iss": format!("https://login.microsoftonline.com/{tenant}/v2.0"),
                "iat": NOW, "nbf": NOW, "exp": LATER, "aio": "x",
                "azp": "6731de76-14a6-49ae-97bc-6eba6914391e", "azpacr": "1", "oid": "x", "rh": "x",
                "roles": ["registration.hook.invoke"], "sub": "x", "tid": tenant, "uti": "x",
                "ver": "2.0",
            }),
        },
    ]
}

fn verify(shape: &Shape, claims: &Value) -> Result<String, Reason> {
    let expected = ExpectedClaims {
        issuer: shape.issuer.to_owned(),
        audience: shape.audience.to_owned(),
        clients: vec![shape.client.to_owned()],
        client_claim: shape.client_claim.map(str::to_owned),
        scope: shape.scope.to_owned(),
        scope_claim: shape.scope_claim.map(str::to_owned),
        leeway: Duration::from_secs(60),
    };
    let keys = KeySet::from_json(&key_set(&["k1"])).unwrap();
    let token = sign("k1", &shape.header, claims);
    let token = Token::parse(&token)?;
    let key = keys.get(&token.kid).ok_or(Reason::UnknownKey)?;
    Ok(token.verify(key, &expected, NOW)?.client)
}

#[test]
fn tokens_of_each_documented_provider_are_accepted() {
    let mut failures = Failures::default();

    for shape in shapes() {
        let client = verify(&shape, &shape.claims);

        failures.check_eq(shape.provider, client.as_deref(), Ok(shape.client));
    }

    failures.assert_none();
}

/// The claims without this client or scope.
fn without(claims: &Value, text: &str) -> Value {
    let old = claims.to_string();
    let new = old
        .replace(&format!("\"{text}\""), "\"other\"")
        // Keycloak's scope is one word in a longer text.
        .replace(&format!("profile {text} email"), "profile email");
    assert_ne!(old, new, "no claim has `{text}`");
    serde_json::from_str(&new).unwrap()
}

#[test]
fn another_client_or_scope_is_refused_in_every_shape() {
    let mut failures = Failures::default();

    for shape in shapes() {
        let client = verify(&shape, &without(&shape.claims, shape.client));
        let scope = verify(&shape, &without(&shape.claims, shape.scope));

        failures.check_eq(shape.provider, client, Err(Reason::Client));
        failures.check_eq(shape.provider, scope, Err(Reason::Scope));
    }

    failures.assert_none();
}

#[test]
fn configured_claims_replace_the_default_ones() {
    let issuer = Issuer::start(Behaviour::default());
    let settings = settings(issuer.address);
    let mut settings: Vec<_> = settings.iter().map(|(name, value)| (*name, &**value)).collect();
    settings.push(("HOOK__AUTH__OAUTH__CLIENT_CLAIM", "azp"));
    settings.push(("HOOK__AUTH__OAUTH__SCOPE_CLAIM", "roles"));
    let service = Service::start(&settings);
    wait_until("the keys", || service.send(&request("GET", "/readyz", &[], b"")).status == 200);
    let status = |changes: Value| {
        let authorization = format!("Authorization: Bearer {}", issuer.token(&changes));
        let body = registration("{}");
        let request = request("POST", "/registrationHookSSR", &[&authorization, JSON], &body);
        service.send(&request).status
    };
    let roles = json!(["registration.hook.invoke"]);
    let mut failures = Failures::default();

    for (changes, expected) in [
        (json!({"azp": CLIENT, "roles": roles}), 200),
        (json!({"azp": CLIENT, "roles": "a registration.hook.invoke"}), 200),
        (json!({"azp": "other", "roles": roles}), 403),
        (json!({"roles": roles}), 403),
        (json!({"azp": CLIENT}), 403),
        (json!({"azp": [CLIENT], "roles": roles}), 401),
        (json!({"azp": CLIENT, "roles": {"a": "registration.hook.invoke"}}), 401),
    ] {
        failures.check_eq(&changes, status(changes.clone()), expected);
    }

    failures.assert_none();
}
