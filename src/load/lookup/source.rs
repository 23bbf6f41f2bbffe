//! The key `source` of a lookup.

use crate::{
    load::fields::Fields,
    nearest::{nearest, unknown},
    rule::lookup::SourceKind,
};

/// Reads the name of a source of this kind.
pub(super) fn read_source(fields: &Fields<'_>, kind: SourceKind) -> Option<String> {
    let node = fields.required_node("source")?;
    let name = fields.ok_or_report(node.text())?;
    let known = &fields.file.sources;
    match known.get(name) {
        Some(found) if *found == kind => Some(name.to_owned()),
        // The settings report the problem of the source.
        Some(SourceKind::Invalid) => Some(name.to_owned()),
        Some(found) => {
            let message = format!("the source `{name}` of the settings is {found}, not {kind}");
            fields.report(node.problem(message));
            None
        }
        None => {
            let names: Vec<&str> = known.keys().map(String::as_str).collect();
            let mut message = unknown("source", name, names.iter().copied());
            if nearest(name, &names).is_none() {
                message += "; add a section `[sources.…]` with its `url` to the settings";
            }
            fields.report(node.problem(message));
            None
        }
    }
}
