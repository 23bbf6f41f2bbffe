//! `domains` and `not_domains`: the domain of an email address.

use std::collections::HashSet;

use super::{Check, Circumstances, Kind, Miss, Read, met};
use crate::{
    hook::Value,
    rule::{
        email,
        node::{Node, Table},
    },
};

pub(super) const DOMAINS: Kind =
    Kind { key: "domains", read: |node, _: &Table| Domains::read(node, true) };

pub(super) const NOT_DOMAINS: Kind =
    Kind { key: "not_domains", read: |node, _: &Table| Domains::read(node, false) };

/// Domains in lower case.
#[derive(Debug)]
struct Domains {
    exact: HashSet<Box<str>>,
    /// Those that stand as `*.example.com`: their sub-domains, at any depth, and not they.
    parents: HashSet<Box<str>>,
    /// For explanations, where the list is short.
    only: Option<Box<str>>,
    wanted: bool,
}

impl Domains {
    fn read(node: &Node, wanted: bool) -> Read {
        let mut list = Self { exact: HashSet::new(), parents: HashSet::new(), only: None, wanted };
        let entries = node.each_text(|entry, item| {
            let (set, name) = match entry.strip_prefix("*.") {
                Some(parent) => (&mut list.parents, parent),
                None => (&mut list.exact, entry),
            };
            if !email::is_domain(name) {
                return Err(item.fault(why_never(entry)));
            }
            set.insert(name.to_ascii_lowercase().into());
            list.only = Some(entry.into());
            Ok(())
        })?;
        list.only = list.only.filter(|_| entries.len() == 1);
        Ok(Box::new(list))
    }

    fn contains(&self, domain: &str) -> bool {
        let domain = domain.to_ascii_lowercase();
        let mut above = domain.match_indices('.').filter_map(|(dot, _)| domain.get(dot + 1..));
        self.exact.contains(domain.as_str()) || above.any(|parent| self.parents.contains(parent))
    }
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

impl Check for Domains {
    /// What is no address fails either check.
    fn judge(&self, value: &Value<'_>, _: &Circumstances<'_>) -> Result<(), Miss> {
        let Value::Text(address) = value else {
            return Err(Miss::Type);
        };
        let domain = email::domain(address).ok_or(Miss::Value)?;
        met(self.contains(domain) == self.wanted)
    }

    fn asks(&self) -> String {
        let count = self.exact.len().saturating_add(self.parents.len());
        let place = match &self.only {
            Some(domain) => format!("at {domain}"),
            None => format!("at one of {count} domains"),
        };
        if self.wanted {
            format!("an address {place}")
        } else {
            format!("an address, but none {place}")
        }
    }
}
