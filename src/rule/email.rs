//! Email addresses. The grammar is narrow, because the domain decides who may register: no text may be
//! an address at one domain here, and at another one for a mail server.
//!
//! An address is RFC 5321's `Dot-string@Domain` in ASCII (§4.1.2, §4.5.3.1): no quoted strings,
//! comments, literals or display names, no trimming and no mapping of Unicode. The local part has no `%`
//! and no `!`, because some mail servers take them for routes to another host, and no `=?`, because some
//! take it for an encoded word.

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
    let mut last: &[u8] = b"";
    for label in name.as_bytes().split(is_dot) {
        if !is_label(label) {
            return false;
        }
        last = label;
    }
    name.len() <= DOMAIN_LIMIT && !last.iter().all(u8::is_ascii_digit)
}

fn is_label(label: &[u8]) -> bool {
    (1..=LABEL_LIMIT).contains(&label.len())
        && label.iter().all(is_label_byte)
        && label.first() != Some(&b'-')
        && label.last() != Some(&b'-')
}

fn is_label_byte(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || *byte == b'-'
}

fn is_local_part(local: &str) -> bool {
    if local.len() > LOCAL_PART_LIMIT || local.contains("=?") {
        return false;
    }
    let mut atoms = local.as_bytes().split(is_dot);
    atoms.all(|atom| !atom.is_empty() && atom.iter().all(is_atom_byte))
}

fn is_dot(byte: &u8) -> bool {
    *byte == b'.'
}

/// RFC 5322 §3.2.3 `atext`, without `%` and `!`.
fn is_atom_byte(byte: &u8) -> bool {
    matches!(
        byte,
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'#' | b'$' | b'&' | b'\'' | b'*' | b'+' | b'-'
            | b'/' | b'=' | b'?' | b'^' | b'_' | b'`' | b'{' | b'|' | b'}' | b'~'
    )
}
