//! An e-mail address → its domain, and the decision that follows from it.

use registration_hook::rule::email;

use super::{
    answer::{Outcome, outcome_of},
    guide::Hook,
};

/// Compares the domain, and the decision of the shipped rules, with a reading of the promise that an
/// address's domain is the ASCII text after the only `@` of an RFC 5321 dot-string address.
pub fn email(data: &[u8]) {
    let Ok(address) = str::from_utf8(data) else {
        return;
    };
    let expected = domain_of(address);
    let domain = email::domain(address);
    assert_eq!(domain, expected, "the domain of {address:?}");
    if let Some(domain) = domain {
        assert!(address.is_ascii(), "{address:?}");
        assert_eq!(address.matches('@').count(), 1, "{address:?}");
        assert!(address.ends_with(&format!("@{domain}")), "{address:?}");
    }
    let is_ours = expected.is_some_and(|domain| domain.eq_ignore_ascii_case("okta.com"));
    let expected = if is_ours { Outcome::Allow } else { Outcome::Deny };
    let body = registration_with(address);
    let outcome = outcome_of(Hook::Ssr.rules(), body.as_bytes());
    assert_eq!(outcome, Some(expected), "{address:?} registers");
}

/// A registration in which `login` and `email` are this address.
fn registration_with(address: &str) -> String {
    let address = serde_json::Value::from(address).to_string();
    format!(
        r#"{{"eventType":"com.okta.user.pre-registration","requestType":"self.service.registration","data":{{"userProfile":{{"login":{address},"email":{address}}}}}}}"#
    )
}

/// The domain of a plain address, or `None` for any other text.
pub fn domain_of(address: &str) -> Option<&str> {
    let parts: Vec<&str> = address.split('@').collect();
    let [local, domain] = parts[..] else {
        return None;
    };
    // RFC 5321 §4.5.3.1.3: a path has 256 octets, of which two are the angle brackets.
    if address.len() > 254 || !is_dot_string(local) || !is_domain(domain) {
        return None;
    }
    Some(domain)
}

/// RFC 5321 §4.1.2, without what mail servers have taken for a route or an encoded word.
fn is_dot_string(local: &str) -> bool {
    if local.len() > 64 || local.contains("=?") {
        return false;
    }
    for atom in local.split('.') {
        if atom.is_empty() {
            return false;
        }
        for letter in atom.chars() {
            if !letter.is_ascii_alphanumeric() && !"#$&'*+-/=?^_`{|}~".contains(letter) {
                return false;
            }
        }
    }
    true
}

/// RFC 1035 §2.3.1 with leading digits (RFC 1123 §2.1). A last label of digits would be an IP address.
fn is_domain(domain: &str) -> bool {
    if domain.len() > 253 {
        return false;
    }
    let labels: Vec<&str> = domain.split('.').collect();
    for label in &labels {
        if label.is_empty() || label.len() > 63 {
            return false;
        }
        if label.starts_with('-') || label.ends_with('-') {
            return false;
        }
        for letter in label.chars() {
            if !letter.is_ascii_alphanumeric() && letter != '-' {
                return false;
            }
        }
    }
    let last = labels[labels.len() - 1];
    !last.chars().all(|letter| letter.is_ascii_digit())
}
