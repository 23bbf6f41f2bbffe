//! JSON objects of issuers and tokens.

use serde::Deserialize;

/// Reads a JSON object. Unlike serde's derived readers, it does not accept an array of the members'
/// values.
pub(super) fn read_object<'de, T: Deserialize<'de>>(json: &'de [u8]) -> Option<T> {
    if !json.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    serde_json::from_slice(json).ok()
}
