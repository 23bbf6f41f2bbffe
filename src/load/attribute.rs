//! Names of attributes.

use crate::rule::node::{Fault, Node};

/// Names that no attribute has, in lower case: Okta keeps them for itself. Source: its "User profile
/// types". `password` is among them; a hook neither gets nor sets it.
const RESERVED: [&str; 19] = [
    "id",
    "profile",
    "status",
    "transitioningtostatus",
    "created",
    "activated",
    "statuschanged",
    "lastlogin",
    "lastupdated",
    "passwordchanged",
    "type",
    "realm",
    "realmid",
    "password",
    "credentials",
    "_links",
    "_embedded",
    "class",
    "classloader",
];

/// An attribute's name.
pub(super) fn name(node: &Node) -> Result<&str, Fault> {
    let name = node.text()?;
    match RESERVED.contains(&name.to_ascii_lowercase().as_str()) {
        true => {
            Err(node.fault(format!("Okta keeps the name `{name}` for itself; no attribute has it")))
        }
        false => Ok(name),
    }
}
