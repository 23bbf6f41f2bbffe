//! Conditions of rules and lookups on values that cannot be read as the condition expects. Such a condition counts as
//! met, so that nobody skips a rule by sending another type.

use crate::{
    lookups::{effects, hook_with_lookup, rule},
    support::Failures,
};

/// Values that no condition on a text can read.
const OTHER_TYPES: [&str; 3] = [r#"["guest"]"#, "{}", "1.5"];

#[test]
fn a_malformed_value_skips_no_rule_and_no_lookup() {
    let too_long = format!(r#""{}""#, "a".repeat(250_000));
    let mut failures = Failures::default();

    for (condition, malformed) in [
        ("attribute = 'v', domains = ['okta.com']", &[r#""a""#, r#""a@b@okta.com""#, "7"][..]),
        ("attribute = 'v', not_domains = ['okta.com']", &[r#""a""#, r#""a@okta.com ""#, "7"]),
        ("attribute = 'v.domain', one_of = ['okta.com']", &[r#""a""#, r#""a@okta.com ""#, "7"]),
        ("attribute = 'v.local', not_one_of = ['a']", &[r#""a""#, r#""@okta.com""#, "true"]),
        ("attribute = 'v', digits = 4", &[]),
        ("attribute = 'v', length = { min = 2 }", &[]),
        ("attribute = 'v', pattern = '(a|aa)*b'", &[&too_long]),
        ("attribute = 'v', one_of = ['guest']", &[]),
        ("attribute = 'v', not_one_of = ['guest']", &[]),
        (
            "attribute = 'v', one_of = ['guest'], compare = ['alphanumeric']",
            &[r#""---""#, r#"" ""#, "\"\u{200b}\""],
        ),
        (
            "attribute = 'v', not_one_of = ['guest'], compare = ['alphanumeric']",
            &[r#""---""#, r#"" ""#, "\"\u{200b}\""],
        ),
        ("attribute = 'v', not_one_of = ['1'], compare = ['digits']", &[r#""one""#, "true"]),
        ("attribute = 'v', networks = ['192.0.2.0/24']", &[r#""192.0.2.300""#, "7"]),
        ("attribute = 'v', not_networks = ['192.0.2.0/24']", &[r#""192.0.2.07""#, "7"]),
        ("attribute = 'v', format = 'email'", &["7", "true"]),
        ("attribute = 'v', format = 'boolean'", &["7"]),
        ("attribute = 'v', range = { min = 2 }", &[r#""two""#, r#""1e999""#, r#"" 1""#, "true"]),
        ("attribute = 'v', range = { min = 2026-01-01 }", &[r#""2025-02-30""#, "7"]),
        ("attribute = 'v', age = { min = 18 }", &[r#""31.1.2020""#, r#""2999-01-01""#, "7"]),
        ("attribute = 'v', age = { max = 17 }", &[r#""31.1.2020""#, r#""2999-01-01""#, "7"]),
        ("attribute = 'v', equals = 'w'", &[]),
        ("attribute = 'w', equals = 'v'", &[]),
        ("attribute = 'v', equals = 'w', compare = ['alphanumeric']", &[r#""---""#]),
        ("attribute = 'w', equals = 'v', compare = ['alphanumeric']", &[r#""---""#]),
        ("attribute = 'w', equals = 'v.domain'", &[r#""a""#]),
    ] {
        let when = format!("when = [{{ {condition} }}]");
        // If the condition holds, the rule fails, and the lookup is asked and finds nothing.
        let of_rule =
            hook_with_lookup("", &rule("r", &format!("attribute = 'absent'\ndigits = 1\n{when}")));
        let of_lookup = hook_with_lookup(&when, &rule("r", "lookup = 'member'"));
        for value in malformed.iter().chain(&OTHER_TYPES) {
            // `1.5` is a number, so a range of numbers can read it.
            if condition.contains("range = { min = 2 }") && *value == "1.5" {
                continue;
            }
            // No member has the number 99.
            let form = format!(r#"{{"v":{value},"w":"guest","memberNumber":"99"}}"#);
            let row = format!("{condition}: {}", &value[..value.len().min(40)]);

            failures.check_eq(
                format!("{row} in a rule"),
                effects(&of_rule, &form, None)["rules"].as_str(),
                Some("fail"),
            );
            failures.check_eq(
                format!("{row} in a lookup"),
                effects(&of_lookup, &form, None)["lookups"].as_str(),
                Some("not_found"),
            );
        }
    }

    failures.assert_none();
}
