//! The scheme in `Authorization` (RFC 9110 §11.4).

use super::reason::Reason;

/// Schemes that are named in logs. Another first word may be a part of a secret.
const KNOWN: [&str; 8] =
    ["Basic", "Bearer", "Digest", "DPoP", "Hook-Secret", "Negotiate", "SSWS", "Token"];

/// Returns the credentials in a value of `Authorization` if it is of this scheme (RFC 9110 §11.4: the
/// scheme in any case, then one or more spaces).
pub(super) fn credentials_of_scheme<'h>(authorization: &'h [u8], scheme: &str) -> Option<&'h [u8]> {
    let (given, rest) = authorization.split_at_checked(scheme.len())?;
    if !given.eq_ignore_ascii_case(scheme.as_bytes()) {
        return None;
    }
    // `Basic` alone is of the scheme, with empty credentials.
    if rest.is_empty() {
        return Some(rest);
    }
    // Without a space, the rest belongs to the name of another scheme.
    let mut credentials = rest.strip_prefix(b" ")?;
    while let Some(shorter) = credentials.strip_prefix(b" ") {
        credentials = shorter;
    }
    Some(credentials)
}

/// Returns why a value of `Authorization` without a configured scheme is refused.
pub(super) fn reason_of_other_scheme(authorization: &[u8]) -> Reason {
    let value = authorization.trim_ascii();
    if value.is_empty() {
        Reason::Missing
    } else if value.contains(&b' ') || known_scheme(value).is_some() {
        Reason::OtherScheme
    } else {
        Reason::NoScheme
    }
}

/// Returns the scheme, if it is a known one.
pub(super) fn known_scheme(authorization: &[u8]) -> Option<&'static str> {
    KNOWN.into_iter().find(|scheme| credentials_of_scheme(authorization, scheme).is_some())
}
