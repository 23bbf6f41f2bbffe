//! A pattern with named groups: `{ from = "email", pattern = '(?<name>[^@]+)@.*', value = "{name}" }`.

use super::{read_from_key, value::read_value_of_groups};
use crate::{
    load::fields::Fields,
    rule::set::{GroupPattern, Matched, Recipe},
};

pub(super) fn read_matched(fields: &Fields<'_>, _attribute: &str) -> Option<Recipe> {
    let from = read_from_key(fields);
    let value = fields.required_node("value");
    let node = &fields.claim("pattern")?.value;
    let pattern = fields.ok_or_report(GroupPattern::read_pattern(node, fields.file.patterns))?;
    let value = fields.ok_or_report(read_value_of_groups(value?, &pattern.names()))?;
    Some(Recipe::Matched(Box::new(Matched { from: from?, pattern, value })))
}
