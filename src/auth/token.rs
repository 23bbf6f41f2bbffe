//! Access tokens: JWTs (RFC 7519) in the compact form of RFC 7515, verified by RFC 9068 and RFC 8725.
//!
//! RS256 only. The key is always the issuer's key of the token's `kid`; key material that the token
//! names or carries itself (`jku`, `jwk`, `x5u`, `x5c`) is ignored. A claim whose type differs from
//! its RFC makes the token invalid.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IgnoredAny},
};

use super::{
    claims::Claims,
    jwk::{PublicKey, read_object},
    reason::Reason,
};

/// The values of `typ` that an access token may have, in lower case.
const TYPES: [&str; 3] = ["jwt", "at+jwt", "application/at+jwt"];

/// The claims that a token must have.
#[derive(Debug)]
pub struct ExpectedClaims {
    /// The exact `iss`.
    pub issuer: String,
    /// The value that `aud` must be or list.
    pub audience: String,
    /// The allowed clients.
    pub clients: Vec<String>,
    /// The claim that names the client. `None` means `cid` (Okta), or `client_id` (RFC 9068) if a token has no
    /// `cid`.
    pub client_claim: Option<String>,
    /// The scope that a token must have.
    pub scope: String,
    /// The claim that lists the scopes. `None` means `scp` (Okta), or `scope` (RFC 9068) if a token has no
    /// `scp`.
    pub scope_claim: Option<String>,
    /// How far the issuer's clock and ours may differ.
    pub leeway: Duration,
}

/// A token with a valid header. Its signature and claims are not verified yet.
pub struct Token<'t> {
    /// The header and the claims, as they were signed.
    signed: &'t str,
    claims: &'t str,
    signature: Vec<u8>,
    /// The name of the key that the token claims to be signed with.
    pub kid: String,
}

/// The claims of a verified token that are remembered.
#[derive(Debug, PartialEq)]
pub struct VerifiedToken {
    /// The client that the token was issued to, one of [`ExpectedClaims::clients`].
    pub client: String,
    /// When the token expires, in seconds since 1970.
    pub expires: f64,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
    #[serde(default, deserialize_with = "not_null")]
    typ: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    crit: Option<IgnoredAny>,
}

/// Reads an optional member that is present. Refuses `null`, which serde would read as a missing member.
fn not_null<'de, D, T>(value: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(value).map(Some)
}

impl<'t> Token<'t> {
    /// Splits a token and reads its header. Does not look at the signature and the claims.
    pub fn parse(token: &'t str) -> Result<Self, Reason> {
        let (signed, signature) = token.rsplit_once('.').ok_or(Reason::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(Reason::Malformed)?;
        ensure(!claims.contains('.'), Reason::Malformed)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Reason::Malformed)?;
        let header: Header = decode_part(header)?;
        ensure(header.alg == "RS256", Reason::Algorithm)?;
        if let Some(typ) = header.typ {
            let is_access_token = TYPES.iter().any(|known| typ.eq_ignore_ascii_case(known));
            ensure(is_access_token, Reason::Type)?;
        }
        ensure(header.crit.is_none(), Reason::Critical)?;
        Ok(Self { signed, claims, signature, kid: header.kid })
    }

    /// Verifies the signature and then the claims. `now` is in seconds since 1970.
    pub fn verify(
        &self,
        key: &PublicKey,
        expected: &ExpectedClaims,
        now: f64,
    ) -> Result<VerifiedToken, Reason> {
        ensure(key.verifies(self.signed.as_bytes(), &self.signature), Reason::Signature)?;
        let claims: Claims = decode_part(self.claims).map_err(|_| Reason::Claims)?;
        let issuer = claims.required_text("iss")?;
        let audiences = claims.audiences()?;
        let expires = claims.required_time("exp")?;
        let issued = claims.required_time("iat")?;
        let not_before = claims.time("nbf")?.unwrap_or(issued);
        ensure(issuer == expected.issuer, Reason::Issuer)?;
        ensure(audiences.contains(&expected.audience.as_str()), Reason::Audience)?;
        let leeway = expected.leeway.as_secs_f64();
        ensure(expires + leeway > now, Reason::Expired)?;
        ensure(issued.max(not_before) <= now + leeway, Reason::NotYet)?;
        let client = expected.client_of(&claims)?.ok_or(Reason::Client)?;
        ensure(expected.clients.iter().any(|known| known == client), Reason::Client)?;
        ensure(expected.has_scope(&claims)?, Reason::Scope)?;
        Ok(VerifiedToken { client: client.to_owned(), expires })
    }
}

impl ExpectedClaims {
    /// Returns the client that the token was issued to. `None` if the token names none. Fails if its `cid` and
    /// `client_id` differ and both count.
    pub(super) fn client_of<'c>(&self, claims: &'c Claims) -> Result<Option<&'c str>, Reason> {
        if let Some(name) = &self.client_claim {
            return claims.text(name);
        }
        match (claims.text("cid")?, claims.text("client_id")?) {
            (Some(cid), Some(client_id)) if cid != client_id => Err(Reason::Claims),
            (cid, client_id) => Ok(cid.or(client_id)),
        }
    }

    /// Whether the token has the scope.
    pub(super) fn has_scope(&self, claims: &Claims) -> Result<bool, Reason> {
        let mut scopes = None;
        for name in self.scope_claims() {
            // An invalid claim makes the token invalid even if another claim counts.
            let words = claims.words(name)?;
            if scopes.is_none() && claims.has(name) {
                scopes = Some(words);
            }
        }
        Ok(scopes.unwrap_or_default().contains(&self.scope.as_str()))
    }

    /// The claims that may name the client.
    pub(super) fn client_claims(&self) -> Vec<&str> {
        match &self.client_claim {
            Some(name) => vec![name],
            None => vec!["cid", "client_id"],
        }
    }

    /// The claims that may list the scopes. Only the first one that is present in the token counts.
    pub(super) fn scope_claims(&self) -> Vec<&str> {
        match &self.scope_claim {
            Some(name) => vec![name],
            None => vec!["scp", "scope"],
        }
    }
}

fn ensure(holds: bool, reason: Reason) -> Result<(), Reason> {
    if holds { Ok(()) } else { Err(reason) }
}

/// Decodes a part of a token. Refuses a member that occurs twice.
fn decode_part<T: DeserializeOwned>(part: &str) -> Result<T, Reason> {
    let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| Reason::Malformed)?;
    read_object(&json).ok_or(Reason::Malformed)
}
