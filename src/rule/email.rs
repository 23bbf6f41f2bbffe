//! Email addresses. The grammar is narrow, because the domain decides who may register: no text may be
//! an address at one domain here, and at another one for a mail server.
//!
//! An address is RFC 5321's `Dot-string@Domain` in ASCII (§4.1.2, §4.5.3.1): no quoted strings,
//! comments, literals or display names, no trimming and no mapping of Unicode. The local part has no `%`
//! and no `!`, because some mail servers take them for routes to another host, and no `=?`, because some
//! take it for an encoded word.

use std::borrow::Cow;

const LOCAL_PART_LIMIT: usize = 64;
const ADDRESS_LIMIT: usize = 254;
const DOMAIN_LIMIT: usize = 253;
const LABEL_LIMIT: usize = 63;

/// The domain of an address, as it was written. Returns `None` if the text is not an address.
pub fn domain(address: &str) -> Option<&str> {
    let (_, domain) = parts(address)?;
    Some(domain)
}

/// The local part and the domain of an address, as they were written. Returns `None` if the text is not
/// an address.
pub(crate) fn parts(address: &str) -> Option<(&str, &str)> {
    let (local, domain) = address.split_once('@')?;
    if address.len() <= ADDRESS_LIMIT && is_local_part(local) && is_domain(domain) {
        return Some((local, domain));
    }
    None
}

/// Whether this is a domain name: labels of ASCII letters, digits and inner hyphens. The last one is
/// not a number, unlike that of an IP address (RFC 3696 §2).
pub fn is_domain(name: &str) -> bool {
    let mut label_length = 0;
    let mut is_number = true;
    let mut previous = b'.';
    for byte in name.bytes() {
        match byte {
            // A label neither begins nor ends with a hyphen, and is not empty.
            b'.' if matches!(previous, b'.' | b'-') => return false,
            b'-' if previous == b'.' => return false,
            b'.' => {
                label_length = 0;
                is_number = true;
            }
            b'0'..=b'9' => label_length += 1,
            b'a'..=b'z' | b'A'..=b'Z' | b'-' => {
                label_length += 1;
                is_number = false;
            }
            _ => return false,
        }
        if label_length > LABEL_LIMIT {
            return false;
        }
        previous = byte;
    }
    name.len() <= DOMAIN_LIMIT && !matches!(previous, b'.' | b'-') && !is_number
}

/// Whether this is the part before the `@`: atoms with dots between them.
fn is_local_part(local: &str) -> bool {
    let mut previous = b'.';
    for byte in local.bytes() {
        let fits = match byte {
            b'.' => previous != b'.',
            b'?' => previous != b'=',
            _ => is_atom_byte(byte),
        };
        if !fits {
            return false;
        }
        previous = byte;
    }
    local.len() <= LOCAL_PART_LIMIT && previous != b'.'
}

/// RFC 5322 §3.2.3 `atext`, without `%` and `!`.
fn is_atom_byte(byte: u8) -> bool {
    matches!(
        byte,
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'#' | b'$' | b'&' | b'\'' | b'*' | b'+' | b'-'
            | b'/' | b'=' | b'?' | b'^' | b'_' | b'`' | b'{' | b'|' | b'}' | b'~'
    )
}

/// A domain in lower case.
pub(crate) fn lower_case(domain: &str) -> Cow<'_, str> {
    if domain.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(domain.to_ascii_lowercase())
    } else {
        Cow::Borrowed(domain)
    }
}
