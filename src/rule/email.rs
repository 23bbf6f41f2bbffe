//! Email addresses. The grammar is narrow, because the domain decides who may register: no text may be
//! an address at one domain here, and at another one for a mail server.
//!
//! An address is RFC 5321's `Dot-string@Domain` in ASCII (§4.1.2, §4.5.3.1): no quoted strings,
//! comments, literals or display names, no trimming and no mapping of Unicode. The local part has no `%`
//! and no `!`, because some mail servers take them for routes to another host, and no `=?`, because some
//! take it for an encoded word.

use std::borrow::Cow;

use crate::byte_set::ByteSet;

const LOCAL_PART_LIMIT: usize = 64;
const ADDRESS_LIMIT: usize = 254;
const DOMAIN_LIMIT: usize = 253;
const LABEL_LIMIT: usize = 63;

/// RFC 5322's `atext` (§3.2.3), without `%` and `!`. It also lacks `?`, which [`end_of_local_part`] accepts except
/// after `=`.
static ATOM_BYTES: ByteSet = ByteSet::ALPHANUMERIC.with(b"#$&'*+-/=^_`{|}~");
/// The bytes of the labels of a domain.
static LABEL_BYTES: ByteSet = ByteSet::ALPHANUMERIC.with(b"-");

/// The domain of an address, as it was written. Returns `None` if the text is not an address.
pub fn domain(address: &str) -> Option<&str> {
    let (_, domain) = parts(address)?;
    Some(domain)
}

/// The local part and the domain of an address, as they were written. Returns `None` if the text is not
/// an address.
pub(crate) fn parts(address: &str) -> Option<(&str, &str)> {
    let at = end_of_local_part(address)?;
    let (local, domain) = (address.get(..at)?, address.get(at + 1..)?);
    if address.len() <= ADDRESS_LIMIT && local.len() <= LOCAL_PART_LIMIT && is_domain(domain) {
        return Some((local, domain));
    }
    None
}

/// The place of the `@` after a local part: atoms with dots between them.
fn end_of_local_part(address: &str) -> Option<usize> {
    // As if a dot came before: the local part may neither begin with a dot nor be empty.
    let mut previous = b'.';
    for (place, byte) in address.bytes().enumerate() {
        if !ATOM_BYTES.contains(byte) {
            match byte {
                b'@' if previous != b'.' => return Some(place),
                b'.' if previous != b'.' => {}
                b'?' if previous != b'=' => {}
                _ => return None,
            }
        }
        previous = byte;
    }
    None
}

/// Whether this is a domain name: labels with dots between them. The last label may not be a number, so an IP
/// address is not a domain name (RFC 3696 §2).
pub fn is_domain(name: &str) -> bool {
    let mut last = [].as_slice();
    for label in name.as_bytes().split(|byte| *byte == b'.') {
        if !is_label(label) {
            return false;
        }
        last = label;
    }
    name.len() <= DOMAIN_LIMIT && !last.iter().all(u8::is_ascii_digit)
}

/// Whether this is a label: ASCII letters, digits and inner hyphens.
fn is_label(label: &[u8]) -> bool {
    let (Some(first), Some(last)) = (label.first(), label.last()) else {
        return false;
    };
    label.len() <= LABEL_LIMIT && *first != b'-' && *last != b'-' && LABEL_BYTES.contains_all(label)
}

/// A domain in lower case.
pub(crate) fn lower_case(domain: &str) -> Cow<'_, str> {
    if domain.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(domain.to_ascii_lowercase())
    } else {
        Cow::Borrowed(domain)
    }
}
