//! Names of attributes.

use crate::rule::node::{Fault, Node};

/// Names that no attribute has, in lower case: Okta keeps them for itself. Source: its "User profile
/// types". `password` is among them; a hook neither gets nor sets it.
const RESERVED: &str = "id profile status transitioningtostatus created activated statuschanged \
    lastlogin lastupdated passwordchanged type realm realmid password credentials _links _embedded \
    class classloader";

/// An attribute's name.
pub(super) fn name(node: &Node) -> Result<&str, Fault> {
    let name = node.text()?;
    if RESERVED.split(' ').any(|reserved| reserved.eq_ignore_ascii_case(name)) {
        let why = format!("Okta keeps the name `{name}` for itself; no attribute has it");
        return Err(node.fault(why));
    }
    Ok(name)
}
