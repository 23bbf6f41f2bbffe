//! Why a caller is not admitted.

/// Why a caller is not admitted; for the log and for metrics, and not for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// There are no credentials of a configured way.
    Missing,
    /// A password or a secret in a header is wrong.
    Wrong,
    /// A header that carries credentials occurs twice.
    Repeated,
    /// The token is no JWT in compact form, or its header lacks `alg` or `kid`.
    Malformed,
    /// `alg` is not RS256.
    Algorithm,
    /// `typ` is not that of an access token.
    Type,
    /// `crit` names what we would have to understand.
    Critical,
    /// The issuer has no such key.
    UnknownKey,
    /// The signature is not that key's.
    Signature,
    /// A claim is missing or has another type than its RFC says.
    Claims,
    /// `iss` is another.
    Issuer,
    /// `aud` is another.
    Audience,
    /// `exp` has passed.
    Expired,
    /// `nbf` or `iat` is yet to come.
    NotYet,
    /// The token was issued to another client.
    Client,
    /// The token lacks the scope.
    Scope,
    /// There are no keys to verify the token with.
    KeysUnavailable,
}

impl Reason {
    /// The name in logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Wrong => "wrong",
            Self::Repeated => "repeated",
            Self::Malformed => "malformed",
            Self::Algorithm => "alg_not_allowed",
            Self::Type => "typ_not_allowed",
            Self::Critical => "crit_not_supported",
            Self::UnknownKey => "unknown_kid",
            Self::Signature => "bad_signature",
            Self::Claims => "malformed_claims",
            Self::Issuer => "wrong_iss",
            Self::Audience => "wrong_aud",
            Self::Expired => "expired",
            Self::NotYet => "not_yet_valid",
            Self::Client => "wrong_client",
            Self::Scope => "insufficient_scope",
            Self::KeysUnavailable => "keys_unavailable",
        }
    }

    /// Whether the token is valid, and was issued for something else.
    pub fn is_forbidden(self) -> bool {
        matches!(self, Self::Client | Self::Scope)
    }

    /// RFC 6750 §3.1; nothing where no token was presented.
    pub(super) fn oauth_error(self) -> Option<&'static str> {
        match self {
            Self::Missing | Self::Wrong | Self::Repeated | Self::KeysUnavailable => None,
            Self::Client | Self::Scope => Some("insufficient_scope"),
            _ => Some("invalid_token"),
        }
    }
}
