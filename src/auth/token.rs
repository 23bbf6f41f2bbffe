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
    #[serde(default, deserialize_with = "not_null")]
    nbf: Option<f64>,
    #[serde(default, deserialize_with = "not_null")]
    cid: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    client_id: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    scp: Option<Vec<String>>,
    #[serde(default, deserialize_with = "not_null")]
    scope: Option<String>,
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
        if claims.contains('.') {
            return Err(Reason::Malformed);
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).or(Err(Reason::Malformed))?;
        let header: Header = json(header)?;
        if header.alg != "RS256" {
            return Err(Reason::Algorithm);
        }
        let fit = |typ: String| {
            let typ = typ.to_ascii_lowercase();
            ["jwt", "at+jwt", "application/at+jwt"].contains(&typ.as_str())
        };
        if !header.typ.is_none_or(fit) {
            return Err(Reason::Type);
        }
        if header.crit.is_some() {
            return Err(Reason::Critical);
        }
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
        if !key.verifies(self.signed.as_bytes(), &self.signature) {
            return Err(Reason::Signature);
        }
        let claims: Claims = json(self.claims).or(Err(Reason::Claims))?;
        if claims.iss != expected.issuer {
            return Err(Reason::Issuer);
        }
        let ours = match &claims.aud {
            Strings::One(audience) => *audience == expected.audience,
            Strings::Several(list) => list.contains(&expected.audience),
        };
        if !ours {
            return Err(Reason::Audience);
        }
        let leeway = expected.leeway.as_secs_f64();
        if claims.exp + leeway <= now {
            return Err(Reason::Expired);
        }
        if claims.iat.max(claims.nbf.unwrap_or(f64::MIN)) > now + leeway {
            return Err(Reason::NotYet);
        }
        let client = match (claims.cid, claims.client_id) {
            (Some(cid), Some(client_id)) if cid != client_id => return Err(Reason::Claims),
            (cid, client_id) => cid.or(client_id),
        };
        let client = client.filter(|client| expected.clients.contains(client));
        let client = client.ok_or(Reason::Client)?;
        let in_list = claims.scp.is_some_and(|list| list.contains(&expected.scope));
        let in_text =
            claims.scope.is_some_and(|text| text.split(' ').any(|one| one == expected.scope));
        if !in_list && !in_text {
            return Err(Reason::Scope);
        }
        Ok(Verified { client, expires: claims.exp })
    }
}

/// The JSON in a part of a token. serde_json refuses a member of ours that occurs twice.
fn json<T: DeserializeOwned>(part: &str) -> Result<T, Reason> {
    let bytes = URL_SAFE_NO_PAD.decode(part).or(Err(Reason::Malformed))?;
    object(&bytes).ok_or(Reason::Malformed)
}
