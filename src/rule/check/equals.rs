//! `equals = "other"`: the same value as another attribute of the form.

use super::{Check, Circumstances, Kind, Miss, Read, met};
use crate::{
    hook::Value,
    rule::node::{Content, Entry, Node, Table},
};

pub(super) const EQUALS: Kind = Kind { key: "equals", read };

#[derive(Debug)]
struct Equals {
    other: String,
}

fn read(node: &Node, part: &Table) -> Read {
    let other = node.text()?.to_owned();
    let named = |entry: &Entry| match &entry.value.content {
        Content::Text(name) => *name == other,
        Content::List(names) => names.iter().any(|name| name.text() == Ok(&other)),
        _ => false,
    };
    if ["attribute", "attributes"].into_iter().filter_map(|key| part.get(key)).any(named) {
        return Err(node.fault(format!("`{other}` always equals itself; name another")).into());
    }
    Ok(Box::new(Equals { other }))
}

impl Check for Equals {
    fn judge(&self, value: &Value<'_>, around: &Circumstances<'_>) -> Result<(), Miss> {
        let value = value.scalar().ok_or(Miss::Type)?;
        let other = around.form.get(&self.other).ok_or(Miss::Value)?;
        met(other.value.scalar() == Some(value))
    }

    fn other(&self) -> Option<&str> {
        Some(&self.other)
    }

    fn asks(&self) -> String {
        format!("the same as `{}`", self.other)
    }
}
