//! Why a caller is not admitted.

/// Defines [`Reason`] from a table: the meaning, the variant, and the name in logs and metrics.
macro_rules! reasons {
    ($(#[doc = $meaning:literal] $reason:ident = $name:literal,)*) => {
        /// Why a caller is not admitted. For the log and metrics, not for the caller.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Reason {
            $(#[doc = $meaning] $reason,)*
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$reason,)*];

            /// The name in logs and metrics.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$reason => $name,)*
                }
            }
        }
    };
}

reasons! {
    /// The header that carries the credentials is missing or empty.
    Missing = "credentials_missing",
    /// `Authorization` has no scheme, such as `Basic`.
    NoScheme = "scheme_missing",
    /// `Authorization` has a scheme that is not configured.
    OtherScheme = "scheme_other",
    /// The user name, the password, or the secret in a header is wrong.
    Wrong = "credentials_wrong",
    /// A header with credentials occurs twice.
    Repeated = "credentials_repeated",
    /// The token is not a JWT in compact form, or its header lacks `alg` or `kid`.
    Malformed = "malformed_token",
    /// `alg` is not RS256.
    Algorithm = "alg_not_allowed",
    /// `typ` is not that of an access token.
    Type = "typ_not_allowed",
    /// `crit` asks for an extension, and none is supported.
    Critical = "crit_not_supported",
    /// The issuer has no key with the token's `kid`.
    UnknownKey = "unknown_kid",
    /// The signature does not match the key of the token's `kid`.
    Signature = "bad_signature",
    /// A claim is missing or of the wrong type.
    Claims = "malformed_claims",
    /// `iss` differs from the configured issuer.
    Issuer = "wrong_iss",
    /// `aud` differs from the configured audience.
    Audience = "wrong_aud",
    /// `exp` has passed.
    Expired = "expired",
    /// `nbf` or `iat` is in the future.
    NotYet = "not_yet_valid",
    /// The token was issued to another client.
    Client = "wrong_client",
    /// The token lacks the scope.
    Scope = "insufficient_scope",
    /// There are no keys to verify the token with.
    KeysUnavailable = "keys_unavailable",
}

impl Reason {
    /// Whether the token is valid, but does not entitle to call this service.
    pub fn is_forbidden(self) -> bool {
        matches!(self, Self::Client | Self::Scope)
    }

    /// Returns the error code of RFC 6750 §3.1. `None` if the refusal is not about a token, or if there
    /// are no keys to verify it with.
    pub(super) fn oauth_error(self) -> Option<&'static str> {
        match self {
            Self::Missing
            | Self::NoScheme
            | Self::OtherScheme
            | Self::Wrong
            | Self::Repeated
            | Self::KeysUnavailable => None,
            Self::Client | Self::Scope => Some("insufficient_scope"),
            _ => Some("invalid_token"),
        }
    }
}
