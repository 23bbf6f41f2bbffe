//! Domains of email addresses: a table of known attacks, and properties of the grammar.

use proptest::prelude::*;
use regex_automata::meta::Regex;
use registration_hook::rule::email::domain;

use crate::support::Failures;

/// Addresses and their domains. An address that is refused has `None`.
const TABLE: &[(&str, Option<&str>)] = &[
    ("rosario.jones@okta.com", Some("okta.com")),
    ("Rosario.Jones@OKTA.COM", Some("OKTA.COM")),
    ("user+tag@okta.com", Some("okta.com")),
    ("a_b-c.d'e@sub.okta.com", Some("sub.okta.com")),
    ("a@localhost", Some("localhost")),
    ("a@4.com", Some("4.com")),
    ("a@1.2.3.4", None),
    ("a@com.7", None),
    ("a@xn--kta-red.com", Some("xn--kta-red.com")),
    ("a@okta.com.", None),
    ("a@okta..com", None),
    ("a@.okta.com", None),
    ("a@-okta.com", None),
    ("a@okta-.com", None),
    ("a@okta_x.com", None),
    ("a@okta.com:25", None),
    ("a@okta.com/x", None),
    ("a@okta.com?x=evil.example", None),
    ("a@okta.com#evil.example", None),
    ("a@okta.com\\evil.example", None),
    ("a@okta.com@evil.example", None),
    ("a@evil.example@okta.com", None),
    ("\"a@evil.example\"@okta.com", None),
    ("\"a b\"@okta.com", None),
    ("a@okta.com(comment)", None),
    ("a(@evil.example)@okta.com", None),
    (" a@okta.com", None),
    ("a@okta.com ", None),
    ("a @okta.com", None),
    ("a@okta.com\n", None),
    ("a@okta.com\r\nBcc: x@evil.example", None),
    ("a@okta.com\0.evil.example", None),
    ("a@ok\u{200b}ta.com", None),
    ("a\u{ff20}okta.com", None),
    ("a@\u{ff4f}\u{ff4b}\u{ff54}\u{ff41}.com", None),
    ("a@o\u{212a}ta.com", None),
    ("a@\u{43e}kta.com", None),
    ("a@okta\u{3002}com", None),
    ("jos\u{e9}@okta.com", None),
    ("=?x?q?a=40evil.example=3e=00?=@okta.com", None),
    ("=?iso-8859-1?q?=61=62=63?=foo@okta.com", None),
    ("a%evil.example@okta.com", None),
    ("evil.example!a@okta.com", None),
    ("a@[127.0.0.1]", None),
    ("a@[IPv6:::1]", None),
    ("Bob <a@okta.com>", None),
    ("a@okta.com <a@evil.example>", None),
    ("a@evil.example,b@okta.com", None),
    ("a@evil.example;b@okta.com", None),
    ("mailto:a@okta.com", None),
    ("@okta.com", None),
    ("a@", None),
    ("@", None),
    ("okta.com", None),
    ("", None),
    (".a@okta.com", None),
    ("a.@okta.com", None),
    ("a..b@okta.com", None),
];

#[test]
fn addresses_have_the_domain_of_the_table_or_none() {
    let mut failures = Failures::default();

    for (address, expected) in TABLE {
        failures.check_eq(format!("{address:?}"), domain(address), *expected);
    }

    failures.assert_none();
}

#[test]
fn local_parts_labels_and_addresses_have_the_lengths_of_rfc_5321() {
    let address =
        |local: usize, label: usize| format!("{}@{}.com", "x".repeat(local), "y".repeat(label));

    assert!(domain(&address(64, 63)).is_some());
    assert!(domain(&address(65, 63)).is_none());
    assert!(domain(&address(64, 64)).is_none());

    let long = |labels: usize| format!("a@{}com", "abcdefg.".repeat(labels));

    assert!(domain(&long(31)).is_some(), "253 bytes");
    assert!(domain(&long(32)).is_none(), "261 bytes");
}

/// The grammar of RFC 5321 §4.1.2 without `%` and `!`, as an independent reading.
fn grammar() -> Regex {
    let atom = r"[A-Za-z0-9#$&'*+/=?^_`{|}~-]+";
    let label = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?";
    let last = "(?:[A-Za-z0-9][A-Za-z0-9-]*)?[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?|[0-9][0-9-]*-[0-9-]*[0-9]";
    Regex::new(&format!(r"\A{atom}(?:\.{atom})*@(?:{label}\.)*(?:{last})\z")).unwrap()
}

proptest! {
    #[test]
    fn an_address_has_a_domain_if_the_grammar_matches(text in "[a-cA-C0-2.@%!=? \"()<>\\[\\]\\\\_+\n\u{e9}\u{ff20}-]{0,24}") {
        let expected = grammar().is_match(&text) && !text.contains("=?");
        prop_assert_eq!(domain(&text).is_some(), expected, "{:?}", text);
    }

    #[test]
    fn addresses_generated_from_the_grammar_have_their_domain(
        local in "[a-z0-9#$&'*+/^_`{|}~-]{1,20}(\\.[a-z0-9_+-]{1,20}){0,2}",
        host in "([a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?\\.){0,3}[a-z]{1,20}",
    ) {
        let address = format!("{local}@{host}");
        prop_assert_eq!(domain(&address), Some(host.as_str()));
    }

    #[test]
    fn an_address_with_a_domain_is_ascii_with_one_at_sign(text in "\\PC{0,40}") {
        if let Some(found) = domain(&text) {
            prop_assert!(text.is_ascii());
            prop_assert_eq!(text.matches('@').count(), 1);
            let end = format!("@{found}");
            prop_assert!(text.ends_with(&end));
        }
    }
}
