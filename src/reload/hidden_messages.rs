//! Messages of rules that Okta shows to no end user.

use crate::rule::{RuleSet, location::field_at};

/// Warns of each rule whose message Identity Engine does not show at its `location`.
pub(crate) fn warn_of_hidden_messages(rules: &RuleSet) {
    for (name, hook) in &rules.hooks {
        for section in hook.sections.values() {
            for rule in section.rules.iter() {
                if field_at(&rule.location).is_none() {
                    log::warn!(
                        "rules: `{name}`: Okta does not show the message of the rule `{}` at its `location`; \
                         `registration-hook check` says how to correct it",
                        rule.id
                    );
                }
            }
        }
    }
}
