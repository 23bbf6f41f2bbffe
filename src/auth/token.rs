//! Access tokens: RFC 7519 in RFC 7515's compact form, checked as RFC 9068 and RFC 8725 ask.
//!
//! RS256 only. The key is the issuer's one of the token's `kid`; whatever the token brings along
//! (`jku`, `jwk`, `x5u`, `x5c`) is not looked at. Claims have the types that their RFCs give them,
//! or the token is refused.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};

use super::{Reason, keys::PublicKey, object};

/// What a token must say.
#[derive(Debug)]
pub struct Expected {
    /// `iss`, exactly.
    pub issuer: String,
    /// `aud`, or one of it.
    pub audience: String,
    /// `cid` (Okta) or `client_id` (RFC 9068) is one of these.
    pub clients: Vec<String>,
    /// One of `scp` (Okta) or of `scope` (RFC 9068).
    pub scope: String,
    /// By how much clocks may differ.
    pub leeway: Duration,
}

/// A token whose header is fit for verification.
pub struct Token<'t> {
    signed: &'t str,
    claims: &'t str,
    signature: Vec<u8>,
    /// Which key has signed it.
    pub kid: String,
}

/// What a valid token says.
#[derive(Debug, PartialEq)]
pub struct Verified {
    /// The client it was issued to, one of [`Expected::clients`].
    pub client: String,
    /// When it ends, in seconds since 1970.
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

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Strings,
    exp: f64,
    iat: f64,
    #[serde(default)]
    nbf: f64,
    #[serde(default, deserialize_with = "not_null")]
    cid: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    client_id: Option<String>,
    #[serde(default)]
    scp: Vec<String>,
    #[serde(default)]
    scope: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Strings {
    One(String),
    Several(Vec<String>),
}

/// A claim that may be left out and, where it is there, has its type.
fn not_null<'de, D, T>(value: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(value).map(Some)
}

impl<'t> Token<'t> {
    /// Reads the form and the header.
    ///
    /// # Errors
    ///
    /// Why it can be no token of ours.
    pub fn read(token: &'t str) -> Result<Self, Reason> {
        let (signed, signature) = token.rsplit_once('.').ok_or(Reason::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(Reason::Malformed)?;
        demand(!claims.contains('.'), Reason::Malformed)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Reason::Malformed)?;
        let header: Header = json(header)?;
        demand(header.alg == "RS256", Reason::Algorithm)?;
        let fit = |typ: String| {
            let known = ["jwt", "at+jwt", "application/at+jwt"];
            known.iter().any(|known| typ.eq_ignore_ascii_case(known))
        };
        demand(header.typ.is_none_or(fit), Reason::Type)?;
        demand(header.crit.is_none(), Reason::Critical)?;
        Ok(Self { signed, claims, signature, kid: header.kid })
    }

    /// Verifies the signature and then the claims, at `now`, in seconds since 1970.
    ///
    /// # Errors
    ///
    /// Why it is refused.
    pub fn verify(
        &self,
        key: &PublicKey,
        expected: &Expected,
        now: f64,
    ) -> Result<Verified, Reason> {
        demand(key.verifies(self.signed.as_bytes(), &self.signature), Reason::Signature)?;
        let claims: Claims = json(self.claims).map_err(|_| Reason::Claims)?;
        demand(claims.iss == expected.issuer, Reason::Issuer)?;
        let ours = match &claims.aud {
            Strings::One(audience) => *audience == expected.audience,
            Strings::Several(list) => list.contains(&expected.audience),
        };
        demand(ours, Reason::Audience)?;
        let leeway = expected.leeway.as_secs_f64();
        demand(claims.exp + leeway > now, Reason::Expired)?;
        demand(claims.iat.max(claims.nbf) <= now + leeway, Reason::NotYet)?;
        let client = match (claims.cid, claims.client_id) {
            (Some(cid), Some(client_id)) if cid != client_id => return Err(Reason::Claims),
            (cid, client_id) => cid.or(client_id).ok_or(Reason::Client)?,
        };
        demand(expected.clients.contains(&client), Reason::Client)?;
        let mut scopes = claims.scp.iter().map(String::as_str).chain(claims.scope.split(' '));
        demand(scopes.any(|scope| scope == expected.scope), Reason::Scope)?;
        Ok(Verified { client, expires: claims.exp })
    }
}

fn demand(holds: bool, reason: Reason) -> Result<(), Reason> {
    if holds { Ok(()) } else { Err(reason) }
}

/// The JSON in a part of a token. serde_json refuses a member of ours that occurs twice.
fn json<T: DeserializeOwned>(part: &str) -> Result<T, Reason> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| Reason::Malformed)?;
    object(&bytes).ok_or(Reason::Malformed)
}
