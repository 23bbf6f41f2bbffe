//! `domains` and `not_domains`: the domain of an email address.

use std::fmt::{self, Display};

use super::{context::Mismatch, list::ListRole, text_set::TextSet};
use crate::{
    okta::Value,
    problem::{SpanProblem, SpanProblems},
    rule::{email, node::Node},
};

/// An email address at one of some domains, or at none of them. A value that is not an address
/// fails either way.
pub struct Domains {
    role: ListRole,
    /// Domains, in lower case.
    exact: TextSet,
    /// Domains whose sub-domains are meant, at any depth, and not they themselves. In lower case.
    parents: TextSet,
}

impl Domains {
    pub(super) fn read(node: &Node, role: ListRole) -> Result<Self, SpanProblems> {
        let (mut exact, mut parents) = (TextSet::new(), TextSet::new());
        node.each_text(|entry, node| {
            match entry.strip_prefix("*.") {
                Some(parent) => parents.push(&read_domain(entry, parent, node)?),
                None => exact.push(&read_domain(entry, entry, node)?),
            }
            Ok(())
        })?;
        exact.sort();
        parents.sort();
        Ok(Self { role, exact, parents })
    }

    pub(super) fn judge(&self, value: &Value<'_>) -> Result<(), Mismatch> {
        let Value::Text(address) = value else {
            return Err(Mismatch::Type);
        };
        let domain = email::domain(address).ok_or(Mismatch::Value)?.to_ascii_lowercase();
        self.role.judge(self.contain(&domain))
    }

    fn contain(&self, domain: &str) -> bool {
        if self.exact.contains(domain) {
            return true;
        }
        if self.parents.len() == 0 {
            return false;
        }
        let mut below = domain;
        while let Some((_, parent)) = below.split_once('.') {
            if self.parents.contains(parent) {
                return true;
            }
            below = parent;
        }
        false
    }
}

impl Display for Domains {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.role {
            ListRole::Allowed => out.write_str("an address at ")?,
            ListRole::Refused => out.write_str("an address, but none at ")?,
        }
        let count = self.exact.len() + self.parents.len();
        if count > 1 {
            return write!(out, "one of {count} domains");
        }
        match (self.exact.first(), self.parents.first()) {
            (Some(domain), _) => out.write_str(domain),
            (None, Some(domain)) => write!(out, "*.{domain}"),
            (None, None) => Ok(()),
        }
    }
}

/// The domain of an entry, in lower case.
fn read_domain(entry: &str, domain: &str, node: &Node) -> Result<String, SpanProblem> {
    if !email::is_domain(domain) {
        let hint = hint_for(entry);
        return Err(node.problem(format!("`{entry}` can never match a domain; {hint}")));
    }
    Ok(domain.to_ascii_lowercase())
}

/// How to correct an entry that is not a domain.
fn hint_for(entry: &str) -> &'static str {
    if entry.contains('@') {
        "write the domain alone, without the `@` and the part before it"
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
    }
}
