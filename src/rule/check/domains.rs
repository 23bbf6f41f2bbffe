//! `domains` and `not_domains`: the domain of an email address.

use std::fmt::{self, Display};

use super::{
    context::Mismatch,
    list::{ListRole, TextSet},
};
use crate::{
    okta::Value,
    problem::{SpanProblem, SpanProblems},
    rule::{email, list_entry::ListEntry, node::Node},
};

/// An email address at one of the domains of a list, or at none of them. A value that is not an address
/// fails either way.
pub struct Domains {
    role: ListRole,
    /// In lower case. `okta.com` stands for this domain alone. `.okta.com` stands for its sub-domains at any
    /// depth.
    domains: TextSet,
}

impl Domains {
    pub(super) fn read_domains(node: &Node, role: ListRole) -> Result<Self, SpanProblems> {
        Ok(Self { role, domains: TextSet::read_set(node, r#"["okta.com"]"#, read_domain)? })
    }

    pub(super) fn check_domain(&self, value: &Value<'_>) -> Result<(), Mismatch> {
        let Value::Text(address) = value else {
            return Err(Mismatch::Type);
        };
        let domain = email::domain(address).ok_or(Mismatch::Unreadable)?;
        self.role.require(self.is_listed(&email::lower_case(domain)))
    }

    fn is_listed(&self, domain: &str) -> bool {
        if self.domains.contains(domain) {
            return true;
        }
        // The entries that may list `a.okta.com` are `.okta.com` and `.com`.
        for (dot, _) in domain.match_indices('.') {
            let (_, with_leading_dot) = domain.split_at(dot);
            if self.domains.contains(with_leading_dot) {
                return true;
            }
        }
        false
    }
}

impl Display for Domains {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.role {
            ListRole::Allowed => out.write_str("a plain email address at ")?,
            ListRole::Refused => out.write_str("a plain email address that is not at ")?,
        }
        match (self.domains.len(), self.domains.first()) {
            (1, Some(domain)) if domain.starts_with('.') => write!(out, "*{domain}"),
            (1, Some(domain)) => out.write_str(domain),
            (count, _) => write!(out, "one of {count} domains"),
        }
    }
}

/// Reads `okta.com` or `*.okta.com`. Returns the domain in lower case and without the `*`.
fn read_domain(entry: &ListEntry<'_>) -> Result<String, SpanProblem> {
    let text = entry.text()?;
    if !email::is_domain(text.strip_prefix("*.").unwrap_or(text)) {
        let hint = match entry.line_hint() {
            Some(hint) => hint,
            None => hint_for(text),
        };
        return Err(entry.problem(format!("`{text}` can never match a domain; {hint}")));
    }
    Ok(text.strip_prefix('*').unwrap_or(text).to_ascii_lowercase())
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
        "a `*` stands only at the start and before a dot, as in `*.example.com`"
    } else if entry.contains(':') || entry.contains('/') {
        "write the domain alone, without scheme, port or path"
    } else if !entry.is_ascii() {
        "write the ASCII form (`xn--…`) of an internationalised domain"
    } else {
        "a domain is labels of letters, digits and inner hyphens, with dots between"
    }
}
