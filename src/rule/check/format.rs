//! `format = "email"` and its like: a shape with a name.

use super::{Check, Kind, Miss, Read, met, text};
use crate::{
    hook::{Form, Value},
    nearest::did_you_mean,
    rule::{
        email,
        node::{Node, Table},
    },
};

pub(super) const FORMAT: Kind = Kind { key: "format", read };

/// A format: its name, what it asks for, and the test.
#[derive(Clone, Copy, Debug)]
struct Format {
    name: &'static str,
    asks: &'static str,
    test: fn(&str) -> bool,
}

const FORMATS: &[Format] = &[Format {
    name: "email",
    asks: "an email address",
    test: |text| email::domain(text).is_some(),
}];

fn read(node: &Node, _: &Table) -> Read {
    let name = node.text().map_err(|fault| vec![fault])?;
    match FORMATS.iter().find(|format| format.name == name) {
        Some(format) => Ok(Box::new(*format)),
        None => {
            let known = FORMATS.iter().map(|format| format.name);
            Err(vec![node.fault(format!("unknown format `{name}`{}", did_you_mean(name, known)))])
        }
    }
}

impl Check for Format {
    fn judge(&self, value: &Value<'_>, _: &Form<'_>) -> Result<(), Miss> {
        met((self.test)(text(value)?))
    }

    fn asks(&self) -> String {
        self.asks.to_owned()
    }
}
