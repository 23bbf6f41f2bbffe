//! The names that an attribute of a form can have.

/// Names that Okta keeps for itself, in lower case. Source: Okta's "User profile types". `password`
/// is one of them: a hook neither gets nor sets it.
const RESERVED: &str = "id profile status transitioningtostatus created activated statuschanged \
    lastlogin lastupdated passwordchanged type realm realmid password credentials _links _embedded \
    class classloader";

/// Succeeds if an attribute may have this name. Returns the problem otherwise.
pub(super) fn require_attribute_name(name: &str) -> Result<(), String> {
    if RESERVED.split(' ').any(|reserved| reserved.eq_ignore_ascii_case(name)) {
        return Err(format!("Okta keeps the name `{name}` for itself; no attribute has it"));
    }
    if !name.chars().all(is_name_letter) {
        return Err(format!(
            "`{name}` is not a name of an attribute; write one as in `data.userProfile`, such as `email`"
        ));
    }
    Ok(())
}

fn is_name_letter(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '-'
}
