//! Why a caller is not admitted.

/// Makes [`Reason`] of a table: what each means, what it is called here, and its name in logs.
macro_rules! reasons {
    ($(#[doc = $meaning:literal] $reason:ident = $name:literal,)*) => {
        /// Why a caller is not admitted; for the log and for metrics, and not for the caller.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Reason {
            $(#[doc = $meaning] $reason,)*
        }

        impl Reason {
            /// Every one, where its discriminant says.
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
    /// There are no credentials of a configured way.
    Missing = "missing",
    /// A password or a secret in a header is wrong.
    Wrong = "wrong",
    /// A header that carries credentials occurs twice.
    Repeated = "repeated",
    /// The token is no JWT in compact form, or its header lacks `alg` or `kid`.
    Malformed = "malformed",
    /// `alg` is not RS256.
    Algorithm = "alg_not_allowed",
    /// `typ` is not that of an access token.
    Type = "typ_not_allowed",
    /// `crit` names what we would have to understand.
    Critical = "crit_not_supported",
    /// The issuer has no such key.
    UnknownKey = "unknown_kid",
    /// The signature is not that key's.
    Signature = "bad_signature",
    /// A claim is missing or has another type than its RFC says.
    Claims = "malformed_claims",
    /// `iss` is another.
    Issuer = "wrong_iss",
    /// `aud` is another.
    Audience = "wrong_aud",
    /// `exp` has passed.
    Expired = "expired",
    /// `nbf` or `iat` is yet to come.
    NotYet = "not_yet_valid",
    /// The token was issued to another client.
    Client = "wrong_client",
    /// The token lacks the scope.
    Scope = "insufficient_scope",
    /// There are no keys to verify the token with.
    KeysUnavailable = "keys_unavailable",
}

impl Reason {
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
