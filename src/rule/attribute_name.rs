//! The names of attributes.

use super::node::Node;
use crate::problem::SpanProblem;

/// Names that Okta keeps for itself, in lower case. Source: Okta's "User profile types". `password`
/// is one of them: a hook neither gets nor sets it.
const RESERVED: &str = "id profile status transitioningtostatus created activated statuschanged \
    lastlogin lastupdated passwordchanged type realm realmid password credentials _links _embedded \
    class classloader";

/// The longest name of an attribute, in bytes. Bounds the length of messages, which repeat names.
const LONGEST_NAME: usize = 255;

/// Paths before the name of an attribute, as in Okta's expressions and in requests. A rules file names attributes
/// without them, so a message shows the name alone.
const PATHS: [&str; 9] = [
    "$.data.userProfile.",
    "data.userProfile.",
    "data.userProfileUpdate.",
    "userProfile.",
    "userProfileUpdate.",
    "user.profile.",
    "user.",
    "appuser.",
    "idpuser.",
];

/// Succeeds if an attribute may have this name. The node gives the place of a problem.
pub(crate) fn require_attribute_name(name: &str, node: &Node) -> Result<(), SpanProblem> {
    if RESERVED.split(' ').any(|reserved| reserved.eq_ignore_ascii_case(name)) {
        let message = format!("Okta keeps the name `{name}` for itself; no attribute has it");
        return Err(node.problem(message));
    }
    if name.len() > LONGEST_NAME {
        let count = name.len();
        return Err(node.problem(format!(
            "the name has {count} bytes; the name of an attribute has up to {LONGEST_NAME}"
        )));
    }
    if name.is_empty() || !name.chars().all(is_name_letter) {
        return Err(node.problem(not_an_attribute(name)));
    }
    Ok(())
}

/// The message that no attribute has this name.
pub(super) fn not_an_attribute(name: &str) -> String {
    let hint = match without_path(name) {
        Some(attribute) => format!("`{attribute}`"),
        None => "such as `email`".to_owned(),
    };
    format!("`{name}` is not a name of an attribute; write the name alone, {hint}")
}

/// The name of an attribute after one of the [`PATHS`]: `email` in `user.email`.
pub(super) fn without_path(name: &str) -> Option<&str> {
    let attribute = PATHS.iter().find_map(|path| name.strip_prefix(path))?;
    if attribute.is_empty() { None } else { Some(attribute) }
}

/// Whether the name of an attribute may have this letter.
pub(crate) fn is_name_letter(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '-'
}
