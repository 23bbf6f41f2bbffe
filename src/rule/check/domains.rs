//! `domains` and `not_domains`: the domain of an email address.

use std::collections::HashSet;

use super::{Check, Mismatch, Node, Read, Value, met};
use crate::rule::email;

pub(super) fn read(node: &Node, wanted: bool) -> Read {
    // In lower case; of `*.example.com` the sub-domains are meant, at any depth, and not it.
    let (mut exact, mut parents) = (HashSet::<Box<str>>::new(), HashSet::<Box<str>>::new());
    let mut only = String::new();
    node.each_text(|entry, item| {
        let (set, name) = match entry.strip_prefix("*.") {
            Some(parent) => (&mut parents, parent),
            None => (&mut exact, entry),
        };
        if !email::is_domain(name) {
            return Err(item.fault(why_never(entry)));
        }
        set.insert(name.to_ascii_lowercase().into());
        entry.clone_into(&mut only);
        Ok(())
    })?;
    let place = match exact.len() + parents.len() {
        1 => format!("at {only}"),
        count => format!("at one of {count} domains"),
    };
    let asks = match wanted {
        true => format!("an address {place}"),
        false => format!("an address, but none {place}"),
    };
    // What is no address fails either check.
    Ok(Check::new(asks, move |value, _| {
        let Value::Text(address) = value else {
            return Err(Mismatch::Type);
        };
        let domain = email::domain(address).ok_or(Mismatch::Value)?.to_ascii_lowercase();
        let mut above = domain.match_indices('.').filter_map(|(dot, _)| domain.get(dot + 1..));
        let mut is_below = || !parents.is_empty() && above.any(|parent| parents.contains(parent));
        let found = exact.contains(&*domain) || is_below();
        met(found == wanted)
    }))
}

/// What keeps an entry from ever matching.
fn why_never(entry: &str) -> String {
    let way_out = if entry.contains('@') {
        "write the domain alone, without what stands before the `@` and without it"
    } else if entry.ends_with('.') {
        "leave out the last dot"
    } else if entry.contains(char::is_whitespace) {
        "leave out the white space"
    } else if entry.contains('*') {
        "a `*` stands only at the start, as in `*.example.com`"
    } else if entry.contains(':') || entry.contains('/') {
        "write the domain alone, without scheme, port or path"
    } else if !entry.is_ascii() {
        "write the ASCII form (`xn--…`) of an internationalised domain"
    } else {
        "a domain is labels of letters, digits and inner hyphens, with dots between"
    };
    format!("`{entry}` can never match a domain; {way_out}")
}
